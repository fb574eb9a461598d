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
        double v55_sum = 0;
        double v58_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            real v55_few = 0;
            real v58_few = 0;
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
                const bool v38 = v4 == real(0.0);
                const real v39 = v38 ? real(-80.0) : v37;
                const bool v40 = v5 == real(0.0);
                const real v41 = v40 ? real(80.0) : v39;
                const bool v42 = v41 >= real(0.0);
                const real v43 = fabs(v41);
                const real v44 = -v43;
                const real v45 = exp(v44);
                const real v46 = v45 * real(0.5);
                const real v47 = v46 + real(0.5);
                const real v48 = v42 ? v47 : v47;
                const real v49 = log(v48);
                const real v50 = -v49;
                const real v51 = v50 - v43;
                const real v52 = v42 ? v50 : v51;
                const real v53 = v42 ? v51 : v50;
                const real v54 = v4 * v52;
                const real v57 = v5 * v53;
                v55_few += v54;
                v58_few += v57;
            }
            v55_sum += v55_few;
            v58_sum += v58_few;
        }
        v55_sum = of_team(shared, v55_sum, lanes, true);
        const real v55 = real(v55_sum);
        v58_sum = of_team(shared, v58_sum, lanes, true);
        const real v58 = real(v58_sum);
        const real v56 = v55 / v6;
        const real v59 = v58 / v7;
        const real v60 = v56 * real(0.5);
        const real v61 = v59 * real(0.5);
        const real v62 = v60 + v61;
        const real v63 = smaller(v62, real(0.6931471805599453));
        const bool v64 = v63 >= real(0.05);
        const real v65 = v64 ? v63 : real(__uint_as_float(0x7fc00000));
        if (missing) value = double(v65);
        missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v74 = real(1.0) / v6;
            const real v76 = real(1.0) / v7;
            double v127_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                real v127_few = 0;
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
                    const bool v38 = v4 == real(0.0);
                    const real v39 = v38 ? real(-80.0) : v37;
                    const bool v40 = v5 == real(0.0);
                    const real v41 = v40 ? real(80.0) : v39;
                    const bool v42 = v41 >= real(0.0);
                    const real v43 = fabs(v41);
                    const real v44 = -v43;
                    const real v66 = expm1(v44);
                    const real v67 = v66 * real(0.5);
                    const real v68 = v42 ? v67 : v67;
                    const real v69 = log1p(v68);
                    const real v70 = -v69;
                    const real v71 = v70 - v43;
                    const real v72 = v42 ? v70 : v71;
                    const real v73 = v42 ? v71 : v70;
                    const real v75 = v4 * v74;
                    const real v77 = v5 * v76;
                    const real v78 = v77 - v75;
                    const real v79 = v78 * real(0.5);
                    const real v80 = fabs(v72);
                    const bool v81 = v80 <= real(1.5);
                    const real v82 = v81 ? v72 : real(0.0);
                    const real v83 = v82 * v82;
                    const real v84 = v83 * real(28.0);
                    const real v85 = v84 + real(2520.0);
                    const real v86 = v83 + real(420.0);
                    const real v87 = v86 * v83;
                    const real v88 = v87 + real(15120.0);
                    const real v89 = v82 + real(2.0);
                    const real v90 = v89 * v88;
                    const real v91 = v83 * v85;
                    const real v92 = v90 + v91;
                    const real v93 = v85 * v82;
                    const real v94 = v88 + v93;
                    const real v95 = v94 / v92;
                    const real v96 = v95 * v83;
                    const real v97 = v75 * v96;
                    const real v98 = v75 * v72;
                    const real v99 = v79 + v98;
                    const real v100 = v81 ? v97 : v99;
                    const real v101 = -v78;
                    const real v102 = v101 * real(0.5);
                    const real v103 = fabs(v73);
                    const bool v104 = v103 <= real(1.5);
                    const real v105 = v104 ? v73 : real(0.0);
                    const real v106 = v105 * v105;
                    const real v107 = v106 * real(28.0);
                    const real v108 = v107 + real(2520.0);
                    const real v109 = v106 + real(420.0);
                    const real v110 = v109 * v106;
                    const real v111 = v110 + real(15120.0);
                    const real v112 = v105 + real(2.0);
                    const real v113 = v112 * v111;
                    const real v114 = v106 * v108;
                    const real v115 = v113 + v114;
                    const real v116 = v108 * v105;
                    const real v117 = v111 + v116;
                    const real v118 = v117 / v115;
                    const real v119 = v118 * v106;
                    const real v120 = v77 * v119;
                    const real v121 = v77 * v73;
                    const real v122 = v102 + v121;
                    const real v123 = v104 ? v120 : v122;
                    const real v124 = v100 * real(0.5);
                    const real v125 = v123 * real(0.5);
                    const real v126 = v124 + v125;
                    v127_few += v126;
                }
                v127_sum += v127_few;
            }
            v127_sum = of_team(shared, v127_sum, lanes, true);
            const real v127 = real(v127_sum);
            const real v128 = smaller(v127, real(0.6931471805599453));
            const bool v129 = v128 >= real(1e-07);
            const real v130 = v129 ? v128 : real(__uint_as_float(0x7fc00000));
            if (missing) value = double(v130);
            missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const bool v131 = v0 == v0;
                const real v132 = v131 ? real(1572864.0) : real(__uint_as_float(0x7fc00000));
                const real v133 = v0 + v132;
                const real v134 = v133 - v132;
                const bool v135 = v134 > real(0.0);
                const real v136 = v135 ? v134 : real(0.0);
                const bool v137 = v136 < real(64.0);
                const real v138 = v137 ? v136 : real(64.0);
                const real v139 = fabs(v0);
                const bool v140 = v139 < real(4096.0);
                const real v141 = v134 - v138;
                const real v142 = v140 ? v141 : v0;
                const real v145 = v142 - v0;
                const real v146 = exp(v145);
                const bool v147 = v146 == v146;
                const real v148 = v147 ? v146 : real(__uint_as_float(0x7fc00000));
                const bool v150 = v1 == v1;
                const real v151 = v150 ? real(1572864.0) : real(__uint_as_float(0x7fc00000));
                const real v152 = v1 + v151;
                const real v153 = v152 - v151;
                const bool v154 = v153 > real(0.0);
                const real v155 = v154 ? v153 : real(0.0);
                const bool v156 = v155 < real(64.0);
                const real v157 = v156 ? v155 : real(64.0);
                const real v158 = fabs(v1);
                const bool v159 = v158 < real(4096.0);
                const real v160 = v153 - v157;
                const real v161 = v159 ? v160 : v1;
                const real v164 = v161 - v1;
                const real v165 = exp(v164);
                const bool v166 = v165 == v165;
                const real v167 = v166 ? v165 : real(__uint_as_float(0x7fc00000));
                const real v169 = v0 - v1;
                const real v170 = fabs(v169);
                const bool v171 = v170 < real(1e+30);
                const real v172 = v171 ? real(0.0) : v0;
                const real v174 = v171 ? real(0.0) : v1;
                const real v195 = v169 - v0;
                const real v196 = v169 - v195;
                const real v197 = v0 - v196;
                const real v198 = v1 + v195;
                const real v199 = v197 - v198;
                const real v200 = v171 ? v169 : real(0.0);
                const real v201 = v171 ? v199 : real(0.0);
                double v207_sum = 0;
                double v208_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v143 = t - v142;
                    const real v144 = exp(v143);
                    const real v149 = v144 * v148;
                    const real v162 = x - v161;
                    const real v163 = exp(v162);
                    const real v168 = v163 * v167;
                    v207_sum += v149;
                    v208_sum += v168;
                }
                v207_sum = of_team(shared, v207_sum, lanes, true);
                const real v207 = real(v207_sum);
                v208_sum = of_team(shared, v208_sum, lanes, true);
                const real v208 = real(v208_sum);
                const real v209 = real(1.0) / v207;
                const real v211 = real(1.0) / v208;
                const real v252 = log(v208);
                const real v253 = log(v207);
                const real v254 = v252 - v253;
                double v231_sum = 0;
                double v248_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v143 = t - v142;
                    const real v144 = exp(v143);
                    const real v149 = v144 * v148;
                    const real v162 = x - v161;
                    const real v163 = exp(v162);
                    const real v168 = v163 * v167;
                    const real v173 = t - v172;
                    const real v175 = x - v174;
                    const real v176 = fabs(v173);
                    const bool v177 = v176 == real(__uint_as_float(0x7f800000));
                    const real v178 = fabs(v175);
                    const bool v179 = v178 == real(__uint_as_float(0x7f800000));
                    const bool v180 = v173 == v175;
                    const real v181 = v180 ? real(0.0) : v173;
                    const real v182 = -v175;
                    const real v183 = v177 ? real(0.0) : v173;
                    const real v184 = v179 ? real(0.0) : v175;
                    const real v185 = v183 - v184;
                    const real v186 = v185 - v183;
                    const real v187 = v185 - v186;
                    const real v188 = v183 - v187;
                    const real v189 = v184 + v186;
                    const real v190 = v188 - v189;
                    const real v191 = v179 ? v182 : v185;
                    const real v192 = v177 ? v181 : v191;
                    const bool v193 = v177 || v179;
                    const real v194 = v193 ? real(0.0) : v190;
                    const real v202 = v194 - v201;
                    const bool v203 = v202 == v202;
                    const real v204 = v203 ? v202 : real(0.0);
                    const real v205 = v192 - v200;
                    const real v206 = v205 + v204;
                    const real v210 = v149 * v209;
                    const real v212 = v168 * v211;
                    const real v213 = larger(v210, v212);
                    const real v214 = smaller(v210, v212);
                    const real v215 = v213 + v214;
                    const real v216 = v213 - v214;
                    const bool v217 = v210 > v212;
                    const real v218 = -v216;
                    const real v219 = v217 ? v216 : v218;
                    const bool v220 = v215 > real(0.0);
                    const real v221 = v220 ? v206 : real(0.0);
                    const bool v222 = v221 > real(10000.0);
                    const real v223 = v222 ? real(10000.0) : v221;
                    const bool v224 = v223 < real(-10000.0);
                    const real v225 = v224 ? real(-10000.0) : v223;
                    const bool v226 = v225 > real(24.0);
                    const real v227 = v226 ? real(24.0) : v225;
                    const bool v228 = v227 < real(-24.0);
                    const real v229 = v228 ? real(-24.0) : v227;
                    const real v230 = v215 * v229;
                    const real v247 = v219 * v225;
                    v231_sum += v230;
                    v248_sum += v247;
                }
                v231_sum = of_team(shared, v231_sum, lanes, true);
                const real v231 = real(v231_sum);
                v248_sum = of_team(shared, v248_sum, lanes, true);
                const real v248 = real(v248_sum);
                const real v232 = v231 * real(0.5);
                const bool v249 = v248 < real(1.1920928955078125e-07);
                const real v250 = v249 ? v232 : real(0.0);
                const real v255 = v249 ? real(0.0) : v254;
                double v263_sum = 0;
                double v266_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v143 = t - v142;
                    const real v144 = exp(v143);
                    const real v149 = v144 * v148;
                    const real v162 = x - v161;
                    const real v163 = exp(v162);
                    const real v168 = v163 * v167;
                    const real v173 = t - v172;
                    const real v175 = x - v174;
                    const real v176 = fabs(v173);
                    const bool v177 = v176 == real(__uint_as_float(0x7f800000));
                    const real v178 = fabs(v175);
                    const bool v179 = v178 == real(__uint_as_float(0x7f800000));
                    const bool v180 = v173 == v175;
                    const real v181 = v180 ? real(0.0) : v173;
                    const real v182 = -v175;
                    const real v183 = v177 ? real(0.0) : v173;
                    const real v184 = v179 ? real(0.0) : v175;
                    const real v185 = v183 - v184;
                    const real v186 = v185 - v183;
                    const real v187 = v185 - v186;
                    const real v188 = v183 - v187;
                    const real v189 = v184 + v186;
                    const real v190 = v188 - v189;
                    const real v191 = v179 ? v182 : v185;
                    const real v192 = v177 ? v181 : v191;
                    const bool v193 = v177 || v179;
                    const real v194 = v193 ? real(0.0) : v190;
                    const real v202 = v194 - v201;
                    const bool v203 = v202 == v202;
                    const real v204 = v203 ? v202 : real(0.0);
                    const real v205 = v192 - v200;
                    const real v206 = v205 + v204;
                    const real v210 = v149 * v209;
                    const real v212 = v168 * v211;
                    const real v213 = larger(v210, v212);
                    const real v214 = smaller(v210, v212);
                    const real v215 = v213 + v214;
                    const bool v220 = v215 > real(0.0);
                    const real v221 = v220 ? v206 : real(0.0);
                    const bool v222 = v221 > real(10000.0);
                    const real v223 = v222 ? real(10000.0) : v221;
                    const bool v224 = v223 < real(-10000.0);
                    const real v225 = v224 ? real(-10000.0) : v223;
                    const real v251 = v225 - v250;
                    const real v256 = v251 + v255;
                    const real v257 = v256 * real(0.5);
                    const real v258 = tanh(v257);
                    const real v259 = v258 * v258;
                    const real v260 = -v259;
                    const real v261 = v260 + real(1.0);
                    const real v262 = v215 * v261;
                    const real v265 = v215 * v258;
                    v263_sum += v262;
                    v266_sum += v265;
                }
                v263_sum = of_team(shared, v263_sum, lanes, true);
                const real v263 = real(v263_sum);
                v266_sum = of_team(shared, v266_sum, lanes, true);
                const real v266 = real(v266_sum);
                const bool v264 = v263 > real(1.0);
                const real v267 = v264 ? v263 : real(1.0);
                const real v268 = v266 / v267;
                const real v269 = v268 * real(-2.0);
                const real v270 = v264 ? v269 : real(0.0);
                const real v271 = v249 ? real(0.0) : v270;
                const real v274 = v271 * real(0.5);
                double v307_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v143 = t - v142;
                    const real v144 = exp(v143);
                    const real v149 = v144 * v148;
                    const real v162 = x - v161;
                    const real v163 = exp(v162);
                    const real v168 = v163 * v167;
                    const real v173 = t - v172;
                    const real v175 = x - v174;
                    const real v176 = fabs(v173);
                    const bool v177 = v176 == real(__uint_as_float(0x7f800000));
                    const real v178 = fabs(v175);
                    const bool v179 = v178 == real(__uint_as_float(0x7f800000));
                    const bool v180 = v173 == v175;
                    const real v181 = v180 ? real(0.0) : v173;
                    const real v182 = -v175;
                    const real v183 = v177 ? real(0.0) : v173;
                    const real v184 = v179 ? real(0.0) : v175;
                    const real v185 = v183 - v184;
                    const real v186 = v185 - v183;
                    const real v187 = v185 - v186;
                    const real v188 = v183 - v187;
                    const real v189 = v184 + v186;
                    const real v190 = v188 - v189;
                    const real v191 = v179 ? v182 : v185;
                    const real v192 = v177 ? v181 : v191;
                    const bool v193 = v177 || v179;
                    const real v194 = v193 ? real(0.0) : v190;
                    const real v202 = v194 - v201;
                    const bool v203 = v202 == v202;
                    const real v204 = v203 ? v202 : real(0.0);
                    const real v205 = v192 - v200;
                    const real v206 = v205 + v204;
                    const real v210 = v149 * v209;
                    const real v212 = v168 * v211;
                    const real v213 = larger(v210, v212);
                    const real v214 = smaller(v210, v212);
                    const real v215 = v213 + v214;
                    const bool v220 = v215 > real(0.0);
                    const real v221 = v220 ? v206 : real(0.0);
                    const bool v222 = v221 > real(10000.0);
                    const real v223 = v222 ? real(10000.0) : v221;
                    const bool v224 = v223 < real(-10000.0);
                    const real v225 = v224 ? real(-10000.0) : v223;
                    const real v251 = v225 - v250;
                    const real v256 = v251 + v255;
                    const real v257 = v256 * real(0.5);
                    const real v258 = tanh(v257);
                    const real v259 = v258 * v258;
                    const real v260 = -v259;
                    const real v261 = v260 + real(1.0);
                    const real v275 = v261 * v274;
                    const real v276 = v258 + v275;
                    const real v278 = v256 + v271;
                    const real v279 = fabs(v278);
                    const bool v280 = v279 <= real(2.0);
                    const real v281 = v276 * v276;
                    const bool v282 = v213 < real(8.673617379884035e-19);
                    const real v283 = v214 * real(1.8446744073709552e+19);
                    const real v284 = v282 ? v283 : v214;
                    const real v285 = v213 * real(1.8446744073709552e+19);
                    const real v286 = v282 ? v285 : v213;
                    const bool v287 = v286 >= real(2.168404344971009e-19);
                    const real v288 = v287 ? v286 : real(1.0);
                    const real v289 = v284 / v288;
                    const real v290 = -v281;
                    const real v291 = v280 ? v290 : v289;
                    const real v292 = log1p(v291);
                    const bool v293 = v214 > real(0.0);
                    const real v294 = v293 ? v279 : real(0.0);
                    const real v295 = v214 * v294;
                    const real v296 = -v292;
                    const real v297 = v296 + real(0.6931471805599453);
                    const real v298 = v215 * v297;
                    const real v299 = v298 - v295;
                    const real v300 = v299 * real(0.5);
                    const real v301 = v280 ? v278 : real(0.0);
                    const real v302 = v276 * v301;
                    const real v303 = v302 + v292;
                    const real v304 = v215 * v303;
                    const real v305 = v304 * real(0.25);
                    const real v306 = v280 ? v305 : v300;
                    v307_sum += v306;
                }
                v307_sum = of_team(shared, v307_sum, lanes, true);
                const real v307 = real(v307_sum);
                const bool v308 = v307 > real(0.6931471805599453);
                const real v309 = v308 ? real(0.6931471805599453) : v307;
                if (missing) value = double(v309);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
