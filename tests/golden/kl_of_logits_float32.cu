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
                const real v119 = v0 - v0;
                const real v120 = fabs(v119);
                const bool v121 = v120 < real(__uint_as_float(0x7f800000));
                const real v122 = v121 ? v119 : real(0.0);
                const real v123 = v122 / temperature;
                const real v124 = v121 ? v123 : v119;
                const real v125 = exp(v124);
                const bool v126 = v125 == v125;
                const real v127 = v126 ? v125 : real(__uint_as_float(0x7fc00000));
                const real v129 = v1 - v1;
                const real v130 = fabs(v129);
                const bool v131 = v130 < real(__uint_as_float(0x7f800000));
                const real v132 = v131 ? v129 : real(0.0);
                const real v133 = v132 / temperature;
                const real v134 = v131 ? v133 : v129;
                const real v135 = exp(v134);
                const bool v136 = v135 == v135;
                const real v137 = v136 ? v135 : real(__uint_as_float(0x7fc00000));
                const real v139 = v35 ? real(0.0) : v0;
                const real v141 = v35 ? real(0.0) : v1;
                const real v162 = v35 ? v33 : real(0.0);
                const real v163 = v35 ? v46 : real(0.0);
                double v171_sum = 0;
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
                    const real v128 = v10 * v127;
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
                    const bool v169 = v128 > real(0.0);
                    const real v170 = v169 ? v168 : real(0.0);
                    const real v172 = v128 * v170;
                    v171_sum += v128;
                    v173_sum += v172;
                }
                v171_sum = of_team(shared, v171_sum, lanes, true);
                const real v171 = real(v171_sum);
                v173_sum = of_team(shared, v173_sum, lanes, true);
                const real v173 = real(v173_sum);
                const real v174 = v173 / v171;
                const real v175 = fabs(v174);
                const bool v176 = v175 < real(__uint_as_float(0x7f800000));
                const real v177 = v176 ? v174 : real(0.0);
                const real v178 = v177 / temperature;
                const real v179 = v176 ? v178 : v174;
                const bool v180 = v179 > real(8.0);
                const real v181 = v180 ? real(0.0) : v174;
                const real v188 = v180 ? real(0.0) : v179;
                const real v189 = exp(v188);
                const bool v192 = !v180;
                double v217_sum = 0;
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
                    const real v128 = v10 * v127;
                    const real v138 = v16 * v137;
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
                    const bool v169 = v128 > real(0.0);
                    const real v170 = v169 ? v168 : real(0.0);
                    const real v182 = v170 - v181;
                    const real v183 = fabs(v182);
                    const bool v184 = v183 < real(__uint_as_float(0x7f800000));
                    const real v185 = v184 ? v182 : real(0.0);
                    const real v186 = v185 * v7;
                    const real v187 = v184 ? v186 : v182;
                    const real v190 = fabs(v187);
                    const bool v191 = v190 <= real(1.5);
                    const bool v193 = v191 && v192;
                    const bool v194 = v193 && v169;
                    const real v195 = v187 - real(1.0);
                    const real v196 = v128 * v195;
                    const real v197 = v180 ? real(0.0) : v196;
                    const real v198 = v138 * v189;
                    const real v199 = v197 + v198;
                    const real v200 = v194 ? v187 : real(0.0);
                    const real v201 = v200 * v200;
                    const real v202 = v201 * real(28.0);
                    const real v203 = v202 + real(2520.0);
                    const real v204 = v201 + real(420.0);
                    const real v205 = v204 * v201;
                    const real v206 = v205 + real(15120.0);
                    const real v207 = v200 + real(2.0);
                    const real v208 = v207 * v206;
                    const real v209 = v201 * v203;
                    const real v210 = v208 + v209;
                    const real v211 = v203 * v200;
                    const real v212 = v206 + v211;
                    const real v213 = v212 / v210;
                    const real v214 = v213 * v128;
                    const real v215 = v214 * v201;
                    const real v216 = v194 ? v215 : v199;
                    v217_sum += v216;
                }
                v217_sum = of_team(shared, v217_sum, lanes, true);
                const real v217 = real(v217_sum);
                const real v218 = v217 * v189;
                const real v219 = v180 ? v218 : real(0.0);
                const real v220 = v180 ? real(0.0) : v217;
                const real v221 = v220 / v171;
                const real v222 = v219 / v171;
                const real v223 = v180 ? real(0.0) : v222;
                const real v224 = v221 + v223;
                const real v225 = log1p(v224);
                const real v226 = v180 ? v222 : real(1.0);
                const real v227 = log(v226);
                const bool v228 = v227 == real(0.0);
                const real v229 = v227 * temperature;
                const real v230 = v228 ? real(0.0) : v229;
                const real v231 = v174 + v230;
                const real v232 = fabs(v231);
                const bool v233 = v232 < real(__uint_as_float(0x7f800000));
                const real v234 = v233 ? v231 : real(0.0);
                const real v235 = v234 / temperature;
                const real v236 = v233 ? v235 : v231;
                const real v237 = v180 ? v236 : v225;
                if (missing) value = double(v237);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
