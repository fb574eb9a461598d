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
        double v23_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 4;
            const auto pack_x = take<4>(at_x + row_x + column, left);
            const auto pack_t = take<4>(at_t + row_t + column, left);
            real v17_few = 0;
            real v18_few = 0;
            real v23_few = 0;
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
                const bool v20 = v10 > real(0.0);
                const real v21 = v20 ? v19 : real(0.0);
                const real v22 = v21 * v10;
                v17_few += v10;
                v18_few += v16;
                v23_few += v22;
            }
            v17_sum += v17_few;
            v18_sum += v18_few;
            v23_sum += v23_few;
        }
        v17_sum = of_team(shared, v17_sum, lanes, true);
        const real v17 = real(v17_sum);
        v18_sum = of_team(shared, v18_sum, lanes, true);
        const real v18 = real(v18_sum);
        v23_sum = of_team(shared, v23_sum, lanes, true);
        const real v23 = real(v23_sum);
        const real v24 = v23 / v17;
        const real v25 = v17 / v18;
        const real v26 = log(v25);
        const real v27 = fabs(v24);
        const bool v28 = v27 < real(__uint_as_float(0x7f800000));
        const real v29 = v28 ? v24 : real(0.0);
        const real v30 = v29 / temperature;
        const real v31 = v28 ? v30 : v24;
        const real v32 = v31 - v26;
        const bool v33 = v32 >= real(0.0625);
        const real v34 = v33 ? v32 : real(__uint_as_float(0x7fc00000));
        if (missing) value = double(v34);
        missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v38 = v0 - v1;
            const real v39 = fabs(v38);
            const bool v40 = v39 < real(1e+30);
            const real v47 = v38 - v0;
            const real v48 = v38 - v47;
            const real v49 = v0 - v48;
            const real v50 = v1 + v47;
            const real v51 = v49 - v50;
            const real v52 = v40 ? v38 : real(__uint_as_float(0x7fc00000));
            const real v53 = v40 ? v51 : real(__uint_as_float(0x7fc00000));
            double v36_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                real v36_few = 0;
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
                    const real v19 = v2 - v3;
                    const real v35 = v19 * v10;
                    v36_few += v35;
                }
                v36_sum += v36_few;
            }
            v36_sum = of_team(shared, v36_sum, lanes, true);
            const real v36 = real(v36_sum);
            const real v37 = v36 / v17;
            const real v57 = fabs(v37);
            const bool v58 = v57 < real(__uint_as_float(0x7f800000));
            const real v59 = v58 ? v37 : real(0.0);
            const real v60 = v59 / temperature;
            const real v61 = v58 ? v60 : v37;
            const bool v62 = v61 > real(8.0);
            const real v63 = v62 ? real(0.0) : v37;
            const real v70 = v62 ? real(0.0) : v61;
            const real v71 = exp(v70);
            const bool v74 = !v62;
            double v98_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 4;
                const auto pack_x = take<4>(at_x + row_x + column, left);
                const auto pack_t = take<4>(at_t + row_t + column, left);
                real v98_few = 0;
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
                    const real v41 = t - x;
                    const real v42 = v41 - t;
                    const real v43 = v41 - v42;
                    const real v44 = t - v43;
                    const real v45 = x + v42;
                    const real v46 = v44 - v45;
                    const real v54 = v46 - v53;
                    const real v55 = v41 - v52;
                    const real v56 = v55 + v54;
                    const real v64 = v56 - v63;
                    const real v65 = fabs(v64);
                    const bool v66 = v65 < real(__uint_as_float(0x7f800000));
                    const real v67 = v66 ? v64 : real(0.0);
                    const real v68 = v67 * v7;
                    const real v69 = v66 ? v68 : v64;
                    const real v72 = fabs(v69);
                    const bool v73 = v72 <= real(1.5);
                    const bool v75 = v73 && v74;
                    const real v76 = v69 - real(1.0);
                    const real v77 = v10 * v76;
                    const real v78 = v62 ? real(0.0) : v77;
                    const real v79 = v16 * v71;
                    const real v80 = v78 + v79;
                    const real v81 = v75 ? v69 : real(0.0);
                    const real v82 = v81 * v81;
                    const real v83 = v82 * real(28.0);
                    const real v84 = v83 + real(2520.0);
                    const real v85 = v82 + real(420.0);
                    const real v86 = v85 * v82;
                    const real v87 = v86 + real(15120.0);
                    const real v88 = v81 + real(2.0);
                    const real v89 = v88 * v87;
                    const real v90 = v82 * v84;
                    const real v91 = v89 + v90;
                    const real v92 = v84 * v81;
                    const real v93 = v87 + v92;
                    const real v94 = v93 / v91;
                    const real v95 = v94 * v10;
                    const real v96 = v95 * v82;
                    const real v97 = v75 ? v96 : v80;
                    v98_few += v97;
                }
                v98_sum += v98_few;
            }
            v98_sum = of_team(shared, v98_sum, lanes, true);
            const real v98 = real(v98_sum);
            const real v99 = v98 * v71;
            const real v100 = v62 ? v99 : real(0.0);
            const real v101 = v62 ? real(0.0) : v98;
            const real v102 = v101 / v17;
            const real v103 = v100 / v17;
            const real v104 = v62 ? real(0.0) : v103;
            const real v105 = v102 + v104;
            const real v106 = log1p(v105);
            const real v107 = v62 ? v103 : real(1.0);
            const real v108 = log(v107);
            const bool v109 = v108 == real(0.0);
            const real v110 = v108 * temperature;
            const real v111 = v109 ? real(0.0) : v110;
            const real v112 = v37 + v111;
            const real v113 = fabs(v112);
            const bool v114 = v113 < real(__uint_as_float(0x7f800000));
            const real v115 = v114 ? v112 : real(0.0);
            const real v116 = v115 / temperature;
            const real v117 = v114 ? v116 : v112;
            const real v118 = v62 ? v117 : v106;
            const bool v119 = v118 == real(0.0);
            const real v120 = v118 * temperature;
            const real v121 = v119 ? real(0.0) : v120;
            const bool v122 = v121 == v121;
            const real v123 = v122 ? v121 : real(__uint_as_float(0x7fc00000));
            const bool v124 = v123 == real(0.0);
            const real v125 = v123 * temperature;
            const real v126 = v124 ? real(0.0) : v125;
            const bool v127 = v126 >= real(1e-06);
            const real v128 = v127 ? v118 : real(__uint_as_float(0x7fc00000));
            if (missing) value = double(v128);
            missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const real v129 = temperature * real(1572864.0);
                const real v134 = temperature * real(64.0);
                const real v142 = temperature * real(4096.0);
                const bool v144 = temperature < real(1.2676506002282294e+30);
                const bool v130 = v0 == v0;
                const real v131 = v130 ? v129 : real(__uint_as_float(0x7fc00000));
                const real v132 = v0 + v131;
                const real v133 = v132 - v131;
                const real v135 = v134 + v131;
                const real v136 = v135 - v131;
                const bool v137 = v133 > real(0.0);
                const real v138 = v137 ? v133 : real(0.0);
                const bool v139 = v138 < v136;
                const real v140 = v139 ? v138 : v136;
                const real v141 = fabs(v0);
                const bool v143 = v141 < v142;
                const bool v145 = v143 && v144;
                const real v146 = v133 - v140;
                const real v147 = v145 ? v146 : v0;
                const real v155 = v147 - v0;
                const real v156 = fabs(v155);
                const bool v157 = v156 < real(__uint_as_float(0x7f800000));
                const real v158 = v157 ? v155 : real(0.0);
                const real v159 = v158 / temperature;
                const real v160 = v157 ? v159 : v155;
                const real v161 = exp(v160);
                const bool v162 = v161 == v161;
                const real v163 = v162 ? v161 : real(__uint_as_float(0x7fc00000));
                const bool v165 = v1 == v1;
                const real v166 = v165 ? v129 : real(__uint_as_float(0x7fc00000));
                const real v167 = v1 + v166;
                const real v168 = v167 - v166;
                const real v169 = v134 + v166;
                const real v170 = v169 - v166;
                const bool v171 = v168 > real(0.0);
                const real v172 = v171 ? v168 : real(0.0);
                const bool v173 = v172 < v170;
                const real v174 = v173 ? v172 : v170;
                const real v175 = fabs(v1);
                const bool v176 = v175 < v142;
                const bool v177 = v176 && v144;
                const real v178 = v168 - v174;
                const real v179 = v177 ? v178 : v1;
                const real v187 = v179 - v1;
                const real v188 = fabs(v187);
                const bool v189 = v188 < real(__uint_as_float(0x7f800000));
                const real v190 = v189 ? v187 : real(0.0);
                const real v191 = v190 / temperature;
                const real v192 = v189 ? v191 : v187;
                const real v193 = exp(v192);
                const bool v194 = v193 == v193;
                const real v195 = v194 ? v193 : real(__uint_as_float(0x7fc00000));
                const real v197 = v40 ? real(0.0) : v0;
                const real v199 = v40 ? real(0.0) : v1;
                const real v220 = v40 ? v38 : real(0.0);
                const real v221 = v40 ? v51 : real(0.0);
                double v229_sum = 0;
                double v231_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v148 = t - v147;
                    const real v149 = fabs(v148);
                    const bool v150 = v149 < real(__uint_as_float(0x7f800000));
                    const real v151 = v150 ? v148 : real(0.0);
                    const real v152 = v151 * v7;
                    const real v153 = v150 ? v152 : v148;
                    const real v154 = exp(v153);
                    const real v164 = v154 * v163;
                    const real v198 = t - v197;
                    const real v200 = x - v199;
                    const real v201 = fabs(v198);
                    const bool v202 = v201 == real(__uint_as_float(0x7f800000));
                    const real v203 = fabs(v200);
                    const bool v204 = v203 == real(__uint_as_float(0x7f800000));
                    const bool v205 = v198 == v200;
                    const real v206 = v205 ? real(0.0) : v198;
                    const real v207 = -v200;
                    const real v208 = v202 ? real(0.0) : v198;
                    const real v209 = v204 ? real(0.0) : v200;
                    const real v210 = v208 - v209;
                    const real v211 = v210 - v208;
                    const real v212 = v210 - v211;
                    const real v213 = v208 - v212;
                    const real v214 = v209 + v211;
                    const real v215 = v213 - v214;
                    const real v216 = v204 ? v207 : v210;
                    const real v217 = v202 ? v206 : v216;
                    const bool v218 = v202 || v204;
                    const real v219 = v218 ? real(0.0) : v215;
                    const real v222 = v219 - v221;
                    const bool v223 = v222 == v222;
                    const real v224 = v223 ? v222 : real(0.0);
                    const real v225 = v217 - v220;
                    const real v226 = v225 + v224;
                    const bool v227 = v164 > real(0.0);
                    const real v228 = v227 ? v226 : real(0.0);
                    const real v230 = v164 * v228;
                    v229_sum += v164;
                    v231_sum += v230;
                }
                v229_sum = of_team(shared, v229_sum, lanes, true);
                const real v229 = real(v229_sum);
                v231_sum = of_team(shared, v231_sum, lanes, true);
                const real v231 = real(v231_sum);
                const real v232 = v231 / v229;
                const real v233 = fabs(v232);
                const bool v234 = v233 < real(__uint_as_float(0x7f800000));
                const real v235 = v234 ? v232 : real(0.0);
                const real v236 = v235 / temperature;
                const real v237 = v234 ? v236 : v232;
                const bool v238 = v237 > real(8.0);
                const real v239 = v238 ? real(0.0) : v232;
                const real v246 = v238 ? real(0.0) : v237;
                const real v247 = exp(v246);
                const bool v250 = !v238;
                double v275_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v148 = t - v147;
                    const real v149 = fabs(v148);
                    const bool v150 = v149 < real(__uint_as_float(0x7f800000));
                    const real v151 = v150 ? v148 : real(0.0);
                    const real v152 = v151 * v7;
                    const real v153 = v150 ? v152 : v148;
                    const real v154 = exp(v153);
                    const real v164 = v154 * v163;
                    const real v180 = x - v179;
                    const real v181 = fabs(v180);
                    const bool v182 = v181 < real(__uint_as_float(0x7f800000));
                    const real v183 = v182 ? v180 : real(0.0);
                    const real v184 = v183 * v7;
                    const real v185 = v182 ? v184 : v180;
                    const real v186 = exp(v185);
                    const real v196 = v186 * v195;
                    const real v198 = t - v197;
                    const real v200 = x - v199;
                    const real v201 = fabs(v198);
                    const bool v202 = v201 == real(__uint_as_float(0x7f800000));
                    const real v203 = fabs(v200);
                    const bool v204 = v203 == real(__uint_as_float(0x7f800000));
                    const bool v205 = v198 == v200;
                    const real v206 = v205 ? real(0.0) : v198;
                    const real v207 = -v200;
                    const real v208 = v202 ? real(0.0) : v198;
                    const real v209 = v204 ? real(0.0) : v200;
                    const real v210 = v208 - v209;
                    const real v211 = v210 - v208;
                    const real v212 = v210 - v211;
                    const real v213 = v208 - v212;
                    const real v214 = v209 + v211;
                    const real v215 = v213 - v214;
                    const real v216 = v204 ? v207 : v210;
                    const real v217 = v202 ? v206 : v216;
                    const bool v218 = v202 || v204;
                    const real v219 = v218 ? real(0.0) : v215;
                    const real v222 = v219 - v221;
                    const bool v223 = v222 == v222;
                    const real v224 = v223 ? v222 : real(0.0);
                    const real v225 = v217 - v220;
                    const real v226 = v225 + v224;
                    const bool v227 = v164 > real(0.0);
                    const real v228 = v227 ? v226 : real(0.0);
                    const real v240 = v228 - v239;
                    const real v241 = fabs(v240);
                    const bool v242 = v241 < real(__uint_as_float(0x7f800000));
                    const real v243 = v242 ? v240 : real(0.0);
                    const real v244 = v243 * v7;
                    const real v245 = v242 ? v244 : v240;
                    const real v248 = fabs(v245);
                    const bool v249 = v248 <= real(1.5);
                    const bool v251 = v249 && v250;
                    const bool v252 = v251 && v227;
                    const real v253 = v245 - real(1.0);
                    const real v254 = v164 * v253;
                    const real v255 = v238 ? real(0.0) : v254;
                    const real v256 = v196 * v247;
                    const real v257 = v255 + v256;
                    const real v258 = v252 ? v245 : real(0.0);
                    const real v259 = v258 * v258;
                    const real v260 = v259 * real(28.0);
                    const real v261 = v260 + real(2520.0);
                    const real v262 = v259 + real(420.0);
                    const real v263 = v262 * v259;
                    const real v264 = v263 + real(15120.0);
                    const real v265 = v258 + real(2.0);
                    const real v266 = v265 * v264;
                    const real v267 = v259 * v261;
                    const real v268 = v266 + v267;
                    const real v269 = v261 * v258;
                    const real v270 = v264 + v269;
                    const real v271 = v270 / v268;
                    const real v272 = v271 * v164;
                    const real v273 = v272 * v259;
                    const real v274 = v252 ? v273 : v257;
                    v275_sum += v274;
                }
                v275_sum = of_team(shared, v275_sum, lanes, true);
                const real v275 = real(v275_sum);
                const real v276 = v275 * v247;
                const real v277 = v238 ? v276 : real(0.0);
                const real v278 = v238 ? real(0.0) : v275;
                const real v279 = v278 / v229;
                const real v280 = v277 / v229;
                const real v281 = v238 ? real(0.0) : v280;
                const real v282 = v279 + v281;
                const real v283 = log1p(v282);
                const real v284 = v238 ? v280 : real(1.0);
                const real v285 = log(v284);
                const bool v286 = v285 == real(0.0);
                const real v287 = v285 * temperature;
                const real v288 = v286 ? real(0.0) : v287;
                const real v289 = v232 + v288;
                const real v290 = fabs(v289);
                const bool v291 = v290 < real(__uint_as_float(0x7f800000));
                const real v292 = v291 ? v289 : real(0.0);
                const real v293 = v292 / temperature;
                const real v294 = v291 ? v293 : v289;
                const real v295 = v238 ? v294 : v283;
                if (missing) value = double(v295);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
