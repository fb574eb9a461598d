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
            const real v66 = v7 / v8;
            const real v83 = v12 * real(5e-12);
            double v71_sum = 0;
            double v74_sum = 0;
            double v76_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                real v71_few = 0;
                real v74_few = 0;
                real v76_few = 0;
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
                    const real v63 = -v62;
                    const real v64 = expm1(v63);
                    const real v65 = v64 * v5;
                    const real v67 = v6 * v66;
                    const real v68 = v67 - v5;
                    const bool v69 = v62 < real(-2.0);
                    const real v70 = v69 ? v68 : v65;
                    const real v73 = v5 * v70;
                    const real v75 = v70 * v70;
                    if (i < left) v71_few += v70;
                    if (i < left) v74_few += v73;
                    if (i < left) v76_few += v75;
                }
                v71_sum += v71_few;
                v74_sum += v74_few;
                v76_sum += v76_few;
            }
            v71_sum = of_team(shared, v71_sum, lanes, true);
            const real v71 = real(v71_sum);
            v74_sum = of_team(shared, v74_sum, lanes, true);
            const real v74 = real(v74_sum);
            v76_sum = of_team(shared, v76_sum, lanes, true);
            const real v76 = real(v76_sum);
            const real v72 = v71 / v7;
            const real v77 = v12 * v72;
            const real v78 = v74 * real(2.0);
            const real v79 = v77 - v78;
            const real v80 = v79 * v72;
            const real v81 = v76 + v80;
            const real v82 = v76 * real(0.07);
            const real v84 = v82 + v83;
            const bool v85 = v81 >= v84;
            const real v86 = v85 ? v72 : real(__uint_as_float(0x7fc00000));
            const real v87 = v86 + real(1.0);
            const real v88 = v7 * v87;
            const real v91 = real(1.0) / v88;
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
                    const real v63 = -v62;
                    const real v64 = expm1(v63);
                    const real v65 = v64 * v5;
                    const real v67 = v6 * v66;
                    const real v68 = v67 - v5;
                    const bool v69 = v62 < real(-2.0);
                    const real v70 = v69 ? v68 : v65;
                    const real v89 = v5 * v86;
                    const real v90 = v70 - v89;
                    const real v92 = v90 * v91;
                    const real v93 = v92 * v0;
                    store(pack_by_input.at + i, v93);
                    missing = missing || !(fabs(v93) < real(__uint_as_float(0x7f800000)));
                }
                give(at_by_input + row_by_input + column, left, pack_by_input);
            }
            missing = of_team(shared, missing, lanes, false) > 0;
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const bool v94 = v1 == v1;
                const real v95 = v94 ? real(1572864.0) : real(__uint_as_float(0x7fc00000));
                const real v96 = v1 + v95;
                const real v97 = v96 - v95;
                const bool v98 = v97 > real(0.0);
                const real v99 = v98 ? v97 : real(0.0);
                const bool v100 = v99 < real(64.0);
                const real v101 = v100 ? v99 : real(64.0);
                const real v102 = fabs(v1);
                const bool v103 = v102 < real(4096.0);
                const real v104 = v97 - v101;
                const real v105 = v103 ? v104 : v1;
                const real v108 = v105 - v1;
                const real v109 = exp(v108);
                const bool v110 = v109 == v109;
                const real v111 = v110 ? v109 : real(__uint_as_float(0x7fc00000));
                const bool v113 = v2 == v2;
                const real v114 = v113 ? real(1572864.0) : real(__uint_as_float(0x7fc00000));
                const real v115 = v2 + v114;
                const real v116 = v115 - v114;
                const bool v117 = v116 > real(0.0);
                const real v118 = v117 ? v116 : real(0.0);
                const bool v119 = v118 < real(64.0);
                const real v120 = v119 ? v118 : real(64.0);
                const real v121 = fabs(v2);
                const bool v122 = v121 < real(4096.0);
                const real v123 = v116 - v120;
                const real v124 = v122 ? v123 : v2;
                const real v127 = v124 - v2;
                const real v128 = exp(v127);
                const bool v129 = v128 == v128;
                const real v130 = v129 ? v128 : real(__uint_as_float(0x7fc00000));
                const real v132 = v1 - v2;
                const real v133 = fabs(v132);
                const bool v134 = v133 < real(1e+30);
                const real v135 = v134 ? real(0.0) : v1;
                const real v137 = v134 ? real(0.0) : v2;
                const real v158 = v132 - v1;
                const real v159 = v132 - v158;
                const real v160 = v1 - v159;
                const real v161 = v2 + v158;
                const real v162 = v160 - v161;
                const real v163 = v134 ? v132 : real(0.0);
                const real v164 = v134 ? v162 : real(0.0);
                double v172_sum = 0;
                double v180_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v106 = t - v105;
                    const real v107 = exp(v106);
                    const real v112 = v107 * v111;
                    const real v136 = t - v135;
                    const real v138 = x - v137;
                    const real v139 = fabs(v136);
                    const bool v140 = v139 == real(__uint_as_float(0x7f800000));
                    const real v141 = fabs(v138);
                    const bool v142 = v141 == real(__uint_as_float(0x7f800000));
                    const bool v143 = v136 == v138;
                    const real v144 = v143 ? real(0.0) : v136;
                    const real v145 = -v138;
                    const real v146 = v140 ? real(0.0) : v136;
                    const real v147 = v142 ? real(0.0) : v138;
                    const real v148 = v146 - v147;
                    const real v149 = v148 - v146;
                    const real v150 = v148 - v149;
                    const real v151 = v146 - v150;
                    const real v152 = v147 + v149;
                    const real v153 = v151 - v152;
                    const real v154 = v142 ? v145 : v148;
                    const real v155 = v140 ? v144 : v154;
                    const bool v156 = v140 || v142;
                    const real v157 = v156 ? real(0.0) : v153;
                    const real v165 = v157 - v164;
                    const bool v166 = v165 == v165;
                    const real v167 = v166 ? v165 : real(0.0);
                    const real v168 = v155 - v163;
                    const real v169 = v168 + v167;
                    const bool v170 = v112 > real(0.0);
                    const real v171 = v170 ? v169 : real(0.0);
                    const bool v173 = v171 > real(24.0);
                    const real v174 = v173 ? real(24.0) : v171;
                    const real v175 = v174 * real(0.03125);
                    const real v176 = v175 + real(0.96875);
                    const bool v177 = v171 > real(1.0);
                    const real v178 = v177 ? v176 : v171;
                    const real v179 = v112 * v178;
                    v172_sum += v112;
                    v180_sum += v179;
                }
                v172_sum = of_team(shared, v172_sum, lanes, true);
                const real v172 = real(v172_sum);
                v180_sum = of_team(shared, v180_sum, lanes, true);
                const real v180 = real(v180_sum);
                const real v181 = v180 / v172;
                const real v182 = v181 - real(1.0);
                const bool v183 = v182 > real(0.0);
                const real v184 = v182 * real(32.0);
                const real v185 = v184 + real(1.0);
                const real v186 = v183 ? v185 : v181;
                const real v187 = v2 - v186;
                const real v188 = v1 - v187;
                const real v189 = fabs(v188);
                const bool v190 = v189 < real(1e+30);
                const real v191 = v190 ? real(0.0) : v1;
                const real v193 = v190 ? real(0.0) : v187;
                const real v214 = v188 - v1;
                const real v215 = v188 - v214;
                const real v216 = v1 - v215;
                const real v217 = v187 + v214;
                const real v218 = v216 - v217;
                const real v219 = v190 ? v188 : real(0.0);
                const real v220 = v190 ? v218 : real(0.0);
                const real v226 = v2 - v187;
                const real v231 = -v226;
                const real v232 = exp(v231);
                double v252_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v106 = t - v105;
                    const real v107 = exp(v106);
                    const real v112 = v107 * v111;
                    const real v125 = x - v124;
                    const real v126 = exp(v125);
                    const real v131 = v126 * v130;
                    const bool v170 = v112 > real(0.0);
                    const real v192 = t - v191;
                    const real v194 = x - v193;
                    const real v195 = fabs(v192);
                    const bool v196 = v195 == real(__uint_as_float(0x7f800000));
                    const real v197 = fabs(v194);
                    const bool v198 = v197 == real(__uint_as_float(0x7f800000));
                    const bool v199 = v192 == v194;
                    const real v200 = v199 ? real(0.0) : v192;
                    const real v201 = -v194;
                    const real v202 = v196 ? real(0.0) : v192;
                    const real v203 = v198 ? real(0.0) : v194;
                    const real v204 = v202 - v203;
                    const real v205 = v204 - v202;
                    const real v206 = v204 - v205;
                    const real v207 = v202 - v206;
                    const real v208 = v203 + v205;
                    const real v209 = v207 - v208;
                    const real v210 = v198 ? v201 : v204;
                    const real v211 = v196 ? v200 : v210;
                    const bool v212 = v196 || v198;
                    const real v213 = v212 ? real(0.0) : v209;
                    const real v221 = v213 - v220;
                    const bool v222 = v221 == v221;
                    const real v223 = v222 ? v221 : real(0.0);
                    const real v224 = v211 - v219;
                    const real v225 = v224 + v223;
                    const real v227 = v170 ? v225 : real(0.0);
                    const real v228 = fabs(v227);
                    const bool v229 = v228 <= real(1.5);
                    const bool v230 = v229 && v170;
                    const real v233 = v112 * v232;
                    const real v234 = v230 ? v227 : real(0.0);
                    const real v235 = v234 * v234;
                    const real v236 = v235 * real(28.0);
                    const real v237 = v236 + real(2520.0);
                    const real v238 = v235 + real(420.0);
                    const real v239 = v238 * v235;
                    const real v240 = v239 + real(15120.0);
                    const real v241 = v234 + real(2.0);
                    const real v242 = v241 * v240;
                    const real v243 = v235 * v237;
                    const real v244 = v242 + v243;
                    const real v246 = v240 * real(-2.0);
                    const real v247 = v246 / v244;
                    const real v248 = v247 * v233;
                    const real v249 = v248 * v234;
                    const real v250 = v131 - v233;
                    const real v251 = v230 ? v249 : v250;
                    v252_sum += v251;
                }
                v252_sum = of_team(shared, v252_sum, lanes, true);
                const real v252 = real(v252_sum);
                const real v253 = v252 / v172;
                const real v254 = v253 + v232;
                const real v255 = v172 * v254;
                const real v258 = real(1.0) / v255;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v106 = t - v105;
                    const real v107 = exp(v106);
                    const real v112 = v107 * v111;
                    const real v125 = x - v124;
                    const real v126 = exp(v125);
                    const real v131 = v126 * v130;
                    const bool v170 = v112 > real(0.0);
                    const real v192 = t - v191;
                    const real v194 = x - v193;
                    const real v195 = fabs(v192);
                    const bool v196 = v195 == real(__uint_as_float(0x7f800000));
                    const real v197 = fabs(v194);
                    const bool v198 = v197 == real(__uint_as_float(0x7f800000));
                    const bool v199 = v192 == v194;
                    const real v200 = v199 ? real(0.0) : v192;
                    const real v201 = -v194;
                    const real v202 = v196 ? real(0.0) : v192;
                    const real v203 = v198 ? real(0.0) : v194;
                    const real v204 = v202 - v203;
                    const real v205 = v204 - v202;
                    const real v206 = v204 - v205;
                    const real v207 = v202 - v206;
                    const real v208 = v203 + v205;
                    const real v209 = v207 - v208;
                    const real v210 = v198 ? v201 : v204;
                    const real v211 = v196 ? v200 : v210;
                    const bool v212 = v196 || v198;
                    const real v213 = v212 ? real(0.0) : v209;
                    const real v221 = v213 - v220;
                    const bool v222 = v221 == v221;
                    const real v223 = v222 ? v221 : real(0.0);
                    const real v224 = v211 - v219;
                    const real v225 = v224 + v223;
                    const real v227 = v170 ? v225 : real(0.0);
                    const real v228 = fabs(v227);
                    const bool v229 = v228 <= real(1.5);
                    const bool v230 = v229 && v170;
                    const real v233 = v112 * v232;
                    const real v234 = v230 ? v227 : real(0.0);
                    const real v235 = v234 * v234;
                    const real v236 = v235 * real(28.0);
                    const real v237 = v236 + real(2520.0);
                    const real v238 = v235 + real(420.0);
                    const real v239 = v238 * v235;
                    const real v240 = v239 + real(15120.0);
                    const real v241 = v234 + real(2.0);
                    const real v242 = v241 * v240;
                    const real v243 = v235 * v237;
                    const real v244 = v242 + v243;
                    const real v246 = v240 * real(-2.0);
                    const real v247 = v246 / v244;
                    const real v248 = v247 * v233;
                    const real v249 = v248 * v234;
                    const real v250 = v131 - v233;
                    const real v251 = v230 ? v249 : v250;
                    const real v256 = v112 * v253;
                    const real v257 = v251 - v256;
                    const real v259 = v257 * v258;
                    const real v260 = v259 * v0;
                    store(at_by_input + row_by_input + column * step_by_input, v260);
                }
            }
        }
    }
}
