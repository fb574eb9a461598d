__device__ double load(const double *place) { return *place; }
__device__ void store(double *place, double value) { *place = double(value); }
__device__ bool load(const bool *place) { return *place; }
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
    const double *__restrict__ at_x,
    const double *__restrict__ at_t,
    const bool *__restrict__ at_w,
    const double *__restrict__ at_u,
    double *__restrict__ at_by_input,
    double *__restrict__ at_by_target,
    const double given_factor,
    const integer rows,
    const integer groups,
    const integer columns,
    const integer pieces,
    const integer team_size,
    const integer row_x_0,
    const integer row_t_0,
    const integer row_w_0,
    const integer row_u_0,
    const integer row_by_input_0,
    const integer row_by_target_0,
    const integer step_x,
    const integer step_t,
    const integer step_w,
    const integer step_u,
    const integer step_by_input,
    const integer step_by_target)
{
    const int lanes = team_size, lane = threadIdx.x % lanes, team = threadIdx.x / lanes;
    const integer jobs = rows * pieces, teams = 256 / lanes;
    const real factor = real(given_factor);
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = (piece * lanes + lane) * 1, apart = pieces * lanes * 1, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        const integer row_w = row_at_0 * row_w_0;
        const integer row_u = row_at_0 * row_u_0;
        const integer row_by_input = row_at_0 * row_by_input_0;
        const integer row_by_target = row_at_0 * row_by_target_0;
        const real u = columns ? load(at_u + row_u) : real(0);
        const real v8 = u * factor;
        #pragma unroll 4
        for (integer column = begin; column < end; column += apart) {
            const real x = load(at_x + row_x + column * step_x);
            const real t = load(at_t + row_t + column * step_t);
            const bool w = load(at_w + row_w + column * step_w);
            const real v0 = w ? t : real(0.0);
            const bool v1 = v0 == real(0.0);
            const bool v2 = x == real(0.0);
            const real v3 = v2 ? real(0.0) : x;
            const real v4 = v1 ? real(1.0) : v3;
            const real v5 = v0 / v4;
            const real v6 = -v5;
            const real v7 = v1 ? real(0.0) : v6;
            const real v9 = v7 * v8;
            const real v10 = w ? v9 : real(0.0);
            const real v11 = w ? x : real(1.0);
            const real v12 = w ? t : real(1.0);
            const bool v13 = v11 >= real(0.0);
            const bool v14 = v12 == real(0.0);
            const real v15 = v13 ? real(1.0) : v11;
            const real v16 = v14 ? v15 : v11;
            const real v17 = log(v16);
            const real v18 = real(v14);
            const real v19 = v12 + v18;
            const real v20 = log(v19);
            const real v21 = v20 - v17;
            const real v22 = v21 + real(1.0);
            const real v23 = v14 ? real(0.0) : v22;
            const real v24 = v23 * v8;
            const real v25 = w ? v24 : real(0.0);
            store(at_by_input + row_by_input + column * step_by_input, v10);
            store(at_by_target + row_by_target + column * step_by_target, v25);
        }
    }
}
