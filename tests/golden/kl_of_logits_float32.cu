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
            const real v53 = real(1.0) / real(1.0);
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
            const real v54 = v52 ? real(0.0) : v22;
            const real v61 = v52 ? real(0.0) : v29;
            const real v62 = exp(v61);
            const bool v65 = !v52;
            const real v70 = v62 * v53;
            double v90_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                real v90_few = 0;
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
                    const real v55 = v51 - v54;
                    const real v56 = fabs(v55);
                    const bool v57 = v56 < real(__uint_as_float(0x7f800000));
                    const real v58 = v57 ? v55 : real(0.0);
                    const real v59 = v58 * v7;
                    const real v60 = v57 ? v59 : v55;
                    const real v63 = fabs(v60);
                    const bool v64 = v63 <= real(1.5);
                    const bool v66 = v64 && v65;
                    const real v67 = v60 - real(1.0);
                    const real v68 = v10 * v67;
                    const real v69 = v52 ? real(0.0) : v68;
                    const real v71 = v16 * v70;
                    const real v72 = v69 + v71;
                    const real v73 = v66 ? v60 : real(0.0);
                    const real v74 = v73 * v73;
                    const real v75 = v74 * real(28.0);
                    const real v76 = v75 + real(2520.0);
                    const real v77 = v74 + real(420.0);
                    const real v78 = v77 * v74;
                    const real v79 = v78 + real(15120.0);
                    const real v80 = v73 + real(2.0);
                    const real v81 = v80 * v79;
                    const real v82 = v74 * v76;
                    const real v83 = v81 + v82;
                    const real v84 = v76 * v73;
                    const real v85 = v79 + v84;
                    const real v86 = v85 / v83;
                    const real v87 = v86 * v10;
                    const real v88 = v87 * v74;
                    const real v89 = v66 ? v88 : v72;
                    v90_few += v89;
                }
                v90_sum += v90_few;
            }
            v90_sum = of_team(shared, v90_sum, lanes, true);
            const real v90 = real(v90_sum);
            const real v91 = v90 * v62;
            const real v92 = v52 ? v91 : real(0.0);
            const real v93 = v52 ? real(0.0) : v90;
            const real v94 = v93 / v17;
            const real v95 = v92 / v17;
            const real v96 = v52 ? real(0.0) : v95;
            const real v97 = v94 + v96;
            const real v98 = log1p(v97);
            const real v99 = v52 ? v95 : real(1.0);
            const real v100 = log(v99);
            const bool v101 = v100 == real(0.0);
            const real v102 = v100 * temperature;
            const real v103 = v101 ? real(0.0) : v102;
            const real v104 = v22 + v103;
            const real v105 = fabs(v104);
            const bool v106 = v105 < real(__uint_as_float(0x7f800000));
            const real v107 = v106 ? v104 : real(0.0);
            const real v108 = v107 / temperature;
            const real v109 = v106 ? v108 : v104;
            const real v110 = v52 ? v109 : v98;
            const bool v111 = v110 == real(0.0);
            const real v112 = v110 * temperature;
            const real v113 = v111 ? real(0.0) : v112;
            const bool v114 = v113 == v113;
            const real v115 = v114 ? v113 : real(__uint_as_float(0x7fc00000));
            const bool v116 = v115 == real(0.0);
            const real v117 = v115 * temperature;
            const real v118 = v116 ? real(0.0) : v117;
            const bool v119 = v118 >= real(1e-06);
            const real v120 = v119 ? v110 : real(__uint_as_float(0x7fc00000));
            if (missing) value = double(v120);
            missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const real v121 = v0 - v0;
                const real v122 = fabs(v121);
                const bool v123 = v122 < real(__uint_as_float(0x7f800000));
                const real v124 = v123 ? v121 : real(0.0);
                const real v125 = v124 / temperature;
                const real v126 = v123 ? v125 : v121;
                const real v127 = exp(v126);
                const bool v128 = v127 == v127;
                const real v129 = v128 ? v127 : real(__uint_as_float(0x7fc00000));
                const real v130 = v1 - v1;
                const real v131 = fabs(v130);
                const bool v132 = v131 < real(__uint_as_float(0x7f800000));
                const real v133 = v132 ? v130 : real(0.0);
                const real v134 = v133 / temperature;
                const real v135 = v132 ? v134 : v130;
                const real v136 = exp(v135);
                const bool v137 = v136 == v136;
                const real v138 = v137 ? v136 : real(__uint_as_float(0x7fc00000));
                const real v139 = v35 ? real(0.0) : v0;
                const real v141 = v35 ? real(0.0) : v1;
                const real v162 = v35 ? v33 : real(0.0);
                const real v163 = v35 ? v46 : real(0.0);
                const real v182 = v138 / v129;
                double v173_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v2 = t - v0;
                    const real v4 = fabs(v2);
                    const bool v5 = v4 < real(__uint_as_float(0x7f800000));
                    const real v6 = v5 ? v2 : real(0.0);
                    const real v8 = v6 * v7;
                    const real v9 = v5 ? v8 : v2;
                    const real v10 = exp(v9);
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
                    const real v164 = v161 - v163;
                    const bool v165 = v164 == v164;
                    const real v166 = v165 ? v164 : real(0.0);
                    const real v167 = v159 - v162;
                    const real v168 = v167 + v166;
                    const bool v169 = v10 > real(0.0);
                    const real v170 = v169 ? v168 : real(0.0);
                    const real v171 = v170 * v129;
                    const real v172 = v10 * v171;
                    v173_sum += v172;
                }
                v173_sum = of_team(shared, v173_sum, lanes, true);
                const real v173 = real(v173_sum);
                const real v174 = v17 * v129;
                const real v175 = v173 / v174;
                const real v176 = fabs(v175);
                const bool v177 = v176 < real(__uint_as_float(0x7f800000));
                const real v178 = v177 ? v175 : real(0.0);
                const real v179 = v178 / temperature;
                const real v180 = v177 ? v179 : v175;
                const bool v181 = v180 > real(8.0);
                const real v183 = v181 ? real(0.0) : v175;
                const real v190 = v181 ? real(0.0) : v180;
                const real v191 = exp(v190);
                const bool v194 = !v181;
                const real v200 = v191 * v182;
                double v220_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
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
                    const real v164 = v161 - v163;
                    const bool v165 = v164 == v164;
                    const real v166 = v165 ? v164 : real(0.0);
                    const real v167 = v159 - v162;
                    const real v168 = v167 + v166;
                    const bool v169 = v10 > real(0.0);
                    const real v170 = v169 ? v168 : real(0.0);
                    const real v184 = v170 - v183;
                    const real v185 = fabs(v184);
                    const bool v186 = v185 < real(__uint_as_float(0x7f800000));
                    const real v187 = v186 ? v184 : real(0.0);
                    const real v188 = v187 * v7;
                    const real v189 = v186 ? v188 : v184;
                    const real v192 = fabs(v189);
                    const bool v193 = v192 <= real(1.5);
                    const bool v195 = v193 && v194;
                    const bool v196 = v195 && v169;
                    const real v197 = v189 - real(1.0);
                    const real v198 = v10 * v197;
                    const real v199 = v181 ? real(0.0) : v198;
                    const real v201 = v16 * v200;
                    const real v202 = v199 + v201;
                    const real v203 = v196 ? v189 : real(0.0);
                    const real v204 = v203 * v203;
                    const real v205 = v204 * real(28.0);
                    const real v206 = v205 + real(2520.0);
                    const real v207 = v204 + real(420.0);
                    const real v208 = v207 * v204;
                    const real v209 = v208 + real(15120.0);
                    const real v210 = v203 + real(2.0);
                    const real v211 = v210 * v209;
                    const real v212 = v204 * v206;
                    const real v213 = v211 + v212;
                    const real v214 = v206 * v203;
                    const real v215 = v209 + v214;
                    const real v216 = v215 / v213;
                    const real v217 = v216 * v10;
                    const real v218 = v217 * v204;
                    const real v219 = v196 ? v218 : v202;
                    v220_sum += v219;
                }
                v220_sum = of_team(shared, v220_sum, lanes, true);
                const real v220 = real(v220_sum);
                const real v221 = v220 * v191;
                const real v222 = v181 ? v221 : real(0.0);
                const real v223 = v181 ? real(0.0) : v220;
                const real v224 = v223 / v17;
                const real v225 = v222 / v17;
                const real v226 = v181 ? real(0.0) : v225;
                const real v227 = v224 + v226;
                const real v228 = log1p(v227);
                const real v229 = v181 ? v225 : real(1.0);
                const real v230 = log(v229);
                const bool v231 = v230 == real(0.0);
                const real v232 = v230 * temperature;
                const real v233 = v231 ? real(0.0) : v232;
                const real v234 = v175 + v233;
                const real v235 = fabs(v234);
                const bool v236 = v235 < real(__uint_as_float(0x7f800000));
                const real v237 = v236 ? v234 : real(0.0);
                const real v238 = v237 / temperature;
                const real v239 = v236 ? v238 : v234;
                const real v240 = v181 ? v239 : v228;
                if (missing) value = double(v240);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
