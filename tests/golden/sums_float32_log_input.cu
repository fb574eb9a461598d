__device__ float load(const float *place) { return *place; }
__device__ void store(float *place, double value) { *place = float(value); }
typedef long long integer;
typedef float real;

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

extern "C" __global__ void __launch_bounds__(256, 4) rows_of_arrays(
    const float *__restrict__ at_x,
    const float *__restrict__ at_t,
    float *__restrict__ at_total,
    const double given_divisor,
    const integer rows,
    const integer groups,
    const integer columns,
    const integer pieces,
    const integer team_size,
    const integer row_x_0,
    const integer row_t_0,
    const integer step_x,
    const integer step_t)
{
    __shared__ double shared[8];
    const int lanes = team_size, lane = threadIdx.x % lanes, team = threadIdx.x / lanes;
    const integer jobs = rows * pieces, teams = 256 / lanes;
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = (piece * lanes + lane) * 1, apart = pieces * lanes * 1, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        double value = 0;
        double v11_sum = 0;
        #pragma unroll 4
        for (integer column = begin; column < end; column += apart) {
            const real x = load(at_x + row_x + column * step_x);
            const real t = load(at_t + row_t + column * step_t);
            const bool v0 = x >= real(0.0);
            const bool v1 = t == real(0.0);
            const real v2 = v0 ? real(1.0) : x;
            const real v3 = v1 ? v2 : x;
            const real v4 = log(v3);
            const real v5 = real(v1);
            const real v6 = t + v5;
            const real v7 = log(v6);
            const real v8 = v7 - v4;
            const real v9 = v1 ? real(0.0) : t;
            const real v10 = v9 * v8;
            v11_sum += v10;
        }
        v11_sum = of_team(shared, v11_sum, lanes, true);
        value = v11_sum;
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
