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
            const real v33 = log(v7);
            const real v34 = log(v8);
            const real v35 = v33 - v34;
            const real v36 = v35 * real(0.5);
            const real v37 = v1 + v36;
            const real v38 = v2 - v36;
            const real v39 = v37 - v38;
            const real v40 = fabs(v39);
            const bool v41 = v40 < real(1e+30);
            const real v48 = v39 - v37;
            const real v49 = v39 - v48;
            const real v50 = v37 - v49;
            const real v51 = v38 + v48;
            const real v52 = v50 - v51;
            const real v53 = v41 ? v39 : real(__uint_as_float(0x7fc00000));
            const real v54 = v41 ? v52 : real(__uint_as_float(0x7fc00000));
            const real v58 = v37 - v1;
            const real v59 = v2 - v38;
            const real v60 = v58 + v59;
            const real v61 = v60 - v35;
            const real v70 = v7 / v8;
            const real v87 = v12 * real(5e-12);
            double v75_sum = 0;
            double v78_sum = 0;
            double v80_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                real v75_few = 0;
                real v78_few = 0;
                real v80_few = 0;
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v3 = t - v1;
                    const real v4 = x - v2;
                    const real v5 = exp(v3);
                    const real v6 = exp(v4);
                    const real v42 = t - x;
                    const real v43 = v42 - t;
                    const real v44 = v42 - v43;
                    const real v45 = t - v44;
                    const real v46 = x + v43;
                    const real v47 = v45 - v46;
                    const real v55 = v47 - v54;
                    const real v56 = v42 - v53;
                    const real v57 = v56 + v55;
                    const real v62 = v57 + v61;
                    const bool v63 = v5 == real(0.0);
                    const real v64 = v63 ? real(-80.0) : v62;
                    const bool v65 = v6 == real(0.0);
                    const real v66 = v65 ? real(80.0) : v64;
                    const real v67 = -v66;
                    const real v68 = expm1(v67);
                    const real v69 = v68 * v5;
                    const real v71 = v6 * v70;
                    const real v72 = v71 - v5;
                    const bool v73 = v66 < real(-2.0);
                    const real v74 = v73 ? v72 : v69;
                    const real v77 = v5 * v74;
                    const real v79 = v74 * v74;
                    if (i < left) v75_few += v74;
                    if (i < left) v78_few += v77;
                    if (i < left) v80_few += v79;
                }
                v75_sum += v75_few;
                v78_sum += v78_few;
                v80_sum += v80_few;
            }
            v75_sum = of_team(shared, v75_sum, lanes, true);
            const real v75 = real(v75_sum);
            v78_sum = of_team(shared, v78_sum, lanes, true);
            const real v78 = real(v78_sum);
            v80_sum = of_team(shared, v80_sum, lanes, true);
            const real v80 = real(v80_sum);
            const real v76 = v75 / v7;
            const real v81 = v12 * v76;
            const real v82 = v78 * real(2.0);
            const real v83 = v81 - v82;
            const real v84 = v83 * v76;
            const real v85 = v80 + v84;
            const real v86 = v80 * real(0.07);
            const real v88 = v86 + v87;
            const bool v89 = v85 >= v88;
            const real v90 = v89 ? v76 : real(__uint_as_float(0x7fc00000));
            const real v91 = v90 + real(1.0);
            const real v92 = v7 * v91;
            const real v95 = real(1.0) / v92;
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
                    const real v42 = t - x;
                    const real v43 = v42 - t;
                    const real v44 = v42 - v43;
                    const real v45 = t - v44;
                    const real v46 = x + v43;
                    const real v47 = v45 - v46;
                    const real v55 = v47 - v54;
                    const real v56 = v42 - v53;
                    const real v57 = v56 + v55;
                    const real v62 = v57 + v61;
                    const bool v63 = v5 == real(0.0);
                    const real v64 = v63 ? real(-80.0) : v62;
                    const bool v65 = v6 == real(0.0);
                    const real v66 = v65 ? real(80.0) : v64;
                    const real v67 = -v66;
                    const real v68 = expm1(v67);
                    const real v69 = v68 * v5;
                    const real v71 = v6 * v70;
                    const real v72 = v71 - v5;
                    const bool v73 = v66 < real(-2.0);
                    const real v74 = v73 ? v72 : v69;
                    const real v93 = v5 * v90;
                    const real v94 = v74 - v93;
                    const real v96 = v94 * v95;
                    const real v97 = v96 * v0;
                    store(pack_by_input.at + i, v97);
                    missing = missing || !(fabs(v97) < real(__uint_as_float(0x7f800000)));
                }
                give(at_by_input + row_by_input + column, left, pack_by_input);
            }
            missing = of_team(shared, missing, lanes, false) > 0;
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const bool v98 = v1 == v1;
                const real v99 = v98 ? real(1572864.0) : real(__uint_as_float(0x7fc00000));
                const real v100 = v1 + v99;
                const real v101 = v100 - v99;
                const bool v102 = v101 > real(0.0);
                const real v103 = v102 ? v101 : real(0.0);
                const bool v104 = v103 < real(64.0);
                const real v105 = v104 ? v103 : real(64.0);
                const real v106 = fabs(v1);
                const bool v107 = v106 < real(4096.0);
                const real v108 = v101 - v105;
                const real v109 = v107 ? v108 : v1;
                const real v112 = v109 - v1;
                const real v113 = exp(v112);
                const bool v114 = v113 == v113;
                const real v115 = v114 ? v113 : real(__uint_as_float(0x7fc00000));
                const bool v117 = v2 == v2;
                const real v118 = v117 ? real(1572864.0) : real(__uint_as_float(0x7fc00000));
                const real v119 = v2 + v118;
                const real v120 = v119 - v118;
                const bool v121 = v120 > real(0.0);
                const real v122 = v121 ? v120 : real(0.0);
                const bool v123 = v122 < real(64.0);
                const real v124 = v123 ? v122 : real(64.0);
                const real v125 = fabs(v2);
                const bool v126 = v125 < real(4096.0);
                const real v127 = v120 - v124;
                const real v128 = v126 ? v127 : v2;
                const real v131 = v128 - v2;
                const real v132 = exp(v131);
                const bool v133 = v132 == v132;
                const real v134 = v133 ? v132 : real(__uint_as_float(0x7fc00000));
                const real v136 = v1 - v2;
                const real v137 = fabs(v136);
                const bool v138 = v137 < real(1e+30);
                const real v139 = v138 ? real(0.0) : v1;
                const real v141 = v138 ? real(0.0) : v2;
                const real v162 = v136 - v1;
                const real v163 = v136 - v162;
                const real v164 = v1 - v163;
                const real v165 = v2 + v162;
                const real v166 = v164 - v165;
                const real v167 = v138 ? v136 : real(0.0);
                const real v168 = v138 ? v166 : real(0.0);
                double v176_sum = 0;
                double v184_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v110 = t - v109;
                    const real v111 = exp(v110);
                    const real v116 = v111 * v115;
                    const real v140 = t - v139;
                    const real v142 = x - v141;
                    const real v143 = fabs(v140);
                    const bool v144 = v143 == real(__uint_as_float(0x7f800000));
                    const real v145 = fabs(v142);
                    const bool v146 = v145 == real(__uint_as_float(0x7f800000));
                    const bool v147 = v140 == v142;
                    const real v148 = v147 ? real(0.0) : v140;
                    const real v149 = -v142;
                    const real v150 = v144 ? real(0.0) : v140;
                    const real v151 = v146 ? real(0.0) : v142;
                    const real v152 = v150 - v151;
                    const real v153 = v152 - v150;
                    const real v154 = v152 - v153;
                    const real v155 = v150 - v154;
                    const real v156 = v151 + v153;
                    const real v157 = v155 - v156;
                    const real v158 = v146 ? v149 : v152;
                    const real v159 = v144 ? v148 : v158;
                    const bool v160 = v144 || v146;
                    const real v161 = v160 ? real(0.0) : v157;
                    const real v169 = v161 - v168;
                    const bool v170 = v169 == v169;
                    const real v171 = v170 ? v169 : real(0.0);
                    const real v172 = v159 - v167;
                    const real v173 = v172 + v171;
                    const bool v174 = v116 > real(0.0);
                    const real v175 = v174 ? v173 : real(0.0);
                    const bool v177 = v175 > real(24.0);
                    const real v178 = v177 ? real(24.0) : v175;
                    const real v179 = v178 * real(0.03125);
                    const real v180 = v179 + real(0.96875);
                    const bool v181 = v175 > real(1.0);
                    const real v182 = v181 ? v180 : v175;
                    const real v183 = v116 * v182;
                    v176_sum += v116;
                    v184_sum += v183;
                }
                v176_sum = of_team(shared, v176_sum, lanes, true);
                const real v176 = real(v176_sum);
                v184_sum = of_team(shared, v184_sum, lanes, true);
                const real v184 = real(v184_sum);
                const real v185 = v184 / v176;
                const real v186 = v185 - real(1.0);
                const bool v187 = v186 > real(0.0);
                const real v188 = v186 * real(32.0);
                const real v189 = v188 + real(1.0);
                const real v190 = v187 ? v189 : v185;
                const real v191 = v2 - v190;
                const real v192 = v1 - v191;
                const real v193 = fabs(v192);
                const bool v194 = v193 < real(1e+30);
                const real v195 = v194 ? real(0.0) : v1;
                const real v197 = v194 ? real(0.0) : v191;
                const real v218 = v192 - v1;
                const real v219 = v192 - v218;
                const real v220 = v1 - v219;
                const real v221 = v191 + v218;
                const real v222 = v220 - v221;
                const real v223 = v194 ? v192 : real(0.0);
                const real v224 = v194 ? v222 : real(0.0);
                const real v230 = v2 - v191;
                const real v235 = -v230;
                const real v236 = exp(v235);
                double v256_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v110 = t - v109;
                    const real v111 = exp(v110);
                    const real v116 = v111 * v115;
                    const real v129 = x - v128;
                    const real v130 = exp(v129);
                    const real v135 = v130 * v134;
                    const bool v174 = v116 > real(0.0);
                    const real v196 = t - v195;
                    const real v198 = x - v197;
                    const real v199 = fabs(v196);
                    const bool v200 = v199 == real(__uint_as_float(0x7f800000));
                    const real v201 = fabs(v198);
                    const bool v202 = v201 == real(__uint_as_float(0x7f800000));
                    const bool v203 = v196 == v198;
                    const real v204 = v203 ? real(0.0) : v196;
                    const real v205 = -v198;
                    const real v206 = v200 ? real(0.0) : v196;
                    const real v207 = v202 ? real(0.0) : v198;
                    const real v208 = v206 - v207;
                    const real v209 = v208 - v206;
                    const real v210 = v208 - v209;
                    const real v211 = v206 - v210;
                    const real v212 = v207 + v209;
                    const real v213 = v211 - v212;
                    const real v214 = v202 ? v205 : v208;
                    const real v215 = v200 ? v204 : v214;
                    const bool v216 = v200 || v202;
                    const real v217 = v216 ? real(0.0) : v213;
                    const real v225 = v217 - v224;
                    const bool v226 = v225 == v225;
                    const real v227 = v226 ? v225 : real(0.0);
                    const real v228 = v215 - v223;
                    const real v229 = v228 + v227;
                    const real v231 = v174 ? v229 : real(0.0);
                    const real v232 = fabs(v231);
                    const bool v233 = v232 <= real(1.5);
                    const bool v234 = v233 && v174;
                    const real v237 = v116 * v236;
                    const real v238 = v234 ? v231 : real(0.0);
                    const real v239 = v238 * v238;
                    const real v240 = v239 * real(28.0);
                    const real v241 = v240 + real(2520.0);
                    const real v242 = v239 + real(420.0);
                    const real v243 = v242 * v239;
                    const real v244 = v243 + real(15120.0);
                    const real v245 = v238 + real(2.0);
                    const real v246 = v245 * v244;
                    const real v247 = v239 * v241;
                    const real v248 = v246 + v247;
                    const real v250 = v244 * real(-2.0);
                    const real v251 = v250 / v248;
                    const real v252 = v251 * v237;
                    const real v253 = v252 * v238;
                    const real v254 = v135 - v237;
                    const real v255 = v234 ? v253 : v254;
                    v256_sum += v255;
                }
                v256_sum = of_team(shared, v256_sum, lanes, true);
                const real v256 = real(v256_sum);
                const real v257 = v256 / v176;
                const real v258 = v257 + v236;
                const real v259 = v176 * v258;
                const real v262 = real(1.0) / v259;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v110 = t - v109;
                    const real v111 = exp(v110);
                    const real v116 = v111 * v115;
                    const real v129 = x - v128;
                    const real v130 = exp(v129);
                    const real v135 = v130 * v134;
                    const bool v174 = v116 > real(0.0);
                    const real v196 = t - v195;
                    const real v198 = x - v197;
                    const real v199 = fabs(v196);
                    const bool v200 = v199 == real(__uint_as_float(0x7f800000));
                    const real v201 = fabs(v198);
                    const bool v202 = v201 == real(__uint_as_float(0x7f800000));
                    const bool v203 = v196 == v198;
                    const real v204 = v203 ? real(0.0) : v196;
                    const real v205 = -v198;
                    const real v206 = v200 ? real(0.0) : v196;
                    const real v207 = v202 ? real(0.0) : v198;
                    const real v208 = v206 - v207;
                    const real v209 = v208 - v206;
                    const real v210 = v208 - v209;
                    const real v211 = v206 - v210;
                    const real v212 = v207 + v209;
                    const real v213 = v211 - v212;
                    const real v214 = v202 ? v205 : v208;
                    const real v215 = v200 ? v204 : v214;
                    const bool v216 = v200 || v202;
                    const real v217 = v216 ? real(0.0) : v213;
                    const real v225 = v217 - v224;
                    const bool v226 = v225 == v225;
                    const real v227 = v226 ? v225 : real(0.0);
                    const real v228 = v215 - v223;
                    const real v229 = v228 + v227;
                    const real v231 = v174 ? v229 : real(0.0);
                    const real v232 = fabs(v231);
                    const bool v233 = v232 <= real(1.5);
                    const bool v234 = v233 && v174;
                    const real v237 = v116 * v236;
                    const real v238 = v234 ? v231 : real(0.0);
                    const real v239 = v238 * v238;
                    const real v240 = v239 * real(28.0);
                    const real v241 = v240 + real(2520.0);
                    const real v242 = v239 + real(420.0);
                    const real v243 = v242 * v239;
                    const real v244 = v243 + real(15120.0);
                    const real v245 = v238 + real(2.0);
                    const real v246 = v245 * v244;
                    const real v247 = v239 * v241;
                    const real v248 = v246 + v247;
                    const real v250 = v244 * real(-2.0);
                    const real v251 = v250 / v248;
                    const real v252 = v251 * v237;
                    const real v253 = v252 * v238;
                    const real v254 = v135 - v237;
                    const real v255 = v234 ? v253 : v254;
                    const real v260 = v116 * v257;
                    const real v261 = v255 - v260;
                    const real v263 = v261 * v262;
                    const real v264 = v263 * v0;
                    store(at_by_input + row_by_input + column * step_by_input, v264);
                }
            }
        }
    }
}
