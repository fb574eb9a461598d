__device__ float rounded_to_odd(double value)
{
    const float wide = __double2float_rz(value);
    const bool exact = value != value || double(wide) == value;
    return exact ? wide : __uint_as_float(__float_as_uint(wide) | 1);
}
__device__ float load(const float *place) { return *place; }
__device__ void store(float *place, double value) { *place = float(value); }
struct bfloat16 { unsigned short bits; };
__device__ float load(const bfloat16 *place)
{
    return __uint_as_float((unsigned int)place->bits << 16);
}
__device__ void store(bfloat16 *place, float value)
{
    const unsigned int bits = __float_as_uint(value);
    place->bits = value == value ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : 0x7fc0;
}
__device__ void store(bfloat16 *place, double value) { store(place, rounded_to_odd(value)); }
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
__device__ real larger(real a, real b) { return a > b || a != a ? a : b; }
__device__ real smaller(real a, real b) { return a < b || a != a ? a : b; }
__device__ double joined(double a, double b, bool as_sum)
{
    return as_sum ? a + b : a > b || a != a ? a : b;
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

extern "C" __global__ void __launch_bounds__(1024) rows_of_arrays(
    const bfloat16 *__restrict__ at_x,
    const bfloat16 *__restrict__ at_t,
    float *__restrict__ at_total,
    const double given_parts,
    const double given_temperature,
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
    __shared__ double shared[32];
    const int lanes = team_size, lane = threadIdx.x % lanes, team = threadIdx.x / lanes;
    const integer jobs = rows * pieces, teams = 1024 / lanes;
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = (piece * lanes + lane) * 8, apart = pieces * lanes * 8, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        real v0_max = -real(__uint_as_float(0x7f800000));
        real v6_max = -real(__uint_as_float(0x7f800000));
        for (integer column = begin; column < end; column += apart) {
            const int left = end - column < 8 ? end - column : 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                if (i < left) v0_max = larger(v0_max, x);
                if (i < left) v6_max = larger(v6_max, t);
            }
        }
        v0_max = of_team(shared, v0_max, lanes, false);
        const real v0 = real(v0_max);
        v6_max = of_team(shared, v6_max, lanes, false);
        const real v6 = real(v6_max);
        double v3_sum = 0;
        double v9_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = end - column < 8 ? end - column : 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v1 = x - v0;
                const real v2 = exp(v1);
                const real v7 = t - v6;
                const real v8 = exp(v7);
                if (i < left) v3_sum += v2;
                if (i < left) v9_sum += v8;
            }
        }
        v3_sum = of_team(shared, v3_sum, lanes, true);
        const real v3 = real(v3_sum);
        v9_sum = of_team(shared, v9_sum, lanes, true);
        const real v9 = real(v9_sum);
        const real v4 = log(v3);
        const real v10 = log(v9);
        double v33_sum = 0;
        double v36_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = end - column < 8 ? end - column : 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v1 = x - v0;
                const real v5 = v1 - v4;
                const real v7 = t - v6;
                const real v11 = v7 - v10;
                const real v12 = exp(v11);
                const real v13 = v12 * real(0.5);
                const real v14 = exp(v5);
                const real v15 = v14 * real(0.5);
                const real v16 = v13 + v15;
                const bool v17 = v16 == real(0.0);
                const real v18 = real(v17);
                const real v19 = v16 + v18;
                const real v20 = log(v19);
                const bool v21 = v12 == real(0.0);
                const bool v22 = v20 == v20;
                const bool v23 = v21 && v22;
                const real v24 = v23 ? real(0.0) : v20;
                const real v25 = v21 ? real(0.0) : v11;
                const real v26 = v25 - v24;
                const bool v27 = v14 == real(0.0);
                const bool v28 = v27 && v22;
                const real v29 = v28 ? real(0.0) : v20;
                const real v30 = v27 ? real(0.0) : v5;
                const real v31 = v30 - v29;
                const real v32 = v12 * v26;
                const real v35 = v14 * v31;
                if (i < left) v33_sum += v32;
                if (i < left) v36_sum += v35;
            }
        }
        v33_sum = of_team(shared, v33_sum, lanes, true);
        const real v33 = real(v33_sum);
        v36_sum = of_team(shared, v36_sum, lanes, true);
        const real v36 = real(v36_sum);
        const real v34 = v33 * real(0.5);
        const real v37 = v36 * real(0.5);
        const real v38 = v34 + v37;
        if (lane == 0 && !idle) store(at_total + job, double(v38) / given_parts);
    }
}
