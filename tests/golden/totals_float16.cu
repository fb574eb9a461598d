__device__ float rounded_to_odd(double value)
{
    const float wide = __double2float_rz(value);
    const bool exact = value != value || double(wide) == value;
    return exact ? wide : __uint_as_float(__float_as_uint(wide) | 1);
}
__device__ double load(const double *place) { return *place; }
__device__ void store(double *place, double value) { *place = double(value); }
struct float16 { unsigned short bits; };
__device__ float load(const float16 *place)
{
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(place->bits));
    return value;
}
__device__ void store(float16 *place, float value)
{
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(place->bits) : "f"(value));
}
__device__ void store(float16 *place, double value) { store(place, rounded_to_odd(value)); }
typedef long long integer;
typedef double real;

template <typename type, int width>
struct alignas(sizeof(type) * width > 16 ? 16 : sizeof(type) * width) pack { type at[width]; };

template <int width, typename type>
__device__ pack<type, width> take(const type *place, int left)
{
    pack<type, width> taken;
    if (left >= width) return *(const pack<type, width> *)place;
    #pragma unroll
    for (int i = 0; i < width; ++i) taken.at[i] = place[i < left ? i : 0];
    return taken;
}

template <int width, typename type>
__device__ void give(type *place, int left, const pack<type, width> &given)
{
    if (left >= width) *(pack<type, width> *)place = given;
    else {
        #pragma unroll
        for (int i = 0; i < width; ++i)
            if (i < left) place[i] = given.at[i];
    }
}
#if __CUDA_ARCH__ >= 800  // of float32 one instruction, where a comparison and a choice are four
__device__ float larger(float a, float b)
{
    float value;
    asm("max.NaN.f32 %0, %1, %2;" : "=f"(value) : "f"(a), "f"(b));
    return value;
}
__device__ float smaller(float a, float b)
{
    float value;
    asm("min.NaN.f32 %0, %1, %2;" : "=f"(value) : "f"(a), "f"(b));
    return value;
}
#else
__device__ float larger(float a, float b) { return a > b || a != a ? a : b; }
__device__ float smaller(float a, float b) { return a < b || a != a ? a : b; }
#endif
__device__ double larger(double a, double b) { return a > b || a != a ? a : b; }
__device__ double smaller(double a, double b) { return a < b || a != a ? a : b; }
__device__ double joined(double a, double b, bool as_sum)
{
    return as_sum ? a + b : larger(a, b);
}

// The sum or the maximum of what the threads of a team have, the same to the bit in each of them.
__device__ double of_team(double *shared, double value, int lanes, bool as_sum)
{
    for (int apart = 1; apart < 32 && apart < lanes; apart *= 2)
        value = joined(value, __shfl_xor_sync(0xffffffff, value, apart), as_sum);
    if (lanes <= 32) return value;
    __syncthreads();
    if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = value;
    __syncthreads();
    const int warps = lanes / 32, first = threadIdx.x / lanes * warps;
    value = shared[first];
    for (int i = 1; i < warps; ++i) value = joined(value, shared[first + i], as_sum);
    return value;
}

extern "C" __global__ void __launch_bounds__(256, 2) rows_of_arrays(
    const double *__restrict__ at_s,
    float16 *__restrict__ at_total,
    const double given_divisor,
    const integer rows,
    const integer groups,
    const integer columns,
    const integer pieces,
    const integer team_size,
    const integer row_s_0,
    const integer step_s)
{
    __shared__ double shared[8];
    const int lanes = team_size, lane = threadIdx.x % lanes, team = threadIdx.x / lanes;
    const integer jobs = rows * pieces, teams = 256 / lanes;
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = (piece * lanes + lane) * 2, apart = pieces * lanes * 2, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_s = row_at_0 * row_s_0;
        double value = 0;
        double v0_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = end - column < 2 ? end - column : 2;
            const auto pack_s = take<2>(at_s + row_s + column, left);
            #pragma unroll
            for (int i = 0; i < 2; ++i) {
                const real s = load(pack_s.at + i);
                if (i < left) v0_sum += s;
            }
        }
        v0_sum = of_team(shared, v0_sum, lanes, true);
        value = v0_sum;
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
