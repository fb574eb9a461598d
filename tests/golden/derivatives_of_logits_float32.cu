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
            const real v36 = v2 - v35;
            const real v37 = v1 - v36;
            const real v38 = fabs(v37);
            const bool v39 = v38 < real(1e+30);
            const real v46 = v37 - v1;
            const real v47 = v37 - v46;
            const real v48 = v1 - v47;
            const real v49 = v36 + v46;
            const real v50 = v48 - v49;
            const real v51 = v39 ? v37 : real(__uint_as_float(0x7fc00000));
            const real v52 = v39 ? v50 : real(__uint_as_float(0x7fc00000));
            const real v56 = v2 - v36;
            const real v57 = v56 - v35;
            const real v62 = v7 / v8;
            const real v79 = v12 * real(5e-12);
            double v67_sum = 0;
            double v70_sum = 0;
            double v72_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = end - column < 4 ? end - column : 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                real v67_few = 0;
                real v70_few = 0;
                real v72_few = 0;
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v3 = t - v1;
                    const real v4 = x - v2;
                    const real v5 = exp(v3);
                    const real v6 = exp(v4);
                    const real v40 = t - x;
                    const real v41 = v40 - t;
                    const real v42 = v40 - v41;
                    const real v43 = t - v42;
                    const real v44 = x + v41;
                    const real v45 = v43 - v44;
                    const real v53 = v45 - v52;
                    const real v54 = v40 - v51;
                    const real v55 = v54 + v53;
                    const real v58 = v55 + v57;
                    const real v59 = -v58;
                    const real v60 = expm1(v59);
                    const real v61 = v60 * v5;
                    const real v63 = v6 * v62;
                    const real v64 = v63 - v5;
                    const bool v65 = v58 < real(-2.0);
                    const real v66 = v65 ? v64 : v61;
                    const real v69 = v5 * v66;
                    const real v71 = v66 * v66;
                    if (i < left) v67_few += v66;
                    if (i < left) v70_few += v69;
                    if (i < left) v72_few += v71;
                }
                v67_sum += v67_few;
                v70_sum += v70_few;
                v72_sum += v72_few;
            }
            v67_sum = of_team(shared, v67_sum, lanes, true);
            const real v67 = real(v67_sum);
            v70_sum = of_team(shared, v70_sum, lanes, true);
            const real v70 = real(v70_sum);
            v72_sum = of_team(shared, v72_sum, lanes, true);
            const real v72 = real(v72_sum);
            const real v68 = v67 / v7;
            const real v73 = v12 * v68;
            const real v74 = v70 * real(2.0);
            const real v75 = v73 - v74;
            const real v76 = v75 * v68;
            const real v77 = v72 + v76;
            const real v78 = v72 * real(0.07);
            const real v80 = v78 + v79;
            const bool v81 = v77 >= v80;
            const real v82 = v81 ? v68 : real(__uint_as_float(0x7fc00000));
            const real v83 = v82 + real(1.0);
            const real v84 = v7 * v83;
            const real v87 = real(1.0) / v84;
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
                    const real v40 = t - x;
                    const real v41 = v40 - t;
                    const real v42 = v40 - v41;
                    const real v43 = t - v42;
                    const real v44 = x + v41;
                    const real v45 = v43 - v44;
                    const real v53 = v45 - v52;
                    const real v54 = v40 - v51;
                    const real v55 = v54 + v53;
                    const real v58 = v55 + v57;
                    const real v59 = -v58;
                    const real v60 = expm1(v59);
                    const real v61 = v60 * v5;
                    const real v63 = v6 * v62;
                    const real v64 = v63 - v5;
                    const bool v65 = v58 < real(-2.0);
                    const real v66 = v65 ? v64 : v61;
                    const real v85 = v5 * v82;
                    const real v86 = v66 - v85;
                    const real v88 = v86 * v87;
                    const real v89 = v88 * v0;
                    store(pack_by_input.at + i, v89);
                    missing = missing || !(fabs(v89) < real(__uint_as_float(0x7f800000)));
                }
                give(at_by_input + row_by_input + column, left, pack_by_input);
            }
            missing = of_team(shared, missing, lanes, false) > 0;
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const real v90 = v1 + real(1572864.0);
                const real v91 = v90 - real(1572864.0);
                const bool v92 = v91 > real(0.0);
                const real v93 = v92 ? v91 : real(0.0);
                const bool v94 = v93 < real(64.0);
                const real v95 = v94 ? v93 : real(64.0);
                const real v96 = fabs(v1);
                const bool v97 = v96 < real(4096.0);
                const real v98 = v91 - v95;
                const real v99 = v97 ? v98 : v1;
                const real v102 = v99 - v1;
                const real v103 = exp(v102);
                const bool v104 = v103 == v103;
                const real v105 = v104 ? v103 : real(__uint_as_float(0x7fc00000));
                const real v107 = v2 + real(1572864.0);
                const real v108 = v107 - real(1572864.0);
                const bool v109 = v108 > real(0.0);
                const real v110 = v109 ? v108 : real(0.0);
                const bool v111 = v110 < real(64.0);
                const real v112 = v111 ? v110 : real(64.0);
                const real v113 = fabs(v2);
                const bool v114 = v113 < real(4096.0);
                const real v115 = v108 - v112;
                const real v116 = v114 ? v115 : v2;
                const real v119 = v116 - v2;
                const real v120 = exp(v119);
                const bool v121 = v120 == v120;
                const real v122 = v121 ? v120 : real(__uint_as_float(0x7fc00000));
                const real v124 = v1 - v2;
                const real v125 = fabs(v124);
                const bool v126 = v125 < real(1e+30);
                const real v127 = v126 ? real(0.0) : v1;
                const real v129 = v126 ? real(0.0) : v2;
                const real v150 = v124 - v1;
                const real v151 = v124 - v150;
                const real v152 = v1 - v151;
                const real v153 = v2 + v150;
                const real v154 = v152 - v153;
                const real v155 = v126 ? v124 : real(0.0);
                const real v156 = v126 ? v154 : real(0.0);
                double v164_sum = 0;
                double v172_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v100 = t - v99;
                    const real v101 = exp(v100);
                    const real v106 = v101 * v105;
                    const real v128 = t - v127;
                    const real v130 = x - v129;
                    const real v131 = fabs(v128);
                    const bool v132 = v131 == real(__uint_as_float(0x7f800000));
                    const real v133 = fabs(v130);
                    const bool v134 = v133 == real(__uint_as_float(0x7f800000));
                    const bool v135 = v128 == v130;
                    const real v136 = v135 ? real(0.0) : v128;
                    const real v137 = -v130;
                    const real v138 = v132 ? real(0.0) : v128;
                    const real v139 = v134 ? real(0.0) : v130;
                    const real v140 = v138 - v139;
                    const real v141 = v140 - v138;
                    const real v142 = v140 - v141;
                    const real v143 = v138 - v142;
                    const real v144 = v139 + v141;
                    const real v145 = v143 - v144;
                    const real v146 = v134 ? v137 : v140;
                    const real v147 = v132 ? v136 : v146;
                    const bool v148 = v132 || v134;
                    const real v149 = v148 ? real(0.0) : v145;
                    const real v157 = v149 - v156;
                    const bool v158 = v157 == v157;
                    const real v159 = v158 ? v157 : real(0.0);
                    const real v160 = v147 - v155;
                    const real v161 = v160 + v159;
                    const bool v162 = v106 > real(0.0);
                    const real v163 = v162 ? v161 : real(0.0);
                    const bool v165 = v163 > real(24.0);
                    const real v166 = v165 ? real(24.0) : v163;
                    const real v167 = v166 * real(0.03125);
                    const real v168 = v167 + real(0.96875);
                    const bool v169 = v163 > real(1.0);
                    const real v170 = v169 ? v168 : v163;
                    const real v171 = v106 * v170;
                    v164_sum += v106;
                    v172_sum += v171;
                }
                v164_sum = of_team(shared, v164_sum, lanes, true);
                const real v164 = real(v164_sum);
                v172_sum = of_team(shared, v172_sum, lanes, true);
                const real v172 = real(v172_sum);
                const real v173 = v172 / v164;
                const real v174 = v173 - real(1.0);
                const bool v175 = v174 > real(0.0);
                const real v176 = v174 * real(32.0);
                const real v177 = v176 + real(1.0);
                const real v178 = v175 ? v177 : v173;
                const real v179 = v2 - v178;
                const real v180 = v1 - v179;
                const real v181 = fabs(v180);
                const bool v182 = v181 < real(1e+30);
                const real v183 = v182 ? real(0.0) : v1;
                const real v185 = v182 ? real(0.0) : v179;
                const real v206 = v180 - v1;
                const real v207 = v180 - v206;
                const real v208 = v1 - v207;
                const real v209 = v179 + v206;
                const real v210 = v208 - v209;
                const real v211 = v182 ? v180 : real(0.0);
                const real v212 = v182 ? v210 : real(0.0);
                const real v218 = v2 - v179;
                const real v223 = -v218;
                const real v224 = exp(v223);
                double v244_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v100 = t - v99;
                    const real v101 = exp(v100);
                    const real v106 = v101 * v105;
                    const real v117 = x - v116;
                    const real v118 = exp(v117);
                    const real v123 = v118 * v122;
                    const bool v162 = v106 > real(0.0);
                    const real v184 = t - v183;
                    const real v186 = x - v185;
                    const real v187 = fabs(v184);
                    const bool v188 = v187 == real(__uint_as_float(0x7f800000));
                    const real v189 = fabs(v186);
                    const bool v190 = v189 == real(__uint_as_float(0x7f800000));
                    const bool v191 = v184 == v186;
                    const real v192 = v191 ? real(0.0) : v184;
                    const real v193 = -v186;
                    const real v194 = v188 ? real(0.0) : v184;
                    const real v195 = v190 ? real(0.0) : v186;
                    const real v196 = v194 - v195;
                    const real v197 = v196 - v194;
                    const real v198 = v196 - v197;
                    const real v199 = v194 - v198;
                    const real v200 = v195 + v197;
                    const real v201 = v199 - v200;
                    const real v202 = v190 ? v193 : v196;
                    const real v203 = v188 ? v192 : v202;
                    const bool v204 = v188 || v190;
                    const real v205 = v204 ? real(0.0) : v201;
                    const real v213 = v205 - v212;
                    const bool v214 = v213 == v213;
                    const real v215 = v214 ? v213 : real(0.0);
                    const real v216 = v203 - v211;
                    const real v217 = v216 + v215;
                    const real v219 = v162 ? v217 : real(0.0);
                    const real v220 = fabs(v219);
                    const bool v221 = v220 <= real(1.5);
                    const bool v222 = v221 && v162;
                    const real v225 = v106 * v224;
                    const real v226 = v222 ? v219 : real(0.0);
                    const real v227 = v226 * v226;
                    const real v228 = v227 * real(28.0);
                    const real v229 = v228 + real(2520.0);
                    const real v230 = v227 + real(420.0);
                    const real v231 = v230 * v227;
                    const real v232 = v231 + real(15120.0);
                    const real v233 = v226 + real(2.0);
                    const real v234 = v233 * v232;
                    const real v235 = v227 * v229;
                    const real v236 = v234 + v235;
                    const real v238 = v232 * real(-2.0);
                    const real v239 = v238 / v236;
                    const real v240 = v239 * v225;
                    const real v241 = v240 * v226;
                    const real v242 = v123 - v225;
                    const real v243 = v222 ? v241 : v242;
                    v244_sum += v243;
                }
                v244_sum = of_team(shared, v244_sum, lanes, true);
                const real v244 = real(v244_sum);
                const real v245 = v244 / v164;
                const real v246 = v245 + v224;
                const real v247 = v164 * v246;
                const real v250 = real(1.0) / v247;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v100 = t - v99;
                    const real v101 = exp(v100);
                    const real v106 = v101 * v105;
                    const real v117 = x - v116;
                    const real v118 = exp(v117);
                    const real v123 = v118 * v122;
                    const bool v162 = v106 > real(0.0);
                    const real v184 = t - v183;
                    const real v186 = x - v185;
                    const real v187 = fabs(v184);
                    const bool v188 = v187 == real(__uint_as_float(0x7f800000));
                    const real v189 = fabs(v186);
                    const bool v190 = v189 == real(__uint_as_float(0x7f800000));
                    const bool v191 = v184 == v186;
                    const real v192 = v191 ? real(0.0) : v184;
                    const real v193 = -v186;
                    const real v194 = v188 ? real(0.0) : v184;
                    const real v195 = v190 ? real(0.0) : v186;
                    const real v196 = v194 - v195;
                    const real v197 = v196 - v194;
                    const real v198 = v196 - v197;
                    const real v199 = v194 - v198;
                    const real v200 = v195 + v197;
                    const real v201 = v199 - v200;
                    const real v202 = v190 ? v193 : v196;
                    const real v203 = v188 ? v192 : v202;
                    const bool v204 = v188 || v190;
                    const real v205 = v204 ? real(0.0) : v201;
                    const real v213 = v205 - v212;
                    const bool v214 = v213 == v213;
                    const real v215 = v214 ? v213 : real(0.0);
                    const real v216 = v203 - v211;
                    const real v217 = v216 + v215;
                    const real v219 = v162 ? v217 : real(0.0);
                    const real v220 = fabs(v219);
                    const bool v221 = v220 <= real(1.5);
                    const bool v222 = v221 && v162;
                    const real v225 = v106 * v224;
                    const real v226 = v222 ? v219 : real(0.0);
                    const real v227 = v226 * v226;
                    const real v228 = v227 * real(28.0);
                    const real v229 = v228 + real(2520.0);
                    const real v230 = v227 + real(420.0);
                    const real v231 = v230 * v227;
                    const real v232 = v231 + real(15120.0);
                    const real v233 = v226 + real(2.0);
                    const real v234 = v233 * v232;
                    const real v235 = v227 * v229;
                    const real v236 = v234 + v235;
                    const real v238 = v232 * real(-2.0);
                    const real v239 = v238 / v236;
                    const real v240 = v239 * v225;
                    const real v241 = v240 * v226;
                    const real v242 = v123 - v225;
                    const real v243 = v222 ? v241 : v242;
                    const real v248 = v106 * v245;
                    const real v249 = v243 - v248;
                    const real v251 = v249 * v250;
                    const real v252 = v251 * v0;
                    store(at_by_input + row_by_input + column * step_by_input, v252);
                }
            }
        }
    }
}
