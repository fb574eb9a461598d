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
    const float *__restrict__ at_u,
    float *__restrict__ at_by_input,
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
    const integer row_u_0,
    const integer row_by_input_0,
    const integer step_x,
    const integer step_t,
    const integer step_u,
    const integer step_by_input)
{
    __shared__ double shared[8];
    const int lanes = team_size, lane = threadIdx.x % lanes, team = threadIdx.x / lanes;
    const integer jobs = rows * pieces, teams = 256 / lanes;
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
        bool missing = !idle;
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
            real v7_few = 0;
            real v8_few = 0;
            real v12_few = 0;
            real v16_few = 0;
            real v20_few = 0;
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
                if (i < left) v7_few += v5;
                if (i < left) v8_few += v6;
                if (i < left) v12_few += v11;
                if (i < left) v16_few += v15;
                if (i < left) v20_few += v19;
            }
            v7_sum += v7_few;
            v8_sum += v8_few;
            v12_sum += v12_few;
            v16_sum += v16_few;
            v20_sum += v20_few;
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
        const real v26 = v14 * real(0.125);
        const bool v27 = v25 >= v26;
        const real v28 = v27 ? v10 : real(__uint_as_float(0x7fc00000));
        missing = false;
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
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v36 = v1 - v2;
            const real v37 = fabs(v36);
            const bool v38 = v37 < real(1e+30);
            const real v45 = v36 - v1;
            const real v46 = v36 - v45;
            const real v47 = v1 - v46;
            const real v48 = v2 + v45;
            const real v49 = v47 - v48;
            const real v50 = v38 ? v36 : real(__uint_as_float(0x7fc00000));
            const real v51 = v38 ? v49 : real(__uint_as_float(0x7fc00000));
            const real v33 = log(v7);
            const real v34 = log(v8);
            const real v35 = v33 - v34;
            const real v59 = v7 / v8;
            const real v76 = v12 * real(5e-12);
            double v64_sum = 0;
            double v67_sum = 0;
            double v69_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                real v64_few = 0;
                real v67_few = 0;
                real v69_few = 0;
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v3 = t - v1;
                    const real v4 = x - v2;
                    const real v5 = exp(v3);
                    const real v6 = exp(v4);
                    const real v39 = t - x;
                    const real v40 = v39 - t;
                    const real v41 = v39 - v40;
                    const real v42 = t - v41;
                    const real v43 = x + v40;
                    const real v44 = v42 - v43;
                    const real v52 = v44 - v51;
                    const real v53 = v39 - v50;
                    const real v54 = v53 + v52;
                    const real v55 = v54 - v35;
                    const real v56 = -v55;
                    const real v57 = expm1(v56);
                    const real v58 = v57 * v5;
                    const real v60 = v6 * v59;
                    const real v61 = v60 - v5;
                    const bool v62 = v55 < real(-2.0);
                    const real v63 = v62 ? v61 : v58;
                    const real v66 = v5 * v63;
                    const real v68 = v63 * v63;
                    if (i < left) v64_few += v63;
                    if (i < left) v67_few += v66;
                    if (i < left) v69_few += v68;
                }
                v64_sum += v64_few;
                v67_sum += v67_few;
                v69_sum += v69_few;
            }
            v64_sum = of_team(shared, v64_sum, lanes, true);
            const real v64 = real(v64_sum);
            v67_sum = of_team(shared, v67_sum, lanes, true);
            const real v67 = real(v67_sum);
            v69_sum = of_team(shared, v69_sum, lanes, true);
            const real v69 = real(v69_sum);
            const real v65 = v64 / v7;
            const real v70 = v12 * v65;
            const real v71 = v67 * real(2.0);
            const real v72 = v70 - v71;
            const real v73 = v72 * v65;
            const real v74 = v69 + v73;
            const real v75 = v69 * real(0.08);
            const real v77 = v75 + v76;
            const bool v78 = v74 >= v77;
            const real v79 = v78 ? v65 : real(__uint_as_float(0x7fc00000));
            const real v80 = v79 + real(1.0);
            const real v81 = v7 * v80;
            const real v84 = real(1.0) / v81;
            missing = false;
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
                    const real v39 = t - x;
                    const real v40 = v39 - t;
                    const real v41 = v39 - v40;
                    const real v42 = t - v41;
                    const real v43 = x + v40;
                    const real v44 = v42 - v43;
                    const real v52 = v44 - v51;
                    const real v53 = v39 - v50;
                    const real v54 = v53 + v52;
                    const real v55 = v54 - v35;
                    const real v56 = -v55;
                    const real v57 = expm1(v56);
                    const real v58 = v57 * v5;
                    const real v60 = v6 * v59;
                    const real v61 = v60 - v5;
                    const bool v62 = v55 < real(-2.0);
                    const real v63 = v62 ? v61 : v58;
                    const real v82 = v5 * v79;
                    const real v83 = v63 - v82;
                    const real v85 = v83 * v84;
                    const real v86 = v85 * v0;
                    store(pack_by_input.at + i, v86);
                    missing = missing || !(fabs(v86) < real(__uint_as_float(0x7f800000)));
                }
                give(at_by_input + row_by_input + column, left, pack_by_input);
            }
            missing = of_team(shared, missing, lanes, false) > 0;
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const real v87 = v1 + real(1572864.0);
                const real v88 = v87 - real(1572864.0);
                const bool v89 = v88 > real(0.0);
                const real v90 = v89 ? v88 : real(0.0);
                const bool v91 = v90 < real(64.0);
                const real v92 = v91 ? v90 : real(64.0);
                const real v93 = fabs(v1);
                const bool v94 = v93 < real(4096.0);
                const real v95 = v88 - v92;
                const real v96 = v94 ? v95 : v1;
                const real v99 = v96 - v1;
                const real v100 = exp(v99);
                const bool v101 = v100 == v100;
                const real v102 = v101 ? v100 : real(__uint_as_float(0x7fc00000));
                const real v104 = v2 + real(1572864.0);
                const real v105 = v104 - real(1572864.0);
                const bool v106 = v105 > real(0.0);
                const real v107 = v106 ? v105 : real(0.0);
                const bool v108 = v107 < real(64.0);
                const real v109 = v108 ? v107 : real(64.0);
                const real v110 = fabs(v2);
                const bool v111 = v110 < real(4096.0);
                const real v112 = v105 - v109;
                const real v113 = v111 ? v112 : v2;
                const real v116 = v113 - v2;
                const real v117 = exp(v116);
                const bool v118 = v117 == v117;
                const real v119 = v118 ? v117 : real(__uint_as_float(0x7fc00000));
                const real v121 = v38 ? real(0.0) : v1;
                const real v123 = v38 ? real(0.0) : v2;
                const real v144 = v38 ? v36 : real(0.0);
                const real v145 = v38 ? v49 : real(0.0);
                double v153_sum = 0;
                double v161_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v97 = t - v96;
                    const real v98 = exp(v97);
                    const real v103 = v98 * v102;
                    const real v122 = t - v121;
                    const real v124 = x - v123;
                    const real v125 = fabs(v122);
                    const bool v126 = v125 == real(__uint_as_float(0x7f800000));
                    const real v127 = fabs(v124);
                    const bool v128 = v127 == real(__uint_as_float(0x7f800000));
                    const bool v129 = v122 == v124;
                    const real v130 = v129 ? real(0.0) : v122;
                    const real v131 = -v124;
                    const real v132 = v126 ? real(0.0) : v122;
                    const real v133 = v128 ? real(0.0) : v124;
                    const real v134 = v132 - v133;
                    const real v135 = v134 - v132;
                    const real v136 = v134 - v135;
                    const real v137 = v132 - v136;
                    const real v138 = v133 + v135;
                    const real v139 = v137 - v138;
                    const real v140 = v128 ? v131 : v134;
                    const real v141 = v126 ? v130 : v140;
                    const bool v142 = v126 || v128;
                    const real v143 = v142 ? real(0.0) : v139;
                    const real v146 = v143 - v145;
                    const bool v147 = v146 == v146;
                    const real v148 = v147 ? v146 : real(0.0);
                    const real v149 = v141 - v144;
                    const real v150 = v149 + v148;
                    const bool v151 = v103 > real(0.0);
                    const real v152 = v151 ? v150 : real(0.0);
                    const bool v154 = v152 > real(24.0);
                    const real v155 = v154 ? real(24.0) : v152;
                    const real v156 = v155 * real(0.03125);
                    const real v157 = v156 + real(0.96875);
                    const bool v158 = v152 > real(1.0);
                    const real v159 = v158 ? v157 : v152;
                    const real v160 = v103 * v159;
                    v153_sum += v103;
                    v161_sum += v160;
                }
                v153_sum = of_team(shared, v153_sum, lanes, true);
                const real v153 = real(v153_sum);
                v161_sum = of_team(shared, v161_sum, lanes, true);
                const real v161 = real(v161_sum);
                const real v162 = v161 / v153;
                const real v163 = v162 - real(1.0);
                const bool v164 = v163 > real(0.0);
                const real v165 = v163 * real(32.0);
                const real v166 = v165 + real(1.0);
                const real v167 = v164 ? v166 : v162;
                const real v172 = -v167;
                const real v173 = exp(v172);
                double v193_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v97 = t - v96;
                    const real v98 = exp(v97);
                    const real v103 = v98 * v102;
                    const real v114 = x - v113;
                    const real v115 = exp(v114);
                    const real v120 = v115 * v119;
                    const real v122 = t - v121;
                    const real v124 = x - v123;
                    const real v125 = fabs(v122);
                    const bool v126 = v125 == real(__uint_as_float(0x7f800000));
                    const real v127 = fabs(v124);
                    const bool v128 = v127 == real(__uint_as_float(0x7f800000));
                    const bool v129 = v122 == v124;
                    const real v130 = v129 ? real(0.0) : v122;
                    const real v131 = -v124;
                    const real v132 = v126 ? real(0.0) : v122;
                    const real v133 = v128 ? real(0.0) : v124;
                    const real v134 = v132 - v133;
                    const real v135 = v134 - v132;
                    const real v136 = v134 - v135;
                    const real v137 = v132 - v136;
                    const real v138 = v133 + v135;
                    const real v139 = v137 - v138;
                    const real v140 = v128 ? v131 : v134;
                    const real v141 = v126 ? v130 : v140;
                    const bool v142 = v126 || v128;
                    const real v143 = v142 ? real(0.0) : v139;
                    const real v146 = v143 - v145;
                    const bool v147 = v146 == v146;
                    const real v148 = v147 ? v146 : real(0.0);
                    const real v149 = v141 - v144;
                    const real v150 = v149 + v148;
                    const bool v151 = v103 > real(0.0);
                    const real v152 = v151 ? v150 : real(0.0);
                    const real v168 = v152 - v167;
                    const real v169 = fabs(v168);
                    const bool v170 = v169 <= real(1.5);
                    const bool v171 = v170 && v151;
                    const real v174 = v103 * v173;
                    const real v175 = v171 ? v168 : real(0.0);
                    const real v176 = v175 * v175;
                    const real v177 = v176 * real(28.0);
                    const real v178 = v177 + real(2520.0);
                    const real v179 = v176 + real(420.0);
                    const real v180 = v179 * v176;
                    const real v181 = v180 + real(15120.0);
                    const real v182 = v175 + real(2.0);
                    const real v183 = v182 * v181;
                    const real v184 = v176 * v178;
                    const real v185 = v183 + v184;
                    const real v187 = v181 * real(-2.0);
                    const real v188 = v187 / v185;
                    const real v189 = v188 * v174;
                    const real v190 = v189 * v175;
                    const real v191 = v120 - v174;
                    const real v192 = v171 ? v190 : v191;
                    v193_sum += v192;
                }
                v193_sum = of_team(shared, v193_sum, lanes, true);
                const real v193 = real(v193_sum);
                const real v194 = v193 / v153;
                const real v195 = v194 + v173;
                const real v196 = v153 * v195;
                const real v199 = real(1.0) / v196;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v97 = t - v96;
                    const real v98 = exp(v97);
                    const real v103 = v98 * v102;
                    const real v114 = x - v113;
                    const real v115 = exp(v114);
                    const real v120 = v115 * v119;
                    const real v122 = t - v121;
                    const real v124 = x - v123;
                    const real v125 = fabs(v122);
                    const bool v126 = v125 == real(__uint_as_float(0x7f800000));
                    const real v127 = fabs(v124);
                    const bool v128 = v127 == real(__uint_as_float(0x7f800000));
                    const bool v129 = v122 == v124;
                    const real v130 = v129 ? real(0.0) : v122;
                    const real v131 = -v124;
                    const real v132 = v126 ? real(0.0) : v122;
                    const real v133 = v128 ? real(0.0) : v124;
                    const real v134 = v132 - v133;
                    const real v135 = v134 - v132;
                    const real v136 = v134 - v135;
                    const real v137 = v132 - v136;
                    const real v138 = v133 + v135;
                    const real v139 = v137 - v138;
                    const real v140 = v128 ? v131 : v134;
                    const real v141 = v126 ? v130 : v140;
                    const bool v142 = v126 || v128;
                    const real v143 = v142 ? real(0.0) : v139;
                    const real v146 = v143 - v145;
                    const bool v147 = v146 == v146;
                    const real v148 = v147 ? v146 : real(0.0);
                    const real v149 = v141 - v144;
                    const real v150 = v149 + v148;
                    const bool v151 = v103 > real(0.0);
                    const real v152 = v151 ? v150 : real(0.0);
                    const real v168 = v152 - v167;
                    const real v169 = fabs(v168);
                    const bool v170 = v169 <= real(1.5);
                    const bool v171 = v170 && v151;
                    const real v174 = v103 * v173;
                    const real v175 = v171 ? v168 : real(0.0);
                    const real v176 = v175 * v175;
                    const real v177 = v176 * real(28.0);
                    const real v178 = v177 + real(2520.0);
                    const real v179 = v176 + real(420.0);
                    const real v180 = v179 * v176;
                    const real v181 = v180 + real(15120.0);
                    const real v182 = v175 + real(2.0);
                    const real v183 = v182 * v181;
                    const real v184 = v176 * v178;
                    const real v185 = v183 + v184;
                    const real v187 = v181 * real(-2.0);
                    const real v188 = v187 / v185;
                    const real v189 = v188 * v174;
                    const real v190 = v189 * v175;
                    const real v191 = v120 - v174;
                    const real v192 = v171 ? v190 : v191;
                    const real v197 = v103 * v194;
                    const real v198 = v192 - v197;
                    const real v200 = v198 * v199;
                    const real v201 = v200 * v0;
                    store(at_by_input + row_by_input + column * step_by_input, v201);
                }
            }
        }
    }
}
