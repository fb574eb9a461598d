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
    const integer row_size_1,
    const integer row_x_0,
    const integer row_x_1,
    const integer row_t_0,
    const integer row_t_1,
    const integer row_w_0,
    const integer row_w_1,
    const integer row_u_0,
    const integer row_u_1,
    const integer row_by_input_0,
    const integer row_by_input_1,
    const integer row_by_target_0,
    const integer row_by_target_1,
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
        const integer begin = (piece * lanes + lane) * 2, apart = pieces * lanes * 2, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_at_1 = row_at_0 % row_size_1;
        row_at_0 /= row_size_1;
        const integer row_x = row_at_0 * row_x_0 + row_at_1 * row_x_1;
        const integer row_t = row_at_0 * row_t_0 + row_at_1 * row_t_1;
        const integer row_w = row_at_0 * row_w_0 + row_at_1 * row_w_1;
        const integer row_u = row_at_0 * row_u_0 + row_at_1 * row_u_1;
        const integer row_by_input = row_at_0 * row_by_input_0 + row_at_1 * row_by_input_1;
        const integer row_by_target = row_at_0 * row_by_target_0 + row_at_1 * row_by_target_1;
        const real u = columns ? load(at_u + row_u) : real(0);
        const real v2 = u * factor;
        for (integer column = begin; column < end; column += apart) {
            const int left = end - column < 2 ? end - column : 2;
            const auto pack_x = take<2>(at_x + row_x + column, left);
            const auto pack_t = take<2>(at_t + row_t + column, left);
            const auto pack_w = take<2>(at_w + row_w + column, left);
            pack<double, 2> pack_by_input;
            pack<double, 2> pack_by_target;
            #pragma unroll
            for (int i = 0; i < 2; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const bool w = load(pack_w.at + i);
                const real v0 = w ? t : real(0.0);
                const real v1 = -v0;
                const real v3 = v1 * v2;
                const real v4 = w ? v3 : real(0.0);
                const real v5 = w ? x : real(0.0);
                const real v6 = w ? t : real(1.0);
                const bool v7 = v5 == v5;
                const bool v8 = v6 == real(0.0);
                const real v9 = v7 ? real(0.0) : v5;
                const real v10 = v8 ? v9 : v5;
                const real v11 = real(v8);
                const real v12 = v6 + v11;
                const real v13 = log(v12);
                const real v14 = v13 - v10;
                const real v15 = v14 + real(1.0);
                const real v16 = v8 ? real(0.0) : v15;
                const real v17 = v16 * v2;
                const real v18 = w ? v17 : real(0.0);
                store(pack_by_input.at + i, v4);
                store(pack_by_target.at + i, v18);
            }
            give(at_by_input + row_by_input + column, left, pack_by_input);
            give(at_by_target + row_by_target + column, left, pack_by_target);
        }
    }
}
