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

extern "C" __global__ void __launch_bounds__(256, 4) rows_of_arrays(
    const bfloat16 *__restrict__ at_x,
    const bfloat16 *__restrict__ at_t,
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
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = (piece * lanes + lane) * 8, apart = pieces * lanes * 8, end = idle ? 0 : columns;
        integer row_at_0 = row;
        const integer row_x = row_at_0 * row_x_0;
        const integer row_t = row_at_0 * row_t_0;
        bool missing = !idle;
        double value = 0;
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
        double v6_sum = 0;
        double v7_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            real v6_few = 0;
            real v7_few = 0;
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v2 = t - v0;
                const real v3 = x - v1;
                const real v4 = exp(v2);
                const real v5 = exp(v3);
                v6_few += v4;
                v7_few += v5;
            }
            v6_sum += v6_few;
            v7_sum += v7_few;
        }
        v6_sum = of_team(shared, v6_sum, lanes, true);
        const real v6 = real(v6_sum);
        v7_sum = of_team(shared, v7_sum, lanes, true);
        const real v7 = real(v7_sum);
        const real v8 = log(v6);
        const real v9 = log(v7);
        const real v10 = v8 - v9;
        const real v11 = v10 * real(0.5);
        const real v12 = v0 + v11;
        const real v13 = v1 - v11;
        const real v14 = v12 - v13;
        const real v15 = fabs(v14);
        const bool v16 = v15 < real(1e+30);
        const real v23 = v14 - v12;
        const real v24 = v14 - v23;
        const real v25 = v12 - v24;
        const real v26 = v13 + v23;
        const real v27 = v25 - v26;
        const real v28 = v16 ? v14 : real(__uint_as_float(0x7fc00000));
        const real v29 = v16 ? v27 : real(__uint_as_float(0x7fc00000));
        const real v33 = v12 - v0;
        const real v34 = v1 - v13;
        const real v35 = v33 + v34;
        const real v36 = v35 - v10;
        double v51_sum = 0;
        double v54_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            real v51_few = 0;
            real v54_few = 0;
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v2 = t - v0;
                const real v3 = x - v1;
                const real v4 = exp(v2);
                const real v5 = exp(v3);
                const real v17 = t - x;
                const real v18 = v17 - t;
                const real v19 = v17 - v18;
                const real v20 = t - v19;
                const real v21 = x + v18;
                const real v22 = v20 - v21;
                const real v30 = v22 - v29;
                const real v31 = v17 - v28;
                const real v32 = v31 + v30;
                const real v37 = v32 + v36;
                const bool v38 = v37 >= real(0.0);
                const real v39 = fabs(v37);
                const real v40 = -v39;
                const real v41 = exp(v40);
                const real v42 = v41 * real(0.5);
                const real v43 = v42 + real(0.5);
                const real v44 = v38 ? v43 : v43;
                const real v45 = log(v44);
                const real v46 = -v45;
                const real v47 = v46 - v39;
                const real v48 = v38 ? v46 : v47;
                const real v49 = v38 ? v47 : v46;
                const real v50 = v4 * v48;
                const real v53 = v5 * v49;
                v51_few += v50;
                v54_few += v53;
            }
            v51_sum += v51_few;
            v54_sum += v54_few;
        }
        v51_sum = of_team(shared, v51_sum, lanes, true);
        const real v51 = real(v51_sum);
        v54_sum = of_team(shared, v54_sum, lanes, true);
        const real v54 = real(v54_sum);
        const real v52 = v51 / v6;
        const real v55 = v54 / v7;
        const real v56 = v52 * real(0.5);
        const real v57 = v55 * real(0.5);
        const real v58 = v56 + v57;
        const real v59 = smaller(v58, real(0.6931471805599453));
        const bool v60 = v59 >= real(0.05);
        const real v61 = v60 ? v59 : real(__uint_as_float(0x7fc00000));
        if (missing) value = double(v61);
        missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v70 = real(1.0) / v6;
            const real v72 = real(1.0) / v7;
            double v123_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                real v123_few = 0;
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = exp(v2);
                    const real v5 = exp(v3);
                    const real v17 = t - x;
                    const real v18 = v17 - t;
                    const real v19 = v17 - v18;
                    const real v20 = t - v19;
                    const real v21 = x + v18;
                    const real v22 = v20 - v21;
                    const real v30 = v22 - v29;
                    const real v31 = v17 - v28;
                    const real v32 = v31 + v30;
                    const real v37 = v32 + v36;
                    const bool v38 = v37 >= real(0.0);
                    const real v39 = fabs(v37);
                    const real v40 = -v39;
                    const real v62 = expm1(v40);
                    const real v63 = v62 * real(0.5);
                    const real v64 = v38 ? v63 : v63;
                    const real v65 = log1p(v64);
                    const real v66 = -v65;
                    const real v67 = v66 - v39;
                    const real v68 = v38 ? v66 : v67;
                    const real v69 = v38 ? v67 : v66;
                    const real v71 = v4 * v70;
                    const real v73 = v5 * v72;
                    const real v74 = v73 - v71;
                    const real v75 = v74 * real(0.5);
                    const real v76 = fabs(v68);
                    const bool v77 = v76 <= real(1.5);
                    const real v78 = v77 ? v68 : real(0.0);
                    const real v79 = v78 * v78;
                    const real v80 = v79 * real(28.0);
                    const real v81 = v80 + real(2520.0);
                    const real v82 = v79 + real(420.0);
                    const real v83 = v82 * v79;
                    const real v84 = v83 + real(15120.0);
                    const real v85 = v78 + real(2.0);
                    const real v86 = v85 * v84;
                    const real v87 = v79 * v81;
                    const real v88 = v86 + v87;
                    const real v89 = v81 * v78;
                    const real v90 = v84 + v89;
                    const real v91 = v90 / v88;
                    const real v92 = v91 * v79;
                    const real v93 = v71 * v92;
                    const real v94 = v71 * v68;
                    const real v95 = v75 + v94;
                    const real v96 = v77 ? v93 : v95;
                    const real v97 = -v74;
                    const real v98 = v97 * real(0.5);
                    const real v99 = fabs(v69);
                    const bool v100 = v99 <= real(1.5);
                    const real v101 = v100 ? v69 : real(0.0);
                    const real v102 = v101 * v101;
                    const real v103 = v102 * real(28.0);
                    const real v104 = v103 + real(2520.0);
                    const real v105 = v102 + real(420.0);
                    const real v106 = v105 * v102;
                    const real v107 = v106 + real(15120.0);
                    const real v108 = v101 + real(2.0);
                    const real v109 = v108 * v107;
                    const real v110 = v102 * v104;
                    const real v111 = v109 + v110;
                    const real v112 = v104 * v101;
                    const real v113 = v107 + v112;
                    const real v114 = v113 / v111;
                    const real v115 = v114 * v102;
                    const real v116 = v73 * v115;
                    const real v117 = v73 * v69;
                    const real v118 = v98 + v117;
                    const real v119 = v100 ? v116 : v118;
                    const real v120 = v96 * real(0.5);
                    const real v121 = v119 * real(0.5);
                    const real v122 = v120 + v121;
                    v123_few += v122;
                }
                v123_sum += v123_few;
            }
            v123_sum = of_team(shared, v123_sum, lanes, true);
            const real v123 = real(v123_sum);
            const real v124 = smaller(v123, real(0.6931471805599453));
            const bool v125 = v124 >= real(1e-07);
            const real v126 = v125 ? v124 : real(__uint_as_float(0x7fc00000));
            if (missing) value = double(v126);
            missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const bool v127 = v0 == v0;
                const real v128 = v127 ? real(1572864.0) : real(__uint_as_float(0x7fc00000));
                const real v129 = v0 + v128;
                const real v130 = v129 - v128;
                const bool v131 = v130 > real(0.0);
                const real v132 = v131 ? v130 : real(0.0);
                const bool v133 = v132 < real(64.0);
                const real v134 = v133 ? v132 : real(64.0);
                const real v135 = fabs(v0);
                const bool v136 = v135 < real(4096.0);
                const real v137 = v130 - v134;
                const real v138 = v136 ? v137 : v0;
                const real v141 = v138 - v0;
                const real v142 = exp(v141);
                const bool v143 = v142 == v142;
                const real v144 = v143 ? v142 : real(__uint_as_float(0x7fc00000));
                const bool v146 = v1 == v1;
                const real v147 = v146 ? real(1572864.0) : real(__uint_as_float(0x7fc00000));
                const real v148 = v1 + v147;
                const real v149 = v148 - v147;
                const bool v150 = v149 > real(0.0);
                const real v151 = v150 ? v149 : real(0.0);
                const bool v152 = v151 < real(64.0);
                const real v153 = v152 ? v151 : real(64.0);
                const real v154 = fabs(v1);
                const bool v155 = v154 < real(4096.0);
                const real v156 = v149 - v153;
                const real v157 = v155 ? v156 : v1;
                const real v160 = v157 - v1;
                const real v161 = exp(v160);
                const bool v162 = v161 == v161;
                const real v163 = v162 ? v161 : real(__uint_as_float(0x7fc00000));
                const real v165 = v0 - v1;
                const real v166 = fabs(v165);
                const bool v167 = v166 < real(1e+30);
                const real v168 = v167 ? real(0.0) : v0;
                const real v170 = v167 ? real(0.0) : v1;
                const real v191 = v165 - v0;
                const real v192 = v165 - v191;
                const real v193 = v0 - v192;
                const real v194 = v1 + v191;
                const real v195 = v193 - v194;
                const real v196 = v167 ? v165 : real(0.0);
                const real v197 = v167 ? v195 : real(0.0);
                double v203_sum = 0;
                double v204_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v139 = t - v138;
                    const real v140 = exp(v139);
                    const real v145 = v140 * v144;
                    const real v158 = x - v157;
                    const real v159 = exp(v158);
                    const real v164 = v159 * v163;
                    v203_sum += v145;
                    v204_sum += v164;
                }
                v203_sum = of_team(shared, v203_sum, lanes, true);
                const real v203 = real(v203_sum);
                v204_sum = of_team(shared, v204_sum, lanes, true);
                const real v204 = real(v204_sum);
                const real v205 = real(1.0) / v203;
                const real v207 = real(1.0) / v204;
                const real v236 = log(v204);
                const real v237 = log(v203);
                const real v238 = v236 - v237;
                double v227_sum = 0;
                double v232_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v139 = t - v138;
                    const real v140 = exp(v139);
                    const real v145 = v140 * v144;
                    const real v158 = x - v157;
                    const real v159 = exp(v158);
                    const real v164 = v159 * v163;
                    const real v169 = t - v168;
                    const real v171 = x - v170;
                    const real v172 = fabs(v169);
                    const bool v173 = v172 == real(__uint_as_float(0x7f800000));
                    const real v174 = fabs(v171);
                    const bool v175 = v174 == real(__uint_as_float(0x7f800000));
                    const bool v176 = v169 == v171;
                    const real v177 = v176 ? real(0.0) : v169;
                    const real v178 = -v171;
                    const real v179 = v173 ? real(0.0) : v169;
                    const real v180 = v175 ? real(0.0) : v171;
                    const real v181 = v179 - v180;
                    const real v182 = v181 - v179;
                    const real v183 = v181 - v182;
                    const real v184 = v179 - v183;
                    const real v185 = v180 + v182;
                    const real v186 = v184 - v185;
                    const real v187 = v175 ? v178 : v181;
                    const real v188 = v173 ? v177 : v187;
                    const bool v189 = v173 || v175;
                    const real v190 = v189 ? real(0.0) : v186;
                    const real v198 = v190 - v197;
                    const bool v199 = v198 == v198;
                    const real v200 = v199 ? v198 : real(0.0);
                    const real v201 = v188 - v196;
                    const real v202 = v201 + v200;
                    const real v206 = v145 * v205;
                    const real v208 = v164 * v207;
                    const real v209 = larger(v206, v208);
                    const real v210 = smaller(v206, v208);
                    const real v211 = v209 + v210;
                    const real v212 = v209 - v210;
                    const bool v213 = v206 > v208;
                    const real v214 = -v212;
                    const real v215 = v213 ? v212 : v214;
                    const bool v216 = v211 > real(0.0);
                    const real v217 = v216 ? v202 : real(0.0);
                    const bool v218 = v217 > real(10000.0);
                    const real v219 = v218 ? real(10000.0) : v217;
                    const bool v220 = v219 < real(-10000.0);
                    const real v221 = v220 ? real(-10000.0) : v219;
                    const bool v222 = v221 > real(24.0);
                    const real v223 = v222 ? real(24.0) : v221;
                    const bool v224 = v223 < real(-24.0);
                    const real v225 = v224 ? real(-24.0) : v223;
                    const real v226 = v211 * v225;
                    const real v231 = v215 * v221;
                    v227_sum += v226;
                    v232_sum += v231;
                }
                v227_sum = of_team(shared, v227_sum, lanes, true);
                const real v227 = real(v227_sum);
                v232_sum = of_team(shared, v232_sum, lanes, true);
                const real v232 = real(v232_sum);
                const real v228 = v227 * real(0.5);
                const bool v233 = v232 < real(1.1920928955078125e-07);
                const real v234 = v233 ? v228 : real(0.0);
                const real v239 = v233 ? real(0.0) : v238;
                double v247_sum = 0;
                double v250_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v139 = t - v138;
                    const real v140 = exp(v139);
                    const real v145 = v140 * v144;
                    const real v158 = x - v157;
                    const real v159 = exp(v158);
                    const real v164 = v159 * v163;
                    const real v169 = t - v168;
                    const real v171 = x - v170;
                    const real v172 = fabs(v169);
                    const bool v173 = v172 == real(__uint_as_float(0x7f800000));
                    const real v174 = fabs(v171);
                    const bool v175 = v174 == real(__uint_as_float(0x7f800000));
                    const bool v176 = v169 == v171;
                    const real v177 = v176 ? real(0.0) : v169;
                    const real v178 = -v171;
                    const real v179 = v173 ? real(0.0) : v169;
                    const real v180 = v175 ? real(0.0) : v171;
                    const real v181 = v179 - v180;
                    const real v182 = v181 - v179;
                    const real v183 = v181 - v182;
                    const real v184 = v179 - v183;
                    const real v185 = v180 + v182;
                    const real v186 = v184 - v185;
                    const real v187 = v175 ? v178 : v181;
                    const real v188 = v173 ? v177 : v187;
                    const bool v189 = v173 || v175;
                    const real v190 = v189 ? real(0.0) : v186;
                    const real v198 = v190 - v197;
                    const bool v199 = v198 == v198;
                    const real v200 = v199 ? v198 : real(0.0);
                    const real v201 = v188 - v196;
                    const real v202 = v201 + v200;
                    const real v206 = v145 * v205;
                    const real v208 = v164 * v207;
                    const real v209 = larger(v206, v208);
                    const real v210 = smaller(v206, v208);
                    const real v211 = v209 + v210;
                    const bool v216 = v211 > real(0.0);
                    const real v217 = v216 ? v202 : real(0.0);
                    const bool v218 = v217 > real(10000.0);
                    const real v219 = v218 ? real(10000.0) : v217;
                    const bool v220 = v219 < real(-10000.0);
                    const real v221 = v220 ? real(-10000.0) : v219;
                    const real v235 = v221 - v234;
                    const real v240 = v235 + v239;
                    const real v241 = v240 * real(0.5);
                    const real v242 = tanh(v241);
                    const real v243 = v242 * v242;
                    const real v244 = -v243;
                    const real v245 = v244 + real(1.0);
                    const real v246 = v211 * v245;
                    const real v249 = v211 * v242;
                    v247_sum += v246;
                    v250_sum += v249;
                }
                v247_sum = of_team(shared, v247_sum, lanes, true);
                const real v247 = real(v247_sum);
                v250_sum = of_team(shared, v250_sum, lanes, true);
                const real v250 = real(v250_sum);
                const bool v248 = v247 > real(1.0);
                const real v251 = v248 ? v247 : real(1.0);
                const real v252 = v250 / v251;
                const real v253 = v252 * real(-2.0);
                const real v254 = v248 ? v253 : real(0.0);
                const real v255 = v233 ? real(0.0) : v254;
                const real v258 = v255 * real(0.5);
                double v291_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v139 = t - v138;
                    const real v140 = exp(v139);
                    const real v145 = v140 * v144;
                    const real v158 = x - v157;
                    const real v159 = exp(v158);
                    const real v164 = v159 * v163;
                    const real v169 = t - v168;
                    const real v171 = x - v170;
                    const real v172 = fabs(v169);
                    const bool v173 = v172 == real(__uint_as_float(0x7f800000));
                    const real v174 = fabs(v171);
                    const bool v175 = v174 == real(__uint_as_float(0x7f800000));
                    const bool v176 = v169 == v171;
                    const real v177 = v176 ? real(0.0) : v169;
                    const real v178 = -v171;
                    const real v179 = v173 ? real(0.0) : v169;
                    const real v180 = v175 ? real(0.0) : v171;
                    const real v181 = v179 - v180;
                    const real v182 = v181 - v179;
                    const real v183 = v181 - v182;
                    const real v184 = v179 - v183;
                    const real v185 = v180 + v182;
                    const real v186 = v184 - v185;
                    const real v187 = v175 ? v178 : v181;
                    const real v188 = v173 ? v177 : v187;
                    const bool v189 = v173 || v175;
                    const real v190 = v189 ? real(0.0) : v186;
                    const real v198 = v190 - v197;
                    const bool v199 = v198 == v198;
                    const real v200 = v199 ? v198 : real(0.0);
                    const real v201 = v188 - v196;
                    const real v202 = v201 + v200;
                    const real v206 = v145 * v205;
                    const real v208 = v164 * v207;
                    const real v209 = larger(v206, v208);
                    const real v210 = smaller(v206, v208);
                    const real v211 = v209 + v210;
                    const bool v216 = v211 > real(0.0);
                    const real v217 = v216 ? v202 : real(0.0);
                    const bool v218 = v217 > real(10000.0);
                    const real v219 = v218 ? real(10000.0) : v217;
                    const bool v220 = v219 < real(-10000.0);
                    const real v221 = v220 ? real(-10000.0) : v219;
                    const real v235 = v221 - v234;
                    const real v240 = v235 + v239;
                    const real v241 = v240 * real(0.5);
                    const real v242 = tanh(v241);
                    const real v243 = v242 * v242;
                    const real v244 = -v243;
                    const real v245 = v244 + real(1.0);
                    const real v259 = v245 * v258;
                    const real v260 = v242 + v259;
                    const real v262 = v240 + v255;
                    const real v263 = fabs(v262);
                    const bool v264 = v263 <= real(2.0);
                    const real v265 = v260 * v260;
                    const bool v266 = v209 < real(8.673617379884035e-19);
                    const real v267 = v210 * real(1.8446744073709552e+19);
                    const real v268 = v266 ? v267 : v210;
                    const real v269 = v209 * real(1.8446744073709552e+19);
                    const real v270 = v266 ? v269 : v209;
                    const bool v271 = v270 >= real(2.168404344971009e-19);
                    const real v272 = v271 ? v270 : real(1.0);
                    const real v273 = v268 / v272;
                    const real v274 = -v265;
                    const real v275 = v264 ? v274 : v273;
                    const real v276 = log1p(v275);
                    const bool v277 = v210 > real(0.0);
                    const real v278 = v277 ? v263 : real(0.0);
                    const real v279 = v210 * v278;
                    const real v280 = -v276;
                    const real v281 = v280 + real(0.6931471805599453);
                    const real v282 = v211 * v281;
                    const real v283 = v282 - v279;
                    const real v284 = v283 * real(0.5);
                    const real v285 = v264 ? v262 : real(0.0);
                    const real v286 = v260 * v285;
                    const real v287 = v286 + v276;
                    const real v288 = v211 * v287;
                    const real v289 = v288 * real(0.25);
                    const real v290 = v264 ? v289 : v284;
                    v291_sum += v290;
                }
                v291_sum = of_team(shared, v291_sum, lanes, true);
                const real v291 = real(v291_sum);
                const bool v292 = v291 > real(0.6931471805599453);
                const real v293 = v292 ? real(0.6931471805599453) : v291;
                if (missing) value = double(v293);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
