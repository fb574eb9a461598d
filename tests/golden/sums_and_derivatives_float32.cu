__device__ double load(const double *place) { return *place; }
__device__ void store(double *place, double value) { *place = double(value); }
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
    double *__restrict__ at_total,
    const double given_divisor,
    const double given_factor,
    const integer rows,
    const integer groups,
    const integer columns,
    const integer pieces,
    const integer team_size,
    const integer row_x_0,
    const integer row_t_0,
    const integer row_by_input_0,
    const integer row_by_target_0,
    const integer group_size_1,
    const integer group_x_0,
    const integer group_x_1,
    const integer group_t_0,
    const integer group_t_1,
    const integer group_by_input_0,
    const integer group_by_input_1,
    const integer group_by_target_0,
    const integer group_by_target_1,
    const integer step_x,
    const integer step_t,
    const integer step_by_input,
    const integer step_by_target)
{
    __shared__ double shared[8];
    const int lanes = team_size, lane = threadIdx.x % lanes, team = threadIdx.x / lanes;
    const integer jobs = rows * pieces, teams = 256 / lanes;
    const real factor = real(given_factor);
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = lane * 4, apart = lanes * 4, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        const integer row_by_input = row_at_0 * row_by_input_0;
        const integer row_by_target = row_at_0 * row_by_target_0;
        double value = 0;
        double v15_sum = 0;
        for (integer group = piece; group < groups; group += pieces) {
            integer group_at_0 = group;
            const integer group_at_1 = group_at_0 % group_size_1;
            group_at_0 /= group_size_1;
            const integer group_x = group_at_0 * group_x_0 + group_at_1 * group_x_1;
            const integer group_t = group_at_0 * group_t_0 + group_at_1 * group_t_1;
            const integer group_by_input = group_at_0 * group_by_input_0 + group_at_1 * group_by_input_1;
            const integer group_by_target = group_at_0 * group_by_target_0 + group_at_1 * group_by_target_1;
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + group_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + group_t + column, left);
                pack<float, 4> pack_by_input;
                pack<float, 4> pack_by_target;
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v0 = -t;
                    const real v1 = v0 * factor;
                    const bool v2 = x == x;
                    const bool v3 = t == real(0.0);
                    const real v4 = v2 ? real(0.0) : x;
                    const real v5 = v3 ? v4 : x;
                    const real v6 = real(v3);
                    const real v7 = t + v6;
                    const real v8 = log(v7);
                    const real v9 = v8 - v5;
                    const real v10 = v9 + real(1.0);
                    const real v11 = v3 ? real(0.0) : v10;
                    const real v12 = v11 * factor;
                    const real v13 = v3 ? real(0.0) : t;
                    const real v14 = v13 * v9;
                    if (i < left) v15_sum += v14;
                    store(pack_by_input.at + i, v1);
                    store(pack_by_target.at + i, v12);
                }
                give(at_by_input + row_by_input + group_by_input + column, left, pack_by_input);
                give(at_by_target + row_by_target + group_by_target + column, left, pack_by_target);
            }
        }
        v15_sum = of_team(shared, v15_sum, lanes, true);
        value = v15_sum;
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
