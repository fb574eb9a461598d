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
    const real temperature = real(given_temperature);
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = (piece * lanes + lane) * 4, apart = pieces * lanes * 4, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        bool missing = false;
        double value;
        {
            real v0_max = -real(__uint_as_float(0x7f800000));
            real v1_max = -real(__uint_as_float(0x7f800000));
            for (integer column = begin; column < end; column += apart) {
                const int left = 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    v0_max = larger(v0_max, t);
                    v1_max = larger(v1_max, x);
                }
            }
            v0_max = of_team(shared, v0_max, lanes, false);
            const real v0 = real(v0_max);
            v1_max = of_team(shared, v1_max, lanes, false);
            const real v1 = real(v1_max);
            double v16_sum = 0;
            double v17_sum = 0;
            double v20_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = fabs(v2);
                    const bool v5 = v4 < real(__uint_as_float(0x7f800000));
                    const real v6 = v5 ? v2 : real(0.0);
                    const real v7 = v6 / temperature;
                    const real v8 = v5 ? v7 : v2;
                    const real v9 = exp(v8);
                    const real v10 = fabs(v3);
                    const bool v11 = v10 < real(__uint_as_float(0x7f800000));
                    const real v12 = v11 ? v3 : real(0.0);
                    const real v13 = v12 / temperature;
                    const real v14 = v11 ? v13 : v3;
                    const real v15 = exp(v14);
                    const real v18 = v2 - v3;
                    const real v19 = v18 * v9;
                    v16_sum += v9;
                    v17_sum += v15;
                    v20_sum += v19;
                }
            }
            v16_sum = of_team(shared, v16_sum, lanes, true);
            const real v16 = real(v16_sum);
            v17_sum = of_team(shared, v17_sum, lanes, true);
            const real v17 = real(v17_sum);
            v20_sum = of_team(shared, v20_sum, lanes, true);
            const real v20 = real(v20_sum);
            const real v21 = v20 / v16;
            const real v22 = v16 / v17;
            const real v23 = log(v22);
            const real v24 = fabs(v21);
            const bool v25 = v24 < real(__uint_as_float(0x7f800000));
            const real v26 = v25 ? v21 : real(0.0);
            const real v27 = v26 / temperature;
            const real v28 = v25 ? v27 : v21;
            const real v29 = v28 - v23;
            const bool v30 = v29 >= real(0.0625);
            const real v31 = v30 ? v29 : real(__uint_as_float(0x7fc00000));
            value = double(v31);
            missing = !idle && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        }
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            real v0_max = -real(__uint_as_float(0x7f800000));
            real v1_max = -real(__uint_as_float(0x7f800000));
            for (integer column = begin; column < end; column += apart) {
                const int left = 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    v0_max = larger(v0_max, t);
                    v1_max = larger(v1_max, x);
                }
            }
            v0_max = of_team(shared, v0_max, lanes, false);
            const real v0 = real(v0_max);
            v1_max = of_team(shared, v1_max, lanes, false);
            const real v1 = real(v1_max);
            const real v16 = v0 - v1;
            const real v17 = fabs(v16);
            const bool v18 = v17 < real(1e+30);
            const real v19 = v18 ? real(0.0) : v0;
            const real v21 = v18 ? real(0.0) : v1;
            const real v42 = v16 - v0;
            const real v43 = v16 - v42;
            const real v44 = v0 - v43;
            const real v45 = v1 + v42;
            const real v46 = v44 - v45;
            const real v47 = v18 ? v16 : real(0.0);
            const real v48 = v18 ? v46 : real(0.0);
            double v56_sum = 0;
            double v58_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v4 = fabs(v2);
                    const bool v5 = v4 < real(__uint_as_float(0x7f800000));
                    const real v6 = v5 ? v2 : real(0.0);
                    const real v7 = v6 / temperature;
                    const real v8 = v5 ? v7 : v2;
                    const real v9 = exp(v8);
                    const real v20 = t - v19;
                    const real v22 = x - v21;
                    const real v23 = fabs(v20);
                    const bool v24 = v23 == real(__uint_as_float(0x7f800000));
                    const real v25 = fabs(v22);
                    const bool v26 = v25 == real(__uint_as_float(0x7f800000));
                    const bool v27 = v20 == v22;
                    const real v28 = v27 ? real(0.0) : v20;
                    const real v29 = -v22;
                    const real v30 = v24 ? real(0.0) : v20;
                    const real v31 = v26 ? real(0.0) : v22;
                    const real v32 = v30 - v31;
                    const real v33 = v32 - v30;
                    const real v34 = v32 - v33;
                    const real v35 = v30 - v34;
                    const real v36 = v31 + v33;
                    const real v37 = v35 - v36;
                    const real v38 = v26 ? v29 : v32;
                    const real v39 = v24 ? v28 : v38;
                    const bool v40 = v24 || v26;
                    const real v41 = v40 ? real(0.0) : v37;
                    const real v49 = v41 - v48;
                    const bool v50 = v49 == v49;
                    const real v51 = v50 ? v49 : real(0.0);
                    const real v52 = v39 - v47;
                    const real v53 = v52 + v51;
                    const bool v54 = v9 > real(0.0);
                    const real v55 = v54 ? v53 : real(0.0);
                    const real v57 = v9 * v55;
                    v56_sum += v9;
                    v58_sum += v57;
                }
            }
            v56_sum = of_team(shared, v56_sum, lanes, true);
            const real v56 = real(v56_sum);
            v58_sum = of_team(shared, v58_sum, lanes, true);
            const real v58 = real(v58_sum);
            const real v59 = v58 / v56;
            const real v60 = fabs(v59);
            const bool v61 = v60 < real(__uint_as_float(0x7f800000));
            const real v62 = v61 ? v59 : real(0.0);
            const real v63 = v62 / temperature;
            const real v64 = v61 ? v63 : v59;
            const bool v65 = v64 > real(8.0);
            const real v66 = v65 ? real(0.0) : v59;
            const real v73 = v65 ? real(0.0) : v64;
            const real v74 = exp(v73);
            const bool v77 = !v65;
            double v102_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = fabs(v2);
                    const bool v5 = v4 < real(__uint_as_float(0x7f800000));
                    const real v6 = v5 ? v2 : real(0.0);
                    const real v7 = v6 / temperature;
                    const real v8 = v5 ? v7 : v2;
                    const real v9 = exp(v8);
                    const real v10 = fabs(v3);
                    const bool v11 = v10 < real(__uint_as_float(0x7f800000));
                    const real v12 = v11 ? v3 : real(0.0);
                    const real v13 = v12 / temperature;
                    const real v14 = v11 ? v13 : v3;
                    const real v15 = exp(v14);
                    const real v20 = t - v19;
                    const real v22 = x - v21;
                    const real v23 = fabs(v20);
                    const bool v24 = v23 == real(__uint_as_float(0x7f800000));
                    const real v25 = fabs(v22);
                    const bool v26 = v25 == real(__uint_as_float(0x7f800000));
                    const bool v27 = v20 == v22;
                    const real v28 = v27 ? real(0.0) : v20;
                    const real v29 = -v22;
                    const real v30 = v24 ? real(0.0) : v20;
                    const real v31 = v26 ? real(0.0) : v22;
                    const real v32 = v30 - v31;
                    const real v33 = v32 - v30;
                    const real v34 = v32 - v33;
                    const real v35 = v30 - v34;
                    const real v36 = v31 + v33;
                    const real v37 = v35 - v36;
                    const real v38 = v26 ? v29 : v32;
                    const real v39 = v24 ? v28 : v38;
                    const bool v40 = v24 || v26;
                    const real v41 = v40 ? real(0.0) : v37;
                    const real v49 = v41 - v48;
                    const bool v50 = v49 == v49;
                    const real v51 = v50 ? v49 : real(0.0);
                    const real v52 = v39 - v47;
                    const real v53 = v52 + v51;
                    const bool v54 = v9 > real(0.0);
                    const real v55 = v54 ? v53 : real(0.0);
                    const real v67 = v55 - v66;
                    const real v68 = fabs(v67);
                    const bool v69 = v68 < real(__uint_as_float(0x7f800000));
                    const real v70 = v69 ? v67 : real(0.0);
                    const real v71 = v70 / temperature;
                    const real v72 = v69 ? v71 : v67;
                    const real v75 = fabs(v72);
                    const bool v76 = v75 <= real(1.5);
                    const bool v78 = v76 && v77;
                    const bool v79 = v78 && v54;
                    const real v80 = v72 - real(1.0);
                    const real v81 = v9 * v80;
                    const real v82 = v65 ? real(0.0) : v81;
                    const real v83 = v15 * v74;
                    const real v84 = v82 + v83;
                    const real v85 = v79 ? v72 : real(0.0);
                    const real v86 = v85 * v85;
                    const real v87 = v86 * real(28.0);
                    const real v88 = v87 + real(2520.0);
                    const real v89 = v86 + real(420.0);
                    const real v90 = v89 * v86;
                    const real v91 = v90 + real(15120.0);
                    const real v92 = v85 + real(2.0);
                    const real v93 = v92 * v91;
                    const real v94 = v86 * v88;
                    const real v95 = v93 + v94;
                    const real v96 = v88 * v85;
                    const real v97 = v91 + v96;
                    const real v98 = v97 / v95;
                    const real v99 = v98 * v9;
                    const real v100 = v99 * v86;
                    const real v101 = v79 ? v100 : v84;
                    v102_sum += v101;
                }
            }
            v102_sum = of_team(shared, v102_sum, lanes, true);
            const real v102 = real(v102_sum);
            const real v103 = v102 * v74;
            const real v104 = v65 ? v103 : real(0.0);
            const real v105 = v65 ? real(0.0) : v102;
            const real v106 = v105 / v56;
            const real v107 = v104 / v56;
            const real v108 = v65 ? real(0.0) : v107;
            const real v109 = v106 + v108;
            const real v110 = log1p(v109);
            const real v111 = v65 ? v107 : real(1.0);
            const real v112 = log(v111);
            const real v113 = v112 * temperature;
            const bool v114 = v112 == real(0.0);
            const real v115 = v114 ? real(0.0) : v113;
            const real v116 = v59 + v115;
            const real v117 = fabs(v116);
            const bool v118 = v117 < real(__uint_as_float(0x7f800000));
            const real v119 = v118 ? v116 : real(0.0);
            const real v120 = v119 / temperature;
            const real v121 = v118 ? v120 : v116;
            const real v122 = v65 ? v121 : v110;
            if (missing) value = double(v122);
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_parts);
    }
}
