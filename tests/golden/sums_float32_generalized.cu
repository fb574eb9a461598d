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
        const integer begin = (piece * lanes + lane) * 4, apart = pieces * lanes * 4, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        double value = 0;
        double v51_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = end - column < 4 ? end - column : 4;
            const auto pack_x = take<4>(at_x + row_x + column, left);
            const auto pack_t = take<4>(at_t + row_t + column, left);
            #pragma unroll
            for (int i = 0; i < 4; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const bool v0 = x >= real(0.0);
                const bool v1 = t == real(0.0);
                const real v2 = v0 ? real(1.0) : x;
                const real v3 = v1 ? v2 : x;
                const real v4 = log(v3);
                const real v5 = real(v1);
                const real v6 = t + v5;
                const real v7 = log(v6);
                const real v8 = v7 - v4;
                const real v9 = x * real(0.25);
                const bool v10 = v9 <= t;
                const real v11 = t * real(0.25);
                const bool v12 = v11 <= x;
                const bool v13 = v10 && v12;
                const bool v14 = t > real(0.0);
                const bool v15 = v13 && v14;
                const bool v16 = x > real(0.0);
                const bool v17 = v15 && v16;
                const real v18 = v17 ? t : real(1.0);
                const real v19 = v17 ? x : real(1.0);
                const real v20 = v19 - v18;
                const real v21 = v20 / v18;
                const real v22 = log1p(v21);
                const real v23 = -v22;
                const bool v24 = x == real(__uint_as_float(0x7f800000));
                const bool v25 = t < real(__uint_as_float(0x7f800000));
                const bool v26 = v24 && v25;
                const bool v27 = v26 && v14;
                const real v28 = v1 ? real(0.0) : t;
                const real v29 = v27 ? real(0.0) : v28;
                const real v30 = v27 ? real(0.0) : v8;
                const real v31 = v30 - real(1.0);
                const real v32 = v29 * v31;
                const real v33 = x + v32;
                const real v34 = v23 * v23;
                const real v35 = v18 * v34;
                const real v36 = v34 * real(28.0);
                const real v37 = v36 + real(2520.0);
                const real v38 = v34 + real(420.0);
                const real v39 = v38 * v34;
                const real v40 = v39 + real(15120.0);
                const real v41 = v23 + real(2.0);
                const real v42 = v41 * v40;
                const real v43 = v34 * v37;
                const real v44 = v42 + v43;
                const real v45 = v37 * v23;
                const real v46 = v40 + v45;
                const real v47 = v46 / v44;
                const real v48 = v35 * v47;
                const real v49 = v33 + real(0.0);
                const real v50 = v17 ? v48 : v49;
                if (i < left) v51_sum += v50;
            }
        }
        v51_sum = of_team(shared, v51_sum, lanes, true);
        value = v51_sum;
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
