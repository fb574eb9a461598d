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

extern "C" __global__ void __launch_bounds__(1024) rows_of_arrays(
    const float *__restrict__ at_x,
    const float *__restrict__ at_t,
    const float *__restrict__ at_u,
    float *__restrict__ at_by_input,
    const double given_factor,
    const double given_temperature,
    const integer rows,
    const integer groups,
    const integer columns,
    const integer pieces,
    const integer team_size,
    const integer row_x_0,
    const integer row_t_0,
    const integer row_u_0,
    const integer row_by_input_0,
    const integer step_x,
    const integer step_t,
    const integer step_u,
    const integer step_by_input)
{
    __shared__ double shared[32];
    const int lanes = team_size, lane = threadIdx.x % lanes, team = threadIdx.x / lanes;
    const integer jobs = rows * pieces, teams = 1024 / lanes;
    const real factor = real(given_factor);
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = (piece * lanes + lane) * 4, apart = pieces * lanes * 4, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        const integer row_u = row_at_0 * row_u_0;
        const integer row_by_input = row_at_0 * row_by_input_0;
        const real u = columns ? load(at_u + row_u) : real(0);
        bool missing = false;
        {
            const real v0 = factor * u;
            real v1_max = -real(__uint_as_float(0x7f800000));
            real v2_max = -real(__uint_as_float(0x7f800000));
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    if (i < left) v1_max = larger(v1_max, t);
                    if (i < left) v2_max = larger(v2_max, x);
                }
            }
            v1_max = of_team(shared, v1_max, lanes, false);
            const real v1 = real(v1_max);
            v2_max = of_team(shared, v2_max, lanes, false);
            const real v2 = real(v2_max);
            double v7_sum = 0;
            double v8_sum = 0;
            double v12_sum = 0;
            double v16_sum = 0;
            double v20_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v3 = t - v1;
                    const real v4 = x - v2;
                    const real v5 = exp(v3);
                    const real v6 = exp(v4);
                    const real v11 = v5 * v5;
                    const real v15 = v5 * v6;
                    const real v19 = v6 * v6;
                    if (i < left) v7_sum += v5;
                    if (i < left) v8_sum += v6;
                    if (i < left) v12_sum += v11;
                    if (i < left) v16_sum += v15;
                    if (i < left) v20_sum += v19;
                }
            }
            v7_sum = of_team(shared, v7_sum, lanes, true);
            const real v7 = real(v7_sum);
            v8_sum = of_team(shared, v8_sum, lanes, true);
            const real v8 = real(v8_sum);
            v12_sum = of_team(shared, v12_sum, lanes, true);
            const real v12 = real(v12_sum);
            v16_sum = of_team(shared, v16_sum, lanes, true);
            const real v16 = real(v16_sum);
            v20_sum = of_team(shared, v20_sum, lanes, true);
            const real v20 = real(v20_sum);
            const real v9 = real(1.0) / v7;
            const real v10 = real(1.0) / v8;
            const real v13 = v9 * v9;
            const real v14 = v12 * v13;
            const real v17 = v9 * v10;
            const real v18 = v16 * v17;
            const real v21 = v10 * v10;
            const real v22 = v20 * v21;
            const real v23 = v18 * real(2.0);
            const real v24 = v22 - v23;
            const real v25 = v24 + v14;
            const real v26 = v14 * real(0.0625);
            const bool v27 = v25 >= v26;
            const real v28 = v27 ? v10 : real(__uint_as_float(0x7fc00000));
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                pack<float, 4> pack_by_input;
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v3 = t - v1;
                    const real v4 = x - v2;
                    const real v5 = exp(v3);
                    const real v6 = exp(v4);
                    const real v29 = v6 * v28;
                    const real v30 = v5 * v9;
                    const real v31 = v29 - v30;
                    const real v32 = v31 * v0;
                    store(pack_by_input.at + i, v32);
                    missing = missing || !(fabs(v32) < real(__uint_as_float(0x7f800000)));
                }
                give(at_by_input + row_by_input + column, left, pack_by_input);
            }
            missing = of_team(shared, missing, lanes, false) > 0;
        }
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v0 = factor * u;
            real v1_max = -real(__uint_as_float(0x7f800000));
            real v2_max = -real(__uint_as_float(0x7f800000));
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    if (i < left) v1_max = larger(v1_max, t);
                    if (i < left) v2_max = larger(v2_max, x);
                }
            }
            v1_max = of_team(shared, v1_max, lanes, false);
            const real v1 = real(v1_max);
            v2_max = of_team(shared, v2_max, lanes, false);
            const real v2 = real(v2_max);
            const real v7 = v1 - v2;
            const real v8 = fabs(v7);
            const bool v9 = v8 < real(1e+30);
            const real v10 = v9 ? real(0.0) : v1;
            const real v12 = v9 ? real(0.0) : v2;
            const real v33 = v7 - v1;
            const real v34 = v7 - v33;
            const real v35 = v1 - v34;
            const real v36 = v2 + v33;
            const real v37 = v35 - v36;
            const real v38 = v9 ? v7 : real(0.0);
            const real v39 = v9 ? v37 : real(0.0);
            double v47_sum = 0;
            double v48_sum = 0;
            double v50_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v3 = t - v1;
                    const real v4 = x - v2;
                    const real v5 = exp(v3);
                    const real v6 = exp(v4);
                    const real v11 = t - v10;
                    const real v13 = x - v12;
                    const real v14 = fabs(v11);
                    const bool v15 = v14 == real(__uint_as_float(0x7f800000));
                    const real v16 = fabs(v13);
                    const bool v17 = v16 == real(__uint_as_float(0x7f800000));
                    const bool v18 = v11 == v13;
                    const real v19 = v18 ? real(0.0) : v11;
                    const real v20 = -v13;
                    const real v21 = v15 ? real(0.0) : v11;
                    const real v22 = v17 ? real(0.0) : v13;
                    const real v23 = v21 - v22;
                    const real v24 = v23 - v21;
                    const real v25 = v23 - v24;
                    const real v26 = v21 - v25;
                    const real v27 = v22 + v24;
                    const real v28 = v26 - v27;
                    const real v29 = v17 ? v20 : v23;
                    const real v30 = v15 ? v19 : v29;
                    const bool v31 = v15 || v17;
                    const real v32 = v31 ? real(0.0) : v28;
                    const real v40 = v32 - v39;
                    const bool v41 = v40 == v40;
                    const real v42 = v41 ? v40 : real(0.0);
                    const real v43 = v30 - v38;
                    const real v44 = v43 + v42;
                    const bool v45 = v5 > real(0.0);
                    const real v46 = v45 ? v44 : real(0.0);
                    const real v49 = v5 * v46;
                    if (i < left) v47_sum += v5;
                    if (i < left) v48_sum += v6;
                    if (i < left) v50_sum += v49;
                }
            }
            v47_sum = of_team(shared, v47_sum, lanes, true);
            const real v47 = real(v47_sum);
            v48_sum = of_team(shared, v48_sum, lanes, true);
            const real v48 = real(v48_sum);
            v50_sum = of_team(shared, v50_sum, lanes, true);
            const real v50 = real(v50_sum);
            const real v51 = v50 / v47;
            const real v52 = v47 / v48;
            const real v53 = log(v52);
            const real v54 = v51 - v53;
            const bool v55 = v54 < real(0.5);
            const real v56 = v55 ? v51 : real(0.0);
            const real v78 = exp(v56);
            const real v79 = v55 ? v78 : v52;
            double v84_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v3 = t - v1;
                    const real v4 = x - v2;
                    const real v5 = exp(v3);
                    const real v6 = exp(v4);
                    const real v11 = t - v10;
                    const real v13 = x - v12;
                    const real v14 = fabs(v11);
                    const bool v15 = v14 == real(__uint_as_float(0x7f800000));
                    const real v16 = fabs(v13);
                    const bool v17 = v16 == real(__uint_as_float(0x7f800000));
                    const bool v18 = v11 == v13;
                    const real v19 = v18 ? real(0.0) : v11;
                    const real v20 = -v13;
                    const real v21 = v15 ? real(0.0) : v11;
                    const real v22 = v17 ? real(0.0) : v13;
                    const real v23 = v21 - v22;
                    const real v24 = v23 - v21;
                    const real v25 = v23 - v24;
                    const real v26 = v21 - v25;
                    const real v27 = v22 + v24;
                    const real v28 = v26 - v27;
                    const real v29 = v17 ? v20 : v23;
                    const real v30 = v15 ? v19 : v29;
                    const bool v31 = v15 || v17;
                    const real v32 = v31 ? real(0.0) : v28;
                    const real v40 = v32 - v39;
                    const bool v41 = v40 == v40;
                    const real v42 = v41 ? v40 : real(0.0);
                    const real v43 = v30 - v38;
                    const real v44 = v43 + v42;
                    const bool v45 = v5 > real(0.0);
                    const real v46 = v45 ? v44 : real(0.0);
                    const real v57 = v46 - v56;
                    const real v58 = fabs(v57);
                    const bool v59 = v58 <= real(1.5);
                    const bool v60 = v59 && v55;
                    const bool v61 = v60 && v45;
                    const real v62 = v61 ? v57 : real(0.0);
                    const real v63 = v62 * v62;
                    const real v64 = v63 * real(28.0);
                    const real v65 = v64 + real(2520.0);
                    const real v66 = v63 + real(420.0);
                    const real v67 = v66 * v63;
                    const real v68 = v67 + real(15120.0);
                    const real v69 = v62 + real(2.0);
                    const real v70 = v69 * v68;
                    const real v71 = v63 * v65;
                    const real v72 = v70 + v71;
                    const real v74 = v68 * real(-2.0);
                    const real v75 = v74 / v72;
                    const real v76 = v75 * v5;
                    const real v77 = v76 * v62;
                    const real v80 = v6 * v79;
                    const real v81 = v80 - v5;
                    const real v82 = v81 * real(1.0);
                    const real v83 = v61 ? v77 : v82;
                    if (i < left) v84_sum += v83;
                }
            }
            v84_sum = of_team(shared, v84_sum, lanes, true);
            const real v84 = real(v84_sum);
            const real v85 = v84 / v47;
            const real v86 = v55 ? v85 : real(0.0);
            const real v87 = v86 + real(1.0);
            const real v88 = v47 * v87;
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                pack<float, 4> pack_by_input;
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v3 = t - v1;
                    const real v4 = x - v2;
                    const real v5 = exp(v3);
                    const real v6 = exp(v4);
                    const real v11 = t - v10;
                    const real v13 = x - v12;
                    const real v14 = fabs(v11);
                    const bool v15 = v14 == real(__uint_as_float(0x7f800000));
                    const real v16 = fabs(v13);
                    const bool v17 = v16 == real(__uint_as_float(0x7f800000));
                    const bool v18 = v11 == v13;
                    const real v19 = v18 ? real(0.0) : v11;
                    const real v20 = -v13;
                    const real v21 = v15 ? real(0.0) : v11;
                    const real v22 = v17 ? real(0.0) : v13;
                    const real v23 = v21 - v22;
                    const real v24 = v23 - v21;
                    const real v25 = v23 - v24;
                    const real v26 = v21 - v25;
                    const real v27 = v22 + v24;
                    const real v28 = v26 - v27;
                    const real v29 = v17 ? v20 : v23;
                    const real v30 = v15 ? v19 : v29;
                    const bool v31 = v15 || v17;
                    const real v32 = v31 ? real(0.0) : v28;
                    const real v40 = v32 - v39;
                    const bool v41 = v40 == v40;
                    const real v42 = v41 ? v40 : real(0.0);
                    const real v43 = v30 - v38;
                    const real v44 = v43 + v42;
                    const bool v45 = v5 > real(0.0);
                    const real v46 = v45 ? v44 : real(0.0);
                    const real v57 = v46 - v56;
                    const real v58 = fabs(v57);
                    const bool v59 = v58 <= real(1.5);
                    const bool v60 = v59 && v55;
                    const bool v61 = v60 && v45;
                    const real v62 = v61 ? v57 : real(0.0);
                    const real v63 = v62 * v62;
                    const real v64 = v63 * real(28.0);
                    const real v65 = v64 + real(2520.0);
                    const real v66 = v63 + real(420.0);
                    const real v67 = v66 * v63;
                    const real v68 = v67 + real(15120.0);
                    const real v69 = v62 + real(2.0);
                    const real v70 = v69 * v68;
                    const real v71 = v63 * v65;
                    const real v72 = v70 + v71;
                    const real v74 = v68 * real(-2.0);
                    const real v75 = v74 / v72;
                    const real v76 = v75 * v5;
                    const real v77 = v76 * v62;
                    const real v80 = v6 * v79;
                    const real v81 = v80 - v5;
                    const real v82 = v81 * real(1.0);
                    const real v83 = v61 ? v77 : v82;
                    const real v89 = v5 * v86;
                    const real v90 = v83 - v89;
                    const real v91 = v90 / v88;
                    const real v92 = v91 * v0;
                    store(pack_by_input.at + i, v92);
                }
                give(at_by_input + row_by_input + column, left, pack_by_input);
            }
        }
    }
}
