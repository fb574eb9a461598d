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
        bool missing = false;
        double value;
        {
            real v0_max = -real(__uint_as_float(0x7f800000));
            real v1_max = -real(__uint_as_float(0x7f800000));
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
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
            const real v11 = v0 - v1;
            const real v12 = fabs(v11);
            const bool v13 = v12 < real(1e+30);
            const real v20 = v11 - v0;
            const real v21 = v11 - v20;
            const real v22 = v0 - v21;
            const real v23 = v1 + v20;
            const real v24 = v22 - v23;
            const real v25 = v13 ? v11 : real(__uint_as_float(0x7fc00000));
            const real v26 = v13 ? v24 : real(__uint_as_float(0x7fc00000));
            double v6_sum = 0;
            double v7_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = exp(v2);
                    const real v5 = exp(v3);
                    v6_sum += v4;
                    v7_sum += v5;
                }
            }
            v6_sum = of_team(shared, v6_sum, lanes, true);
            const real v6 = real(v6_sum);
            v7_sum = of_team(shared, v7_sum, lanes, true);
            const real v7 = real(v7_sum);
            const real v8 = log(v6);
            const real v9 = log(v7);
            const real v10 = v8 - v9;
            double v43_sum = 0;
            double v46_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = exp(v2);
                    const real v5 = exp(v3);
                    const real v14 = t - x;
                    const real v15 = v14 - t;
                    const real v16 = v14 - v15;
                    const real v17 = t - v16;
                    const real v18 = x + v15;
                    const real v19 = v17 - v18;
                    const real v27 = v19 - v26;
                    const real v28 = v14 - v25;
                    const real v29 = v28 + v27;
                    const real v30 = v29 - v10;
                    const bool v31 = v30 >= real(0.0);
                    const real v32 = fabs(v30);
                    const real v33 = -v32;
                    const real v34 = expm1(v33);
                    const real v35 = v34 * real(0.5);
                    const real v36 = v31 ? v35 : v35;
                    const real v37 = log1p(v36);
                    const real v38 = -v37;
                    const real v39 = v38 - v32;
                    const real v40 = v31 ? v38 : v39;
                    const real v41 = v31 ? v39 : v38;
                    const real v42 = v4 * v40;
                    const real v45 = v5 * v41;
                    v43_sum += v42;
                    v46_sum += v45;
                }
            }
            v43_sum = of_team(shared, v43_sum, lanes, true);
            const real v43 = real(v43_sum);
            v46_sum = of_team(shared, v46_sum, lanes, true);
            const real v46 = real(v46_sum);
            const real v44 = v43 / v6;
            const real v47 = v46 / v7;
            const real v48 = v44 * real(0.5);
            const real v49 = v47 * real(0.5);
            const real v50 = v48 + v49;
            const real v51 = smaller(v50, real(0.6931471805599453));
            const bool v52 = v51 >= real(0.01);
            const real v53 = v52 ? v51 : real(__uint_as_float(0x7fc00000));
            value = double(v53);
            missing = !idle && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        }
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            real v0_max = -real(__uint_as_float(0x7f800000));
            real v1_max = -real(__uint_as_float(0x7f800000));
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
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
            const real v6 = v0 - v1;
            const real v7 = fabs(v6);
            const bool v8 = v7 < real(1e+30);
            const real v9 = v8 ? real(0.0) : v0;
            const real v11 = v8 ? real(0.0) : v1;
            const real v32 = v6 - v0;
            const real v33 = v6 - v32;
            const real v34 = v0 - v33;
            const real v35 = v1 + v32;
            const real v36 = v34 - v35;
            const real v37 = v8 ? v6 : real(0.0);
            const real v38 = v8 ? v36 : real(0.0);
            double v44_sum = 0;
            double v45_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = exp(v2);
                    const real v5 = exp(v3);
                    v44_sum += v4;
                    v45_sum += v5;
                }
            }
            v44_sum = of_team(shared, v44_sum, lanes, true);
            const real v44 = real(v44_sum);
            v45_sum = of_team(shared, v45_sum, lanes, true);
            const real v45 = real(v45_sum);
            const real v69 = log(v45);
            const real v70 = log(v44);
            const real v71 = v69 - v70;
            double v62_sum = 0;
            double v65_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = exp(v2);
                    const real v5 = exp(v3);
                    const real v10 = t - v9;
                    const real v12 = x - v11;
                    const real v13 = fabs(v10);
                    const bool v14 = v13 == real(__uint_as_float(0x7f800000));
                    const real v15 = fabs(v12);
                    const bool v16 = v15 == real(__uint_as_float(0x7f800000));
                    const bool v17 = v10 == v12;
                    const real v18 = v17 ? real(0.0) : v10;
                    const real v19 = -v12;
                    const real v20 = v14 ? real(0.0) : v10;
                    const real v21 = v16 ? real(0.0) : v12;
                    const real v22 = v20 - v21;
                    const real v23 = v22 - v20;
                    const real v24 = v22 - v23;
                    const real v25 = v20 - v24;
                    const real v26 = v21 + v23;
                    const real v27 = v25 - v26;
                    const real v28 = v16 ? v19 : v22;
                    const real v29 = v14 ? v18 : v28;
                    const bool v30 = v14 || v16;
                    const real v31 = v30 ? real(0.0) : v27;
                    const real v39 = v31 - v38;
                    const bool v40 = v39 == v39;
                    const real v41 = v40 ? v39 : real(0.0);
                    const real v42 = v29 - v37;
                    const real v43 = v42 + v41;
                    const real v46 = v4 / v44;
                    const real v47 = v5 / v45;
                    const real v48 = larger(v46, v47);
                    const real v49 = smaller(v46, v47);
                    const real v50 = v48 + v49;
                    const real v51 = v48 - v49;
                    const bool v52 = v46 > v47;
                    const real v53 = -v51;
                    const real v54 = v52 ? v51 : v53;
                    const bool v55 = v50 > real(0.0);
                    const real v56 = v55 ? v43 : real(0.0);
                    const bool v57 = v56 > real(10000.0);
                    const real v58 = v57 ? real(10000.0) : v56;
                    const bool v59 = v58 < real(-10000.0);
                    const real v60 = v59 ? real(-10000.0) : v58;
                    const real v61 = v50 * v60;
                    const real v64 = v54 * v60;
                    v62_sum += v61;
                    v65_sum += v64;
                }
            }
            v62_sum = of_team(shared, v62_sum, lanes, true);
            const real v62 = real(v62_sum);
            v65_sum = of_team(shared, v65_sum, lanes, true);
            const real v65 = real(v65_sum);
            const real v63 = v62 * real(0.5);
            const bool v66 = v65 < real(1.1920928955078125e-07);
            const real v67 = v66 ? v63 : real(0.0);
            const real v72 = v66 ? real(0.0) : v71;
            double v80_sum = 0;
            double v83_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = exp(v2);
                    const real v5 = exp(v3);
                    const real v10 = t - v9;
                    const real v12 = x - v11;
                    const real v13 = fabs(v10);
                    const bool v14 = v13 == real(__uint_as_float(0x7f800000));
                    const real v15 = fabs(v12);
                    const bool v16 = v15 == real(__uint_as_float(0x7f800000));
                    const bool v17 = v10 == v12;
                    const real v18 = v17 ? real(0.0) : v10;
                    const real v19 = -v12;
                    const real v20 = v14 ? real(0.0) : v10;
                    const real v21 = v16 ? real(0.0) : v12;
                    const real v22 = v20 - v21;
                    const real v23 = v22 - v20;
                    const real v24 = v22 - v23;
                    const real v25 = v20 - v24;
                    const real v26 = v21 + v23;
                    const real v27 = v25 - v26;
                    const real v28 = v16 ? v19 : v22;
                    const real v29 = v14 ? v18 : v28;
                    const bool v30 = v14 || v16;
                    const real v31 = v30 ? real(0.0) : v27;
                    const real v39 = v31 - v38;
                    const bool v40 = v39 == v39;
                    const real v41 = v40 ? v39 : real(0.0);
                    const real v42 = v29 - v37;
                    const real v43 = v42 + v41;
                    const real v46 = v4 / v44;
                    const real v47 = v5 / v45;
                    const real v48 = larger(v46, v47);
                    const real v49 = smaller(v46, v47);
                    const real v50 = v48 + v49;
                    const bool v55 = v50 > real(0.0);
                    const real v56 = v55 ? v43 : real(0.0);
                    const bool v57 = v56 > real(10000.0);
                    const real v58 = v57 ? real(10000.0) : v56;
                    const bool v59 = v58 < real(-10000.0);
                    const real v60 = v59 ? real(-10000.0) : v58;
                    const real v68 = v60 - v67;
                    const real v73 = v68 + v72;
                    const real v74 = v73 * real(0.5);
                    const real v75 = tanh(v74);
                    const real v76 = v75 * v75;
                    const real v77 = -v76;
                    const real v78 = v77 + real(1.0);
                    const real v79 = v50 * v78;
                    const real v82 = v50 * v75;
                    v80_sum += v79;
                    v83_sum += v82;
                }
            }
            v80_sum = of_team(shared, v80_sum, lanes, true);
            const real v80 = real(v80_sum);
            v83_sum = of_team(shared, v83_sum, lanes, true);
            const real v83 = real(v83_sum);
            const bool v81 = v80 > real(1.0);
            const real v84 = v81 ? v80 : real(1.0);
            const real v85 = v83 / v84;
            const real v86 = v85 * real(-2.0);
            const real v87 = v81 ? v86 : real(0.0);
            const real v88 = v66 ? real(0.0) : v87;
            const real v92 = v88 * real(0.5);
            double v124_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = exp(v2);
                    const real v5 = exp(v3);
                    const real v10 = t - v9;
                    const real v12 = x - v11;
                    const real v13 = fabs(v10);
                    const bool v14 = v13 == real(__uint_as_float(0x7f800000));
                    const real v15 = fabs(v12);
                    const bool v16 = v15 == real(__uint_as_float(0x7f800000));
                    const bool v17 = v10 == v12;
                    const real v18 = v17 ? real(0.0) : v10;
                    const real v19 = -v12;
                    const real v20 = v14 ? real(0.0) : v10;
                    const real v21 = v16 ? real(0.0) : v12;
                    const real v22 = v20 - v21;
                    const real v23 = v22 - v20;
                    const real v24 = v22 - v23;
                    const real v25 = v20 - v24;
                    const real v26 = v21 + v23;
                    const real v27 = v25 - v26;
                    const real v28 = v16 ? v19 : v22;
                    const real v29 = v14 ? v18 : v28;
                    const bool v30 = v14 || v16;
                    const real v31 = v30 ? real(0.0) : v27;
                    const real v39 = v31 - v38;
                    const bool v40 = v39 == v39;
                    const real v41 = v40 ? v39 : real(0.0);
                    const real v42 = v29 - v37;
                    const real v43 = v42 + v41;
                    const real v46 = v4 / v44;
                    const real v47 = v5 / v45;
                    const real v48 = larger(v46, v47);
                    const real v49 = smaller(v46, v47);
                    const real v50 = v48 + v49;
                    const bool v55 = v50 > real(0.0);
                    const real v56 = v55 ? v43 : real(0.0);
                    const bool v57 = v56 > real(10000.0);
                    const real v58 = v57 ? real(10000.0) : v56;
                    const bool v59 = v58 < real(-10000.0);
                    const real v60 = v59 ? real(-10000.0) : v58;
                    const real v68 = v60 - v67;
                    const real v73 = v68 + v72;
                    const real v74 = v73 * real(0.5);
                    const real v75 = tanh(v74);
                    const real v76 = v75 * v75;
                    const real v77 = -v76;
                    const real v78 = v77 + real(1.0);
                    const real v93 = v78 * v92;
                    const real v94 = v75 + v93;
                    const real v95 = v73 + v88;
                    const real v96 = fabs(v95);
                    const bool v97 = v96 <= real(2.0);
                    const real v98 = v94 * v94;
                    const bool v99 = v48 < real(8.673617379884035e-19);
                    const real v100 = v49 * real(1.8446744073709552e+19);
                    const real v101 = v99 ? v100 : v49;
                    const real v102 = v48 * real(1.8446744073709552e+19);
                    const real v103 = v99 ? v102 : v48;
                    const bool v104 = v103 >= real(2.168404344971009e-19);
                    const real v105 = v104 ? v103 : real(1.0);
                    const real v106 = v101 / v105;
                    const real v107 = -v98;
                    const real v108 = v97 ? v107 : v106;
                    const real v109 = log1p(v108);
                    const bool v110 = v49 > real(0.0);
                    const real v111 = v110 ? v96 : real(0.0);
                    const real v112 = v49 * v111;
                    const real v113 = -v109;
                    const real v114 = v113 + real(0.6931471805599453);
                    const real v115 = v50 * v114;
                    const real v116 = v115 - v112;
                    const real v117 = v116 * real(0.5);
                    const real v118 = v97 ? v95 : real(0.0);
                    const real v119 = v94 * v118;
                    const real v120 = v119 + v109;
                    const real v121 = v50 * v120;
                    const real v122 = v121 * real(0.25);
                    const real v123 = v97 ? v122 : v117;
                    v124_sum += v123;
                }
            }
            v124_sum = of_team(shared, v124_sum, lanes, true);
            const real v124 = real(v124_sum);
            const bool v125 = v124 > real(0.6931471805599453);
            const real v126 = v125 ? real(0.6931471805599453) : v124;
            if (missing) value = double(v126);
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_parts);
    }
}
