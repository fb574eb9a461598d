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
        const real v11 = v1 - v10;
        const real v12 = v0 - v11;
        const real v13 = fabs(v12);
        const bool v14 = v13 < real(1e+30);
        const real v21 = v12 - v0;
        const real v22 = v12 - v21;
        const real v23 = v0 - v22;
        const real v24 = v11 + v21;
        const real v25 = v23 - v24;
        const real v26 = v14 ? v12 : real(__uint_as_float(0x7fc00000));
        const real v27 = v14 ? v25 : real(__uint_as_float(0x7fc00000));
        const real v31 = v1 - v11;
        const real v32 = v31 - v10;
        double v47_sum = 0;
        double v50_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            real v47_few = 0;
            real v50_few = 0;
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v2 = t - v0;
                const real v3 = x - v1;
                const real v4 = exp(v2);
                const real v5 = exp(v3);
                const real v15 = t - x;
                const real v16 = v15 - t;
                const real v17 = v15 - v16;
                const real v18 = t - v17;
                const real v19 = x + v16;
                const real v20 = v18 - v19;
                const real v28 = v20 - v27;
                const real v29 = v15 - v26;
                const real v30 = v29 + v28;
                const real v33 = v30 + v32;
                const bool v34 = v33 >= real(0.0);
                const real v35 = fabs(v33);
                const real v36 = -v35;
                const real v37 = exp(v36);
                const real v38 = v37 * real(0.5);
                const real v39 = v38 + real(0.5);
                const real v40 = v34 ? v39 : v39;
                const real v41 = log(v40);
                const real v42 = -v41;
                const real v43 = v42 - v35;
                const real v44 = v34 ? v42 : v43;
                const real v45 = v34 ? v43 : v42;
                const real v46 = v4 * v44;
                const real v49 = v5 * v45;
                v47_few += v46;
                v50_few += v49;
            }
            v47_sum += v47_few;
            v50_sum += v50_few;
        }
        v47_sum = of_team(shared, v47_sum, lanes, true);
        const real v47 = real(v47_sum);
        v50_sum = of_team(shared, v50_sum, lanes, true);
        const real v50 = real(v50_sum);
        const real v48 = v47 / v6;
        const real v51 = v50 / v7;
        const real v52 = v48 * real(0.5);
        const real v53 = v51 * real(0.5);
        const real v54 = v52 + v53;
        const real v55 = smaller(v54, real(0.6931471805599453));
        const bool v56 = v55 >= real(0.05);
        const real v57 = v56 ? v55 : real(__uint_as_float(0x7fc00000));
        if (missing) value = double(v57);
        missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v66 = real(1.0) / v6;
            const real v68 = real(1.0) / v7;
            double v119_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                real v119_few = 0;
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = exp(v2);
                    const real v5 = exp(v3);
                    const real v15 = t - x;
                    const real v16 = v15 - t;
                    const real v17 = v15 - v16;
                    const real v18 = t - v17;
                    const real v19 = x + v16;
                    const real v20 = v18 - v19;
                    const real v28 = v20 - v27;
                    const real v29 = v15 - v26;
                    const real v30 = v29 + v28;
                    const real v33 = v30 + v32;
                    const bool v34 = v33 >= real(0.0);
                    const real v35 = fabs(v33);
                    const real v36 = -v35;
                    const real v58 = expm1(v36);
                    const real v59 = v58 * real(0.5);
                    const real v60 = v34 ? v59 : v59;
                    const real v61 = log1p(v60);
                    const real v62 = -v61;
                    const real v63 = v62 - v35;
                    const real v64 = v34 ? v62 : v63;
                    const real v65 = v34 ? v63 : v62;
                    const real v67 = v4 * v66;
                    const real v69 = v5 * v68;
                    const real v70 = v69 - v67;
                    const real v71 = v70 * real(0.5);
                    const real v72 = fabs(v64);
                    const bool v73 = v72 <= real(1.5);
                    const real v74 = v73 ? v64 : real(0.0);
                    const real v75 = v74 * v74;
                    const real v76 = v75 * real(28.0);
                    const real v77 = v76 + real(2520.0);
                    const real v78 = v75 + real(420.0);
                    const real v79 = v78 * v75;
                    const real v80 = v79 + real(15120.0);
                    const real v81 = v74 + real(2.0);
                    const real v82 = v81 * v80;
                    const real v83 = v75 * v77;
                    const real v84 = v82 + v83;
                    const real v85 = v77 * v74;
                    const real v86 = v80 + v85;
                    const real v87 = v86 / v84;
                    const real v88 = v87 * v75;
                    const real v89 = v67 * v88;
                    const real v90 = v67 * v64;
                    const real v91 = v71 + v90;
                    const real v92 = v73 ? v89 : v91;
                    const real v93 = -v70;
                    const real v94 = v93 * real(0.5);
                    const real v95 = fabs(v65);
                    const bool v96 = v95 <= real(1.5);
                    const real v97 = v96 ? v65 : real(0.0);
                    const real v98 = v97 * v97;
                    const real v99 = v98 * real(28.0);
                    const real v100 = v99 + real(2520.0);
                    const real v101 = v98 + real(420.0);
                    const real v102 = v101 * v98;
                    const real v103 = v102 + real(15120.0);
                    const real v104 = v97 + real(2.0);
                    const real v105 = v104 * v103;
                    const real v106 = v98 * v100;
                    const real v107 = v105 + v106;
                    const real v108 = v100 * v97;
                    const real v109 = v103 + v108;
                    const real v110 = v109 / v107;
                    const real v111 = v110 * v98;
                    const real v112 = v69 * v111;
                    const real v113 = v69 * v65;
                    const real v114 = v94 + v113;
                    const real v115 = v96 ? v112 : v114;
                    const real v116 = v92 * real(0.5);
                    const real v117 = v115 * real(0.5);
                    const real v118 = v116 + v117;
                    v119_few += v118;
                }
                v119_sum += v119_few;
            }
            v119_sum = of_team(shared, v119_sum, lanes, true);
            const real v119 = real(v119_sum);
            const bool v120 = v119 >= real(1e-07);
            const real v121 = v120 ? v119 : real(__uint_as_float(0x7fc00000));
            if (missing) value = double(v121);
            missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const real v122 = v0 + real(1572864.0);
                const real v123 = v122 - real(1572864.0);
                const bool v124 = v123 > real(0.0);
                const real v125 = v124 ? v123 : real(0.0);
                const bool v126 = v125 < real(64.0);
                const real v127 = v126 ? v125 : real(64.0);
                const real v128 = fabs(v0);
                const bool v129 = v128 < real(4096.0);
                const real v130 = v123 - v127;
                const real v131 = v129 ? v130 : v0;
                const real v134 = v131 - v0;
                const real v135 = exp(v134);
                const bool v136 = v135 == v135;
                const real v137 = v136 ? v135 : real(__uint_as_float(0x7fc00000));
                const real v139 = v1 + real(1572864.0);
                const real v140 = v139 - real(1572864.0);
                const bool v141 = v140 > real(0.0);
                const real v142 = v141 ? v140 : real(0.0);
                const bool v143 = v142 < real(64.0);
                const real v144 = v143 ? v142 : real(64.0);
                const real v145 = fabs(v1);
                const bool v146 = v145 < real(4096.0);
                const real v147 = v140 - v144;
                const real v148 = v146 ? v147 : v1;
                const real v151 = v148 - v1;
                const real v152 = exp(v151);
                const bool v153 = v152 == v152;
                const real v154 = v153 ? v152 : real(__uint_as_float(0x7fc00000));
                const real v156 = v0 - v1;
                const real v157 = fabs(v156);
                const bool v158 = v157 < real(1e+30);
                const real v159 = v158 ? real(0.0) : v0;
                const real v161 = v158 ? real(0.0) : v1;
                const real v182 = v156 - v0;
                const real v183 = v156 - v182;
                const real v184 = v0 - v183;
                const real v185 = v1 + v182;
                const real v186 = v184 - v185;
                const real v187 = v158 ? v156 : real(0.0);
                const real v188 = v158 ? v186 : real(0.0);
                double v194_sum = 0;
                double v195_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v132 = t - v131;
                    const real v133 = exp(v132);
                    const real v138 = v133 * v137;
                    const real v149 = x - v148;
                    const real v150 = exp(v149);
                    const real v155 = v150 * v154;
                    v194_sum += v138;
                    v195_sum += v155;
                }
                v194_sum = of_team(shared, v194_sum, lanes, true);
                const real v194 = real(v194_sum);
                v195_sum = of_team(shared, v195_sum, lanes, true);
                const real v195 = real(v195_sum);
                const real v196 = real(1.0) / v194;
                const real v198 = real(1.0) / v195;
                const real v227 = log(v195);
                const real v228 = log(v194);
                const real v229 = v227 - v228;
                double v218_sum = 0;
                double v223_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v132 = t - v131;
                    const real v133 = exp(v132);
                    const real v138 = v133 * v137;
                    const real v149 = x - v148;
                    const real v150 = exp(v149);
                    const real v155 = v150 * v154;
                    const real v160 = t - v159;
                    const real v162 = x - v161;
                    const real v163 = fabs(v160);
                    const bool v164 = v163 == real(__uint_as_float(0x7f800000));
                    const real v165 = fabs(v162);
                    const bool v166 = v165 == real(__uint_as_float(0x7f800000));
                    const bool v167 = v160 == v162;
                    const real v168 = v167 ? real(0.0) : v160;
                    const real v169 = -v162;
                    const real v170 = v164 ? real(0.0) : v160;
                    const real v171 = v166 ? real(0.0) : v162;
                    const real v172 = v170 - v171;
                    const real v173 = v172 - v170;
                    const real v174 = v172 - v173;
                    const real v175 = v170 - v174;
                    const real v176 = v171 + v173;
                    const real v177 = v175 - v176;
                    const real v178 = v166 ? v169 : v172;
                    const real v179 = v164 ? v168 : v178;
                    const bool v180 = v164 || v166;
                    const real v181 = v180 ? real(0.0) : v177;
                    const real v189 = v181 - v188;
                    const bool v190 = v189 == v189;
                    const real v191 = v190 ? v189 : real(0.0);
                    const real v192 = v179 - v187;
                    const real v193 = v192 + v191;
                    const real v197 = v138 * v196;
                    const real v199 = v155 * v198;
                    const real v200 = larger(v197, v199);
                    const real v201 = smaller(v197, v199);
                    const real v202 = v200 + v201;
                    const real v203 = v200 - v201;
                    const bool v204 = v197 > v199;
                    const real v205 = -v203;
                    const real v206 = v204 ? v203 : v205;
                    const bool v207 = v202 > real(0.0);
                    const real v208 = v207 ? v193 : real(0.0);
                    const bool v209 = v208 > real(10000.0);
                    const real v210 = v209 ? real(10000.0) : v208;
                    const bool v211 = v210 < real(-10000.0);
                    const real v212 = v211 ? real(-10000.0) : v210;
                    const bool v213 = v212 > real(24.0);
                    const real v214 = v213 ? real(24.0) : v212;
                    const bool v215 = v214 < real(-24.0);
                    const real v216 = v215 ? real(-24.0) : v214;
                    const real v217 = v202 * v216;
                    const real v222 = v206 * v212;
                    v218_sum += v217;
                    v223_sum += v222;
                }
                v218_sum = of_team(shared, v218_sum, lanes, true);
                const real v218 = real(v218_sum);
                v223_sum = of_team(shared, v223_sum, lanes, true);
                const real v223 = real(v223_sum);
                const real v219 = v218 * real(0.5);
                const bool v224 = v223 < real(1.1920928955078125e-07);
                const real v225 = v224 ? v219 : real(0.0);
                const real v230 = v224 ? real(0.0) : v229;
                double v238_sum = 0;
                double v241_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v132 = t - v131;
                    const real v133 = exp(v132);
                    const real v138 = v133 * v137;
                    const real v149 = x - v148;
                    const real v150 = exp(v149);
                    const real v155 = v150 * v154;
                    const real v160 = t - v159;
                    const real v162 = x - v161;
                    const real v163 = fabs(v160);
                    const bool v164 = v163 == real(__uint_as_float(0x7f800000));
                    const real v165 = fabs(v162);
                    const bool v166 = v165 == real(__uint_as_float(0x7f800000));
                    const bool v167 = v160 == v162;
                    const real v168 = v167 ? real(0.0) : v160;
                    const real v169 = -v162;
                    const real v170 = v164 ? real(0.0) : v160;
                    const real v171 = v166 ? real(0.0) : v162;
                    const real v172 = v170 - v171;
                    const real v173 = v172 - v170;
                    const real v174 = v172 - v173;
                    const real v175 = v170 - v174;
                    const real v176 = v171 + v173;
                    const real v177 = v175 - v176;
                    const real v178 = v166 ? v169 : v172;
                    const real v179 = v164 ? v168 : v178;
                    const bool v180 = v164 || v166;
                    const real v181 = v180 ? real(0.0) : v177;
                    const real v189 = v181 - v188;
                    const bool v190 = v189 == v189;
                    const real v191 = v190 ? v189 : real(0.0);
                    const real v192 = v179 - v187;
                    const real v193 = v192 + v191;
                    const real v197 = v138 * v196;
                    const real v199 = v155 * v198;
                    const real v200 = larger(v197, v199);
                    const real v201 = smaller(v197, v199);
                    const real v202 = v200 + v201;
                    const bool v207 = v202 > real(0.0);
                    const real v208 = v207 ? v193 : real(0.0);
                    const bool v209 = v208 > real(10000.0);
                    const real v210 = v209 ? real(10000.0) : v208;
                    const bool v211 = v210 < real(-10000.0);
                    const real v212 = v211 ? real(-10000.0) : v210;
                    const real v226 = v212 - v225;
                    const real v231 = v226 + v230;
                    const real v232 = v231 * real(0.5);
                    const real v233 = tanh(v232);
                    const real v234 = v233 * v233;
                    const real v235 = -v234;
                    const real v236 = v235 + real(1.0);
                    const real v237 = v202 * v236;
                    const real v240 = v202 * v233;
                    v238_sum += v237;
                    v241_sum += v240;
                }
                v238_sum = of_team(shared, v238_sum, lanes, true);
                const real v238 = real(v238_sum);
                v241_sum = of_team(shared, v241_sum, lanes, true);
                const real v241 = real(v241_sum);
                const bool v239 = v238 > real(1.0);
                const real v242 = v239 ? v238 : real(1.0);
                const real v243 = v241 / v242;
                const real v244 = v243 * real(-2.0);
                const real v245 = v239 ? v244 : real(0.0);
                const real v246 = v224 ? real(0.0) : v245;
                const real v249 = v246 * real(0.5);
                double v282_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v132 = t - v131;
                    const real v133 = exp(v132);
                    const real v138 = v133 * v137;
                    const real v149 = x - v148;
                    const real v150 = exp(v149);
                    const real v155 = v150 * v154;
                    const real v160 = t - v159;
                    const real v162 = x - v161;
                    const real v163 = fabs(v160);
                    const bool v164 = v163 == real(__uint_as_float(0x7f800000));
                    const real v165 = fabs(v162);
                    const bool v166 = v165 == real(__uint_as_float(0x7f800000));
                    const bool v167 = v160 == v162;
                    const real v168 = v167 ? real(0.0) : v160;
                    const real v169 = -v162;
                    const real v170 = v164 ? real(0.0) : v160;
                    const real v171 = v166 ? real(0.0) : v162;
                    const real v172 = v170 - v171;
                    const real v173 = v172 - v170;
                    const real v174 = v172 - v173;
                    const real v175 = v170 - v174;
                    const real v176 = v171 + v173;
                    const real v177 = v175 - v176;
                    const real v178 = v166 ? v169 : v172;
                    const real v179 = v164 ? v168 : v178;
                    const bool v180 = v164 || v166;
                    const real v181 = v180 ? real(0.0) : v177;
                    const real v189 = v181 - v188;
                    const bool v190 = v189 == v189;
                    const real v191 = v190 ? v189 : real(0.0);
                    const real v192 = v179 - v187;
                    const real v193 = v192 + v191;
                    const real v197 = v138 * v196;
                    const real v199 = v155 * v198;
                    const real v200 = larger(v197, v199);
                    const real v201 = smaller(v197, v199);
                    const real v202 = v200 + v201;
                    const bool v207 = v202 > real(0.0);
                    const real v208 = v207 ? v193 : real(0.0);
                    const bool v209 = v208 > real(10000.0);
                    const real v210 = v209 ? real(10000.0) : v208;
                    const bool v211 = v210 < real(-10000.0);
                    const real v212 = v211 ? real(-10000.0) : v210;
                    const real v226 = v212 - v225;
                    const real v231 = v226 + v230;
                    const real v232 = v231 * real(0.5);
                    const real v233 = tanh(v232);
                    const real v234 = v233 * v233;
                    const real v235 = -v234;
                    const real v236 = v235 + real(1.0);
                    const real v250 = v236 * v249;
                    const real v251 = v233 + v250;
                    const real v253 = v231 + v246;
                    const real v254 = fabs(v253);
                    const bool v255 = v254 <= real(2.0);
                    const real v256 = v251 * v251;
                    const bool v257 = v200 < real(8.673617379884035e-19);
                    const real v258 = v201 * real(1.8446744073709552e+19);
                    const real v259 = v257 ? v258 : v201;
                    const real v260 = v200 * real(1.8446744073709552e+19);
                    const real v261 = v257 ? v260 : v200;
                    const bool v262 = v261 >= real(2.168404344971009e-19);
                    const real v263 = v262 ? v261 : real(1.0);
                    const real v264 = v259 / v263;
                    const real v265 = -v256;
                    const real v266 = v255 ? v265 : v264;
                    const real v267 = log1p(v266);
                    const bool v268 = v201 > real(0.0);
                    const real v269 = v268 ? v254 : real(0.0);
                    const real v270 = v201 * v269;
                    const real v271 = -v267;
                    const real v272 = v271 + real(0.6931471805599453);
                    const real v273 = v202 * v272;
                    const real v274 = v273 - v270;
                    const real v275 = v274 * real(0.5);
                    const real v276 = v255 ? v253 : real(0.0);
                    const real v277 = v251 * v276;
                    const real v278 = v277 + v267;
                    const real v279 = v202 * v278;
                    const real v280 = v279 * real(0.25);
                    const real v281 = v255 ? v280 : v275;
                    v282_sum += v281;
                }
                v282_sum = of_team(shared, v282_sum, lanes, true);
                const real v282 = real(v282_sum);
                const bool v283 = v282 > real(0.6931471805599453);
                const real v284 = v283 ? real(0.6931471805599453) : v282;
                if (missing) value = double(v284);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
