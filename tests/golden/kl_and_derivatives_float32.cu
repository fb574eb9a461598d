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
    float *__restrict__ at_by_input,
    float *__restrict__ at_by_target,
    float *__restrict__ at_total,
    const double given_divisor,
    const double given_factor,
    const double given_temperature,
    const double given_rest_of_temperature,
    const integer rows,
    const integer groups,
    const integer columns,
    const integer pieces,
    const integer team_size,
    const integer row_x_0,
    const integer row_t_0,
    const integer row_by_input_0,
    const integer row_by_target_0,
    const integer step_x,
    const integer step_t,
    const integer step_by_input,
    const integer step_by_target)
{
    __shared__ double shared[8];
    const int lanes = team_size, lane = threadIdx.x % lanes, team = threadIdx.x / lanes;
    const integer jobs = rows * pieces, teams = 256 / lanes;
    const real factor = real(given_factor);
    const real temperature = real(given_temperature);
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = (piece * lanes + lane) * 4, apart = pieces * lanes * 4, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        const integer row_by_input = row_at_0 * row_by_input_0;
        const integer row_by_target = row_at_0 * row_by_target_0;
        double value = 0;
        const real v5 = real(1.0) / temperature;
        real v0_max = -real(__uint_as_float(0x7f800000));
        double v12_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 4;
            const auto pack_x = take<4>(at_x + row_x + column, left);
            const auto pack_t = take<4>(at_t + row_t + column, left);
            real v12_few = 0;
            #pragma unroll
            for (int i = 0; i < 4; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                v0_max = larger(v0_max, x);
                v12_few += t;
            }
            v12_sum += v12_few;
        }
        v0_max = of_team(shared, v0_max, lanes, false);
        const real v0 = real(v0_max);
        v12_sum = of_team(shared, v12_sum, lanes, true);
        const real v12 = real(v12_sum);
        double v9_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 4;
            const auto pack_x = take<4>(at_x + row_x + column, left);
            real v9_few = 0;
            #pragma unroll
            for (int i = 0; i < 4; ++i) {
                const real x = load(pack_x.at + i);
                const real v1 = x - v0;
                const real v2 = fabs(v1);
                const bool v3 = v2 < real(__uint_as_float(0x7f800000));
                const real v4 = v3 ? v1 : real(0.0);
                const real v6 = v4 * v5;
                const real v7 = v3 ? v6 : v1;
                const real v8 = exp(v7);
                v9_few += v8;
            }
            v9_sum += v9_few;
        }
        v9_sum = of_team(shared, v9_sum, lanes, true);
        const real v9 = real(v9_sum);
        const real v10 = real(1.0) / v9;
        const real v21 = log(v9);
        double v35_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 4;
            const auto pack_x = take<4>(at_x + row_x + column, left);
            const auto pack_t = take<4>(at_t + row_t + column, left);
            pack<float, 4> pack_by_input;
            pack<float, 4> pack_by_target;
            real v35_few = 0;
            #pragma unroll
            for (int i = 0; i < 4; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v1 = x - v0;
                const real v2 = fabs(v1);
                const bool v3 = v2 < real(__uint_as_float(0x7f800000));
                const real v4 = v3 ? v1 : real(0.0);
                const real v6 = v4 * v5;
                const real v7 = v3 ? v6 : v1;
                const real v8 = exp(v7);
                const real v11 = v8 * v10;
                const real v13 = v11 * v12;
                const real v14 = v13 - t;
                const real v15 = fabs(v14);
                const bool v16 = v15 < real(__uint_as_float(0x7f800000));
                const real v17 = v16 ? v14 : real(0.0);
                const real v18 = v17 * v5;
                const real v19 = v16 ? v18 : v14;
                const real v20 = v19 * factor;
                const real v22 = v7 - v21;
                const bool v23 = v22 == v22;
                const bool v24 = t == real(0.0);
                const real v25 = v23 ? real(0.0) : v22;
                const real v26 = v24 ? v25 : v22;
                const real v27 = real(v24);
                const real v28 = t + v27;
                const real v29 = log(v28);
                const real v30 = v29 - v26;
                const real v31 = v30 + real(1.0);
                const real v32 = v24 ? real(0.0) : v31;
                const real v33 = v32 * factor;
                const real v34 = t * v30;
                v35_few += v34;
                store(pack_by_input.at + i, v20);
                store(pack_by_target.at + i, v33);
            }
            v35_sum += v35_few;
            give(at_by_input + row_by_input + column, left, pack_by_input);
            give(at_by_target + row_by_target + column, left, pack_by_target);
        }
        v35_sum = of_team(shared, v35_sum, lanes, true);
        value = v35_sum;
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
