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
    const double given_temperature,
    const double given_rest_of_temperature,
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
    const real temperature = real(given_temperature);
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = (piece * lanes + lane) * 4, apart = pieces * lanes * 4, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        bool missing = !idle;
        double value = 0;
        const real v7 = real(1.0) / temperature;
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
        double v17_sum = 0;
        double v18_sum = 0;
        double v21_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 4;
            const auto pack_x = take<4>(at_x + row_x + column, left);
            const auto pack_t = take<4>(at_t + row_t + column, left);
            real v17_few = 0;
            real v18_few = 0;
            real v21_few = 0;
            #pragma unroll
            for (int i = 0; i < 4; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v2 = t - v0;
                const real v3 = x - v1;
                const real v4 = fabs(v2);
                const bool v5 = v4 < real(__uint_as_float(0x7f800000));
                const real v6 = v5 ? v2 : real(0.0);
                const real v8 = v6 * v7;
                const real v9 = v5 ? v8 : v2;
                const real v10 = exp(v9);
                const real v11 = fabs(v3);
                const bool v12 = v11 < real(__uint_as_float(0x7f800000));
                const real v13 = v12 ? v3 : real(0.0);
                const real v14 = v13 * v7;
                const real v15 = v12 ? v14 : v3;
                const real v16 = exp(v15);
                const real v19 = v2 - v3;
                const real v20 = v19 * v10;
                v17_few += v10;
                v18_few += v16;
                v21_few += v20;
            }
            v17_sum += v17_few;
            v18_sum += v18_few;
            v21_sum += v21_few;
        }
        v17_sum = of_team(shared, v17_sum, lanes, true);
        const real v17 = real(v17_sum);
        v18_sum = of_team(shared, v18_sum, lanes, true);
        const real v18 = real(v18_sum);
        v21_sum = of_team(shared, v21_sum, lanes, true);
        const real v21 = real(v21_sum);
        const real v22 = v21 / v17;
        const real v23 = v17 / v18;
        const real v24 = log(v23);
        const real v25 = fabs(v22);
        const bool v26 = v25 < real(__uint_as_float(0x7f800000));
        const real v27 = v26 ? v22 : real(0.0);
        const real v28 = v27 / temperature;
        const real v29 = v26 ? v28 : v22;
        const real v30 = v29 - v24;
        const bool v31 = v30 >= real(0.0625);
        const real v32 = v31 ? v30 : real(__uint_as_float(0x7fc00000));
        if (missing) value = double(v32);
        missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v33 = v0 - v1;
            const real v34 = fabs(v33);
            const bool v35 = v34 < real(1e+30);
            const real v42 = v33 - v0;
            const real v43 = v33 - v42;
            const real v44 = v0 - v43;
            const real v45 = v1 + v42;
            const real v46 = v44 - v45;
            const real v47 = v35 ? v33 : real(__uint_as_float(0x7fc00000));
            const real v48 = v35 ? v46 : real(__uint_as_float(0x7fc00000));
            const bool v52 = v29 > real(8.0);
            const real v53 = v52 ? real(0.0) : v22;
            const real v60 = v52 ? real(0.0) : v29;
            const real v61 = exp(v60);
            const bool v64 = !v52;
            double v88_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                real v88_few = 0;
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = fabs(v2);
                    const bool v5 = v4 < real(__uint_as_float(0x7f800000));
                    const real v6 = v5 ? v2 : real(0.0);
                    const real v8 = v6 * v7;
                    const real v9 = v5 ? v8 : v2;
                    const real v10 = exp(v9);
                    const real v11 = fabs(v3);
                    const bool v12 = v11 < real(__uint_as_float(0x7f800000));
                    const real v13 = v12 ? v3 : real(0.0);
                    const real v14 = v13 * v7;
                    const real v15 = v12 ? v14 : v3;
                    const real v16 = exp(v15);
                    const real v36 = t - x;
                    const real v37 = v36 - t;
                    const real v38 = v36 - v37;
                    const real v39 = t - v38;
                    const real v40 = x + v37;
                    const real v41 = v39 - v40;
                    const real v49 = v41 - v48;
                    const real v50 = v36 - v47;
                    const real v51 = v50 + v49;
                    const real v54 = v51 - v53;
                    const real v55 = fabs(v54);
                    const bool v56 = v55 < real(__uint_as_float(0x7f800000));
                    const real v57 = v56 ? v54 : real(0.0);
                    const real v58 = v57 * v7;
                    const real v59 = v56 ? v58 : v54;
                    const real v62 = fabs(v59);
                    const bool v63 = v62 <= real(1.5);
                    const bool v65 = v63 && v64;
                    const real v66 = v59 - real(1.0);
                    const real v67 = v10 * v66;
                    const real v68 = v52 ? real(0.0) : v67;
                    const real v69 = v16 * v61;
                    const real v70 = v68 + v69;
                    const real v71 = v65 ? v59 : real(0.0);
                    const real v72 = v71 * v71;
                    const real v73 = v72 * real(28.0);
                    const real v74 = v73 + real(2520.0);
                    const real v75 = v72 + real(420.0);
                    const real v76 = v75 * v72;
                    const real v77 = v76 + real(15120.0);
                    const real v78 = v71 + real(2.0);
                    const real v79 = v78 * v77;
                    const real v80 = v72 * v74;
                    const real v81 = v79 + v80;
                    const real v82 = v74 * v71;
                    const real v83 = v77 + v82;
                    const real v84 = v83 / v81;
                    const real v85 = v84 * v10;
                    const real v86 = v85 * v72;
                    const real v87 = v65 ? v86 : v70;
                    v88_few += v87;
                }
                v88_sum += v88_few;
            }
            v88_sum = of_team(shared, v88_sum, lanes, true);
            const real v88 = real(v88_sum);
            const real v89 = v88 * v61;
            const real v90 = v52 ? v89 : real(0.0);
            const real v91 = v52 ? real(0.0) : v88;
            const real v92 = v91 / v17;
            const real v93 = v90 / v17;
            const real v94 = v52 ? real(0.0) : v93;
            const real v95 = v92 + v94;
            const real v96 = log1p(v95);
            const real v97 = v52 ? v93 : real(1.0);
            const real v98 = log(v97);
            const bool v99 = v98 == real(0.0);
            const real v100 = v98 * temperature;
            const real v101 = v99 ? real(0.0) : v100;
            const real v102 = v22 + v101;
            const real v103 = fabs(v102);
            const bool v104 = v103 < real(__uint_as_float(0x7f800000));
            const real v105 = v104 ? v102 : real(0.0);
            const real v106 = v105 / temperature;
            const real v107 = v104 ? v106 : v102;
            const real v108 = v52 ? v107 : v96;
            const bool v109 = v108 == real(0.0);
            const real v110 = v108 * temperature;
            const real v111 = v109 ? real(0.0) : v110;
            const bool v112 = v111 == v111;
            const real v113 = v112 ? v111 : real(__uint_as_float(0x7fc00000));
            const bool v114 = v113 == real(0.0);
            const real v115 = v113 * temperature;
            const real v116 = v114 ? real(0.0) : v115;
            const bool v117 = v116 >= real(1e-06);
            const real v118 = v117 ? v108 : real(__uint_as_float(0x7fc00000));
            if (missing) value = double(v118);
            missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const real v119 = temperature * real(1572864.0);
                const real v124 = temperature * real(64.0);
                const real v132 = temperature * real(4096.0);
                const bool v134 = temperature < real(1.2676506002282294e+30);
                const bool v120 = v0 == v0;
                const real v121 = v120 ? v119 : real(__uint_as_float(0x7fc00000));
                const real v122 = v0 + v121;
                const real v123 = v122 - v121;
                const real v125 = v124 + v121;
                const real v126 = v125 - v121;
                const bool v127 = v123 > real(0.0);
                const real v128 = v127 ? v123 : real(0.0);
                const bool v129 = v128 < v126;
                const real v130 = v129 ? v128 : v126;
                const real v131 = fabs(v0);
                const bool v133 = v131 < v132;
                const bool v135 = v133 && v134;
                const real v136 = v123 - v130;
                const real v137 = v135 ? v136 : v0;
                const real v145 = v137 - v0;
                const real v146 = fabs(v145);
                const bool v147 = v146 < real(__uint_as_float(0x7f800000));
                const real v148 = v147 ? v145 : real(0.0);
                const real v149 = v148 / temperature;
                const real v150 = v147 ? v149 : v145;
                const real v151 = exp(v150);
                const bool v152 = v151 == v151;
                const real v153 = v152 ? v151 : real(__uint_as_float(0x7fc00000));
                const bool v155 = v1 == v1;
                const real v156 = v155 ? v119 : real(__uint_as_float(0x7fc00000));
                const real v157 = v1 + v156;
                const real v158 = v157 - v156;
                const real v159 = v124 + v156;
                const real v160 = v159 - v156;
                const bool v161 = v158 > real(0.0);
                const real v162 = v161 ? v158 : real(0.0);
                const bool v163 = v162 < v160;
                const real v164 = v163 ? v162 : v160;
                const real v165 = fabs(v1);
                const bool v166 = v165 < v132;
                const bool v167 = v166 && v134;
                const real v168 = v158 - v164;
                const real v169 = v167 ? v168 : v1;
                const real v177 = v169 - v1;
                const real v178 = fabs(v177);
                const bool v179 = v178 < real(__uint_as_float(0x7f800000));
                const real v180 = v179 ? v177 : real(0.0);
                const real v181 = v180 / temperature;
                const real v182 = v179 ? v181 : v177;
                const real v183 = exp(v182);
                const bool v184 = v183 == v183;
                const real v185 = v184 ? v183 : real(__uint_as_float(0x7fc00000));
                const real v187 = v35 ? real(0.0) : v0;
                const real v189 = v35 ? real(0.0) : v1;
                const real v210 = v35 ? v33 : real(0.0);
                const real v211 = v35 ? v46 : real(0.0);
                double v219_sum = 0;
                double v221_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v138 = t - v137;
                    const real v139 = fabs(v138);
                    const bool v140 = v139 < real(__uint_as_float(0x7f800000));
                    const real v141 = v140 ? v138 : real(0.0);
                    const real v142 = v141 * v7;
                    const real v143 = v140 ? v142 : v138;
                    const real v144 = exp(v143);
                    const real v154 = v144 * v153;
                    const real v188 = t - v187;
                    const real v190 = x - v189;
                    const real v191 = fabs(v188);
                    const bool v192 = v191 == real(__uint_as_float(0x7f800000));
                    const real v193 = fabs(v190);
                    const bool v194 = v193 == real(__uint_as_float(0x7f800000));
                    const bool v195 = v188 == v190;
                    const real v196 = v195 ? real(0.0) : v188;
                    const real v197 = -v190;
                    const real v198 = v192 ? real(0.0) : v188;
                    const real v199 = v194 ? real(0.0) : v190;
                    const real v200 = v198 - v199;
                    const real v201 = v200 - v198;
                    const real v202 = v200 - v201;
                    const real v203 = v198 - v202;
                    const real v204 = v199 + v201;
                    const real v205 = v203 - v204;
                    const real v206 = v194 ? v197 : v200;
                    const real v207 = v192 ? v196 : v206;
                    const bool v208 = v192 || v194;
                    const real v209 = v208 ? real(0.0) : v205;
                    const real v212 = v209 - v211;
                    const bool v213 = v212 == v212;
                    const real v214 = v213 ? v212 : real(0.0);
                    const real v215 = v207 - v210;
                    const real v216 = v215 + v214;
                    const bool v217 = v154 > real(0.0);
                    const real v218 = v217 ? v216 : real(0.0);
                    const real v220 = v154 * v218;
                    v219_sum += v154;
                    v221_sum += v220;
                }
                v219_sum = of_team(shared, v219_sum, lanes, true);
                const real v219 = real(v219_sum);
                v221_sum = of_team(shared, v221_sum, lanes, true);
                const real v221 = real(v221_sum);
                const real v222 = v221 / v219;
                const real v223 = fabs(v222);
                const bool v224 = v223 < real(__uint_as_float(0x7f800000));
                const real v225 = v224 ? v222 : real(0.0);
                const real v226 = v225 / temperature;
                const real v227 = v224 ? v226 : v222;
                const bool v228 = v227 > real(8.0);
                const real v229 = v228 ? real(0.0) : v222;
                const real v236 = v228 ? real(0.0) : v227;
                const real v237 = exp(v236);
                const bool v240 = !v228;
                double v265_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v138 = t - v137;
                    const real v139 = fabs(v138);
                    const bool v140 = v139 < real(__uint_as_float(0x7f800000));
                    const real v141 = v140 ? v138 : real(0.0);
                    const real v142 = v141 * v7;
                    const real v143 = v140 ? v142 : v138;
                    const real v144 = exp(v143);
                    const real v154 = v144 * v153;
                    const real v170 = x - v169;
                    const real v171 = fabs(v170);
                    const bool v172 = v171 < real(__uint_as_float(0x7f800000));
                    const real v173 = v172 ? v170 : real(0.0);
                    const real v174 = v173 * v7;
                    const real v175 = v172 ? v174 : v170;
                    const real v176 = exp(v175);
                    const real v186 = v176 * v185;
                    const real v188 = t - v187;
                    const real v190 = x - v189;
                    const real v191 = fabs(v188);
                    const bool v192 = v191 == real(__uint_as_float(0x7f800000));
                    const real v193 = fabs(v190);
                    const bool v194 = v193 == real(__uint_as_float(0x7f800000));
                    const bool v195 = v188 == v190;
                    const real v196 = v195 ? real(0.0) : v188;
                    const real v197 = -v190;
                    const real v198 = v192 ? real(0.0) : v188;
                    const real v199 = v194 ? real(0.0) : v190;
                    const real v200 = v198 - v199;
                    const real v201 = v200 - v198;
                    const real v202 = v200 - v201;
                    const real v203 = v198 - v202;
                    const real v204 = v199 + v201;
                    const real v205 = v203 - v204;
                    const real v206 = v194 ? v197 : v200;
                    const real v207 = v192 ? v196 : v206;
                    const bool v208 = v192 || v194;
                    const real v209 = v208 ? real(0.0) : v205;
                    const real v212 = v209 - v211;
                    const bool v213 = v212 == v212;
                    const real v214 = v213 ? v212 : real(0.0);
                    const real v215 = v207 - v210;
                    const real v216 = v215 + v214;
                    const bool v217 = v154 > real(0.0);
                    const real v218 = v217 ? v216 : real(0.0);
                    const real v230 = v218 - v229;
                    const real v231 = fabs(v230);
                    const bool v232 = v231 < real(__uint_as_float(0x7f800000));
                    const real v233 = v232 ? v230 : real(0.0);
                    const real v234 = v233 * v7;
                    const real v235 = v232 ? v234 : v230;
                    const real v238 = fabs(v235);
                    const bool v239 = v238 <= real(1.5);
                    const bool v241 = v239 && v240;
                    const bool v242 = v241 && v217;
                    const real v243 = v235 - real(1.0);
                    const real v244 = v154 * v243;
                    const real v245 = v228 ? real(0.0) : v244;
                    const real v246 = v186 * v237;
                    const real v247 = v245 + v246;
                    const real v248 = v242 ? v235 : real(0.0);
                    const real v249 = v248 * v248;
                    const real v250 = v249 * real(28.0);
                    const real v251 = v250 + real(2520.0);
                    const real v252 = v249 + real(420.0);
                    const real v253 = v252 * v249;
                    const real v254 = v253 + real(15120.0);
                    const real v255 = v248 + real(2.0);
                    const real v256 = v255 * v254;
                    const real v257 = v249 * v251;
                    const real v258 = v256 + v257;
                    const real v259 = v251 * v248;
                    const real v260 = v254 + v259;
                    const real v261 = v260 / v258;
                    const real v262 = v261 * v154;
                    const real v263 = v262 * v249;
                    const real v264 = v242 ? v263 : v247;
                    v265_sum += v264;
                }
                v265_sum = of_team(shared, v265_sum, lanes, true);
                const real v265 = real(v265_sum);
                const real v266 = v265 * v237;
                const real v267 = v228 ? v266 : real(0.0);
                const real v268 = v228 ? real(0.0) : v265;
                const real v269 = v268 / v219;
                const real v270 = v267 / v219;
                const real v271 = v228 ? real(0.0) : v270;
                const real v272 = v269 + v271;
                const real v273 = log1p(v272);
                const real v274 = v228 ? v270 : real(1.0);
                const real v275 = log(v274);
                const bool v276 = v275 == real(0.0);
                const real v277 = v275 * temperature;
                const real v278 = v276 ? real(0.0) : v277;
                const real v279 = v222 + v278;
                const real v280 = fabs(v279);
                const bool v281 = v280 < real(__uint_as_float(0x7f800000));
                const real v282 = v281 ? v279 : real(0.0);
                const real v283 = v282 / temperature;
                const real v284 = v281 ? v283 : v279;
                const real v285 = v228 ? v284 : v273;
                if (missing) value = double(v285);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
