// What a CUDA kernel needs of a compiler, for g++: threads of a block take turns between barriers.

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define __device__ static inline
#define __global__
#define __launch_bounds__(...)
#define __shared__ static

struct Place { unsigned int x; };
static Place threadIdx, blockIdx, gridDim, blockDim;

static float __uint_as_float(unsigned int bits)
{
    float value;
    memcpy(&value, &bits, 4);
    return value;
}
static unsigned int __float_as_uint(float value)
{
    unsigned int bits;
    memcpy(&bits, &value, 4);
    return bits;
}
static float __double2float_rz(double value)
{
    const float nearest = (float)value;
    return fabs((double)nearest) > fabs(value) ? nextafterf(nearest, 0.0f) : nearest;
}

// 0x77800000 is 2**112; half a unit of 0.5f is the smallest float16.
static float float_of_half(unsigned short half)
{
    const unsigned int bits = half;
    const float size = __uint_as_float((bits & 0x7fff) << 13) * __uint_as_float(0x77800000);
    const unsigned int special = (bits & 0x7c00) == 0x7c00 ? 0x7f800000 : 0;
    return __uint_as_float(__float_as_uint(size) | special | (bits & 0x8000) << 16);
}
static unsigned short half_of_float(float value)
{
    const unsigned int bits = __float_as_uint(value), size = bits & 0x7fffffff;
    unsigned int rounded = (size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13;
    if (size < 0x38800000) rounded = __float_as_uint(__uint_as_float(size) + 0.5f) - 0x3f000000;
    if (size >= 0x47800000) rounded = size > 0x7f800000 ? 0x7e00 : 0x7c00;
    return rounded | (bits >> 16 & 0x8000);
}

enum { LARGEST_BLOCK = 1024, STACK = 1 << 15 };
static ucontext_t home, contexts[LARGEST_BLOCK];
static bool finished[LARGEST_BLOCK];
static char *stacks;
static void (*body)();

static void __syncthreads() { swapcontext(&contexts[threadIdx.x], &home); }

// All threads of a block exchange at once, where those of a GPU wait for their warp alone.
static double exchanged[LARGEST_BLOCK];
static double __shfl_xor_sync(unsigned int, double value, int mask)
{
    exchanged[threadIdx.x] = value;
    __syncthreads();
    const double other = exchanged[threadIdx.x ^ mask];
    __syncthreads();
    return other;
}

static int __syncthreads_or(int predicate)
{
    exchanged[threadIdx.x] = predicate;
    __syncthreads();
    int any = 0;
    for (unsigned int thread = 0; thread < blockDim.x; ++thread) any |= exchanged[thread] != 0;
    __syncthreads();
    return any;
}

static void enter()
{
    body();
    finished[threadIdx.x] = true;
}

// Each thread runs to its next barrier before any runs on; 1 if one ends while another waits.
static int run_block(unsigned int threads, const unsigned int *order)
{
    for (unsigned int thread = 0; thread < threads; ++thread) {
        finished[thread] = false;
        getcontext(&contexts[thread]);
        contexts[thread].uc_stack.ss_sp = stacks + (size_t)thread * STACK;
        contexts[thread].uc_stack.ss_size = STACK;
        contexts[thread].uc_link = &home;
        makecontext(&contexts[thread], enter, 0);
    }
    for (;;) {
        unsigned int done = 0;
        for (unsigned int turn = 0; turn < threads; ++turn) {
            threadIdx.x = order[turn];
            swapcontext(&home, &contexts[threadIdx.x]);
            done += finished[threadIdx.x];
        }
        if (done == threads) return 0;
        if (done) return 1;
    }
}

static int run_grid(unsigned int first, unsigned int blocks, unsigned int threads,
                    const unsigned int *order, void (*kernel)())
{
    stacks = (char *)malloc((size_t)threads * STACK);
    body = kernel;
    gridDim.x = blocks;
    blockDim.x = threads;
    int failed = 0;
    for (blockIdx.x = first; blockIdx.x < blocks && !failed; ++blockIdx.x)
        failed = run_block(threads, order);
    free(stacks);
    return failed;
}
