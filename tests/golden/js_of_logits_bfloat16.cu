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
        const real v11 = v0 - v1;
        const real v12 = fabs(v11);
        const bool v13 = v12 < real(1e+30);
        const real v20 = v11 - v0;
        const real v21 = v11 - v20;
        const real v22 = v0 - v21;
        const real v23 = v1 + v20;
        const real v24 = v22 - v23;
        const real v25 = v13 ? v11 : real(__uint_as_float(0x7fc00000));
        const real v26 = v13 ? v24 : real(__uint_as_float(0x7fc00000));
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
        double v44_sum = 0;
        double v47_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            real v44_few = 0;
            real v47_few = 0;
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v2 = t - v0;
                const real v3 = x - v1;
                const real v4 = exp(v2);
                const real v5 = exp(v3);
                const real v14 = t - x;
                const real v15 = v14 - t;
                const real v16 = v14 - v15;
                const real v17 = t - v16;
                const real v18 = x + v15;
                const real v19 = v17 - v18;
                const real v27 = v19 - v26;
                const real v28 = v14 - v25;
                const real v29 = v28 + v27;
                const real v30 = v29 - v10;
                const bool v31 = v30 >= real(0.0);
                const real v32 = fabs(v30);
                const real v33 = -v32;
                const real v34 = exp(v33);
                const real v35 = v34 * real(0.5);
                const real v36 = v35 + real(0.5);
                const real v37 = v31 ? v36 : v36;
                const real v38 = log(v37);
                const real v39 = -v38;
                const real v40 = v39 - v32;
                const real v41 = v31 ? v39 : v40;
                const real v42 = v31 ? v40 : v39;
                const real v43 = v4 * v41;
                const real v46 = v5 * v42;
                v44_few += v43;
                v47_few += v46;
            }
            v44_sum += v44_few;
            v47_sum += v47_few;
        }
        v44_sum = of_team(shared, v44_sum, lanes, true);
        const real v44 = real(v44_sum);
        v47_sum = of_team(shared, v47_sum, lanes, true);
        const real v47 = real(v47_sum);
        const real v45 = v44 / v6;
        const real v48 = v47 / v7;
        const real v49 = v45 * real(0.5);
        const real v50 = v48 * real(0.5);
        const real v51 = v49 + v50;
        const real v52 = smaller(v51, real(0.6931471805599453));
        const bool v53 = v52 >= real(0.05);
        const real v54 = v53 ? v52 : real(__uint_as_float(0x7fc00000));
        if (missing) value = double(v54);
        missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v63 = real(1.0) / v6;
            const real v65 = real(1.0) / v7;
            double v116_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                real v116_few = 0;
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v2 = t - v0;
                    const real v3 = x - v1;
                    const real v4 = exp(v2);
                    const real v5 = exp(v3);
                    const real v14 = t - x;
                    const real v15 = v14 - t;
                    const real v16 = v14 - v15;
                    const real v17 = t - v16;
                    const real v18 = x + v15;
                    const real v19 = v17 - v18;
                    const real v27 = v19 - v26;
                    const real v28 = v14 - v25;
                    const real v29 = v28 + v27;
                    const real v30 = v29 - v10;
                    const bool v31 = v30 >= real(0.0);
                    const real v32 = fabs(v30);
                    const real v33 = -v32;
                    const real v55 = expm1(v33);
                    const real v56 = v55 * real(0.5);
                    const real v57 = v31 ? v56 : v56;
                    const real v58 = log1p(v57);
                    const real v59 = -v58;
                    const real v60 = v59 - v32;
                    const real v61 = v31 ? v59 : v60;
                    const real v62 = v31 ? v60 : v59;
                    const real v64 = v4 * v63;
                    const real v66 = v5 * v65;
                    const real v67 = v66 - v64;
                    const real v68 = v67 * real(0.5);
                    const real v69 = fabs(v61);
                    const bool v70 = v69 <= real(1.5);
                    const real v71 = v70 ? v61 : real(0.0);
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
                    const real v85 = v84 * v72;
                    const real v86 = v64 * v85;
                    const real v87 = v64 * v61;
                    const real v88 = v68 + v87;
                    const real v89 = v70 ? v86 : v88;
                    const real v90 = -v67;
                    const real v91 = v90 * real(0.5);
                    const real v92 = fabs(v62);
                    const bool v93 = v92 <= real(1.5);
                    const real v94 = v93 ? v62 : real(0.0);
                    const real v95 = v94 * v94;
                    const real v96 = v95 * real(28.0);
                    const real v97 = v96 + real(2520.0);
                    const real v98 = v95 + real(420.0);
                    const real v99 = v98 * v95;
                    const real v100 = v99 + real(15120.0);
                    const real v101 = v94 + real(2.0);
                    const real v102 = v101 * v100;
                    const real v103 = v95 * v97;
                    const real v104 = v102 + v103;
                    const real v105 = v97 * v94;
                    const real v106 = v100 + v105;
                    const real v107 = v106 / v104;
                    const real v108 = v107 * v95;
                    const real v109 = v66 * v108;
                    const real v110 = v66 * v62;
                    const real v111 = v91 + v110;
                    const real v112 = v93 ? v109 : v111;
                    const real v113 = v89 * real(0.5);
                    const real v114 = v112 * real(0.5);
                    const real v115 = v113 + v114;
                    v116_few += v115;
                }
                v116_sum += v116_few;
            }
            v116_sum = of_team(shared, v116_sum, lanes, true);
            const real v116 = real(v116_sum);
            const bool v117 = v116 >= real(1e-07);
            const real v118 = v117 ? v116 : real(__uint_as_float(0x7fc00000));
            if (missing) value = double(v118);
            missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const real v119 = v0 + real(1572864.0);
                const real v120 = v119 - real(1572864.0);
                const bool v121 = v120 > real(0.0);
                const real v122 = v121 ? v120 : real(0.0);
                const bool v123 = v122 < real(64.0);
                const real v124 = v123 ? v122 : real(64.0);
                const real v125 = fabs(v0);
                const bool v126 = v125 < real(4096.0);
                const real v127 = v120 - v124;
                const real v128 = v126 ? v127 : v0;
                const real v131 = v128 - v0;
                const real v132 = exp(v131);
                const bool v133 = v132 == v132;
                const real v134 = v133 ? v132 : real(__uint_as_float(0x7fc00000));
                const real v136 = v1 + real(1572864.0);
                const real v137 = v136 - real(1572864.0);
                const bool v138 = v137 > real(0.0);
                const real v139 = v138 ? v137 : real(0.0);
                const bool v140 = v139 < real(64.0);
                const real v141 = v140 ? v139 : real(64.0);
                const real v142 = fabs(v1);
                const bool v143 = v142 < real(4096.0);
                const real v144 = v137 - v141;
                const real v145 = v143 ? v144 : v1;
                const real v148 = v145 - v1;
                const real v149 = exp(v148);
                const bool v150 = v149 == v149;
                const real v151 = v150 ? v149 : real(__uint_as_float(0x7fc00000));
                const real v153 = v13 ? real(0.0) : v0;
                const real v155 = v13 ? real(0.0) : v1;
                const real v176 = v13 ? v11 : real(0.0);
                const real v177 = v13 ? v24 : real(0.0);
                double v183_sum = 0;
                double v184_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v129 = t - v128;
                    const real v130 = exp(v129);
                    const real v135 = v130 * v134;
                    const real v146 = x - v145;
                    const real v147 = exp(v146);
                    const real v152 = v147 * v151;
                    v183_sum += v135;
                    v184_sum += v152;
                }
                v183_sum = of_team(shared, v183_sum, lanes, true);
                const real v183 = real(v183_sum);
                v184_sum = of_team(shared, v184_sum, lanes, true);
                const real v184 = real(v184_sum);
                const real v185 = real(1.0) / v183;
                const real v187 = real(1.0) / v184;
                const real v214 = log(v184);
                const real v215 = log(v183);
                const real v216 = v214 - v215;
                double v207_sum = 0;
                double v210_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v129 = t - v128;
                    const real v130 = exp(v129);
                    const real v135 = v130 * v134;
                    const real v146 = x - v145;
                    const real v147 = exp(v146);
                    const real v152 = v147 * v151;
                    const real v154 = t - v153;
                    const real v156 = x - v155;
                    const real v157 = fabs(v154);
                    const bool v158 = v157 == real(__uint_as_float(0x7f800000));
                    const real v159 = fabs(v156);
                    const bool v160 = v159 == real(__uint_as_float(0x7f800000));
                    const bool v161 = v154 == v156;
                    const real v162 = v161 ? real(0.0) : v154;
                    const real v163 = -v156;
                    const real v164 = v158 ? real(0.0) : v154;
                    const real v165 = v160 ? real(0.0) : v156;
                    const real v166 = v164 - v165;
                    const real v167 = v166 - v164;
                    const real v168 = v166 - v167;
                    const real v169 = v164 - v168;
                    const real v170 = v165 + v167;
                    const real v171 = v169 - v170;
                    const real v172 = v160 ? v163 : v166;
                    const real v173 = v158 ? v162 : v172;
                    const bool v174 = v158 || v160;
                    const real v175 = v174 ? real(0.0) : v171;
                    const real v178 = v175 - v177;
                    const bool v179 = v178 == v178;
                    const real v180 = v179 ? v178 : real(0.0);
                    const real v181 = v173 - v176;
                    const real v182 = v181 + v180;
                    const real v186 = v135 * v185;
                    const real v188 = v152 * v187;
                    const real v189 = larger(v186, v188);
                    const real v190 = smaller(v186, v188);
                    const real v191 = v189 + v190;
                    const real v192 = v189 - v190;
                    const bool v193 = v186 > v188;
                    const real v194 = -v192;
                    const real v195 = v193 ? v192 : v194;
                    const bool v196 = v191 > real(0.0);
                    const real v197 = v196 ? v182 : real(0.0);
                    const bool v198 = v197 > real(10000.0);
                    const real v199 = v198 ? real(10000.0) : v197;
                    const bool v200 = v199 < real(-10000.0);
                    const real v201 = v200 ? real(-10000.0) : v199;
                    const bool v202 = v201 > real(24.0);
                    const real v203 = v202 ? real(24.0) : v201;
                    const bool v204 = v203 < real(-24.0);
                    const real v205 = v204 ? real(-24.0) : v203;
                    const real v206 = v191 * v205;
                    const real v209 = v195 * v201;
                    v207_sum += v206;
                    v210_sum += v209;
                }
                v207_sum = of_team(shared, v207_sum, lanes, true);
                const real v207 = real(v207_sum);
                v210_sum = of_team(shared, v210_sum, lanes, true);
                const real v210 = real(v210_sum);
                const real v208 = v207 * real(0.5);
                const bool v211 = v210 < real(1.1920928955078125e-07);
                const real v212 = v211 ? v208 : real(0.0);
                const real v217 = v211 ? real(0.0) : v216;
                double v225_sum = 0;
                double v228_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v129 = t - v128;
                    const real v130 = exp(v129);
                    const real v135 = v130 * v134;
                    const real v146 = x - v145;
                    const real v147 = exp(v146);
                    const real v152 = v147 * v151;
                    const real v154 = t - v153;
                    const real v156 = x - v155;
                    const real v157 = fabs(v154);
                    const bool v158 = v157 == real(__uint_as_float(0x7f800000));
                    const real v159 = fabs(v156);
                    const bool v160 = v159 == real(__uint_as_float(0x7f800000));
                    const bool v161 = v154 == v156;
                    const real v162 = v161 ? real(0.0) : v154;
                    const real v163 = -v156;
                    const real v164 = v158 ? real(0.0) : v154;
                    const real v165 = v160 ? real(0.0) : v156;
                    const real v166 = v164 - v165;
                    const real v167 = v166 - v164;
                    const real v168 = v166 - v167;
                    const real v169 = v164 - v168;
                    const real v170 = v165 + v167;
                    const real v171 = v169 - v170;
                    const real v172 = v160 ? v163 : v166;
                    const real v173 = v158 ? v162 : v172;
                    const bool v174 = v158 || v160;
                    const real v175 = v174 ? real(0.0) : v171;
                    const real v178 = v175 - v177;
                    const bool v179 = v178 == v178;
                    const real v180 = v179 ? v178 : real(0.0);
                    const real v181 = v173 - v176;
                    const real v182 = v181 + v180;
                    const real v186 = v135 * v185;
                    const real v188 = v152 * v187;
                    const real v189 = larger(v186, v188);
                    const real v190 = smaller(v186, v188);
                    const real v191 = v189 + v190;
                    const bool v196 = v191 > real(0.0);
                    const real v197 = v196 ? v182 : real(0.0);
                    const bool v198 = v197 > real(10000.0);
                    const real v199 = v198 ? real(10000.0) : v197;
                    const bool v200 = v199 < real(-10000.0);
                    const real v201 = v200 ? real(-10000.0) : v199;
                    const real v213 = v201 - v212;
                    const real v218 = v213 + v217;
                    const real v219 = v218 * real(0.5);
                    const real v220 = tanh(v219);
                    const real v221 = v220 * v220;
                    const real v222 = -v221;
                    const real v223 = v222 + real(1.0);
                    const real v224 = v191 * v223;
                    const real v227 = v191 * v220;
                    v225_sum += v224;
                    v228_sum += v227;
                }
                v225_sum = of_team(shared, v225_sum, lanes, true);
                const real v225 = real(v225_sum);
                v228_sum = of_team(shared, v228_sum, lanes, true);
                const real v228 = real(v228_sum);
                const bool v226 = v225 > real(1.0);
                const real v229 = v226 ? v225 : real(1.0);
                const real v230 = v228 / v229;
                const real v231 = v230 * real(-2.0);
                const real v232 = v226 ? v231 : real(0.0);
                const real v233 = v211 ? real(0.0) : v232;
                const real v236 = v233 * real(0.5);
                double v269_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v129 = t - v128;
                    const real v130 = exp(v129);
                    const real v135 = v130 * v134;
                    const real v146 = x - v145;
                    const real v147 = exp(v146);
                    const real v152 = v147 * v151;
                    const real v154 = t - v153;
                    const real v156 = x - v155;
                    const real v157 = fabs(v154);
                    const bool v158 = v157 == real(__uint_as_float(0x7f800000));
                    const real v159 = fabs(v156);
                    const bool v160 = v159 == real(__uint_as_float(0x7f800000));
                    const bool v161 = v154 == v156;
                    const real v162 = v161 ? real(0.0) : v154;
                    const real v163 = -v156;
                    const real v164 = v158 ? real(0.0) : v154;
                    const real v165 = v160 ? real(0.0) : v156;
                    const real v166 = v164 - v165;
                    const real v167 = v166 - v164;
                    const real v168 = v166 - v167;
                    const real v169 = v164 - v168;
                    const real v170 = v165 + v167;
                    const real v171 = v169 - v170;
                    const real v172 = v160 ? v163 : v166;
                    const real v173 = v158 ? v162 : v172;
                    const bool v174 = v158 || v160;
                    const real v175 = v174 ? real(0.0) : v171;
                    const real v178 = v175 - v177;
                    const bool v179 = v178 == v178;
                    const real v180 = v179 ? v178 : real(0.0);
                    const real v181 = v173 - v176;
                    const real v182 = v181 + v180;
                    const real v186 = v135 * v185;
                    const real v188 = v152 * v187;
                    const real v189 = larger(v186, v188);
                    const real v190 = smaller(v186, v188);
                    const real v191 = v189 + v190;
                    const bool v196 = v191 > real(0.0);
                    const real v197 = v196 ? v182 : real(0.0);
                    const bool v198 = v197 > real(10000.0);
                    const real v199 = v198 ? real(10000.0) : v197;
                    const bool v200 = v199 < real(-10000.0);
                    const real v201 = v200 ? real(-10000.0) : v199;
                    const real v213 = v201 - v212;
                    const real v218 = v213 + v217;
                    const real v219 = v218 * real(0.5);
                    const real v220 = tanh(v219);
                    const real v221 = v220 * v220;
                    const real v222 = -v221;
                    const real v223 = v222 + real(1.0);
                    const real v237 = v223 * v236;
                    const real v238 = v220 + v237;
                    const real v240 = v218 + v233;
                    const real v241 = fabs(v240);
                    const bool v242 = v241 <= real(2.0);
                    const real v243 = v238 * v238;
                    const bool v244 = v189 < real(8.673617379884035e-19);
                    const real v245 = v190 * real(1.8446744073709552e+19);
                    const real v246 = v244 ? v245 : v190;
                    const real v247 = v189 * real(1.8446744073709552e+19);
                    const real v248 = v244 ? v247 : v189;
                    const bool v249 = v248 >= real(2.168404344971009e-19);
                    const real v250 = v249 ? v248 : real(1.0);
                    const real v251 = v246 / v250;
                    const real v252 = -v243;
                    const real v253 = v242 ? v252 : v251;
                    const real v254 = log1p(v253);
                    const bool v255 = v190 > real(0.0);
                    const real v256 = v255 ? v241 : real(0.0);
                    const real v257 = v190 * v256;
                    const real v258 = -v254;
                    const real v259 = v258 + real(0.6931471805599453);
                    const real v260 = v191 * v259;
                    const real v261 = v260 - v257;
                    const real v262 = v261 * real(0.5);
                    const real v263 = v242 ? v240 : real(0.0);
                    const real v264 = v238 * v263;
                    const real v265 = v264 + v254;
                    const real v266 = v191 * v265;
                    const real v267 = v266 * real(0.25);
                    const real v268 = v242 ? v267 : v262;
                    v269_sum += v268;
                }
                v269_sum = of_team(shared, v269_sum, lanes, true);
                const real v269 = real(v269_sum);
                const bool v270 = v269 > real(0.6931471805599453);
                const real v271 = v270 ? real(0.6931471805599453) : v269;
                if (missing) value = double(v271);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_divisor);
    }
}
