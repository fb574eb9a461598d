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
    const double given_parts,
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
        const real v4 = v0 + real(1572864.0);
        const real v5 = v4 - real(1572864.0);
        const bool v6 = v5 > real(0.0);
        const real v7 = v6 ? v5 : real(0.0);
        const bool v8 = v7 < real(64.0);
        const real v9 = v8 ? v7 : real(64.0);
        const real v10 = fabs(v0);
        const bool v11 = v10 < real(4096.0);
        const real v12 = v5 - v9;
        const real v13 = v11 ? v12 : v0;
        const real v16 = v13 - v0;
        const real v17 = exp(v16);
        const bool v18 = v17 == v17;
        const real v19 = v18 ? v17 : real(__uint_as_float(0x7fc00000));
        const real v20 = v1 + real(1572864.0);
        const real v21 = v20 - real(1572864.0);
        const bool v22 = v21 > real(0.0);
        const real v23 = v22 ? v21 : real(0.0);
        const bool v24 = v23 < real(64.0);
        const real v25 = v24 ? v23 : real(64.0);
        const real v26 = fabs(v1);
        const bool v27 = v26 < real(4096.0);
        const real v28 = v21 - v25;
        const real v29 = v27 ? v28 : v1;
        const real v32 = v29 - v1;
        const real v33 = exp(v32);
        const bool v34 = v33 == v33;
        const real v35 = v34 ? v33 : real(__uint_as_float(0x7fc00000));
        const real v43 = v0 - v1;
        const real v44 = fabs(v43);
        const bool v45 = v44 < real(1e+30);
        const real v52 = v43 - v0;
        const real v53 = v43 - v52;
        const real v54 = v0 - v53;
        const real v55 = v1 + v52;
        const real v56 = v54 - v55;
        const real v57 = v45 ? v43 : real(__uint_as_float(0x7fc00000));
        const real v58 = v45 ? v56 : real(__uint_as_float(0x7fc00000));
        double v38_sum = 0;
        double v39_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            real v38_few = 0;
            real v39_few = 0;
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v14 = t - v13;
                const real v15 = exp(v14);
                const real v30 = x - v29;
                const real v31 = exp(v30);
                const real v36 = v15 * v19;
                const real v37 = v31 * v35;
                v38_few += v36;
                v39_few += v37;
            }
            v38_sum += v38_few;
            v39_sum += v39_few;
        }
        v38_sum = of_team(shared, v38_sum, lanes, true);
        const real v38 = real(v38_sum);
        v39_sum = of_team(shared, v39_sum, lanes, true);
        const real v39 = real(v39_sum);
        const real v40 = log(v38);
        const real v41 = log(v39);
        const real v42 = v40 - v41;
        double v76_sum = 0;
        double v79_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            real v76_few = 0;
            real v79_few = 0;
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v14 = t - v13;
                const real v15 = exp(v14);
                const real v30 = x - v29;
                const real v31 = exp(v30);
                const real v36 = v15 * v19;
                const real v37 = v31 * v35;
                const real v46 = t - x;
                const real v47 = v46 - t;
                const real v48 = v46 - v47;
                const real v49 = t - v48;
                const real v50 = x + v47;
                const real v51 = v49 - v50;
                const real v59 = v51 - v58;
                const real v60 = v46 - v57;
                const real v61 = v60 + v59;
                const real v62 = v61 - v42;
                const bool v63 = v62 >= real(0.0);
                const real v64 = fabs(v62);
                const real v65 = -v64;
                const real v66 = exp(v65);
                const real v67 = v66 * real(0.5);
                const real v68 = v67 + real(0.5);
                const real v69 = v63 ? v68 : v68;
                const real v70 = log(v69);
                const real v71 = -v70;
                const real v72 = v71 - v64;
                const real v73 = v63 ? v71 : v72;
                const real v74 = v63 ? v72 : v71;
                const real v75 = v36 * v73;
                const real v78 = v37 * v74;
                v76_few += v75;
                v79_few += v78;
            }
            v76_sum += v76_few;
            v79_sum += v79_few;
        }
        v76_sum = of_team(shared, v76_sum, lanes, true);
        const real v76 = real(v76_sum);
        v79_sum = of_team(shared, v79_sum, lanes, true);
        const real v79 = real(v79_sum);
        const real v77 = v76 / v38;
        const real v80 = v79 / v39;
        const real v81 = v77 * real(0.5);
        const real v82 = v80 * real(0.5);
        const real v83 = v81 + v82;
        const real v84 = smaller(v83, real(0.6931471805599453));
        const bool v85 = v84 >= real(0.05);
        const real v86 = v85 ? v84 : real(__uint_as_float(0x7fc00000));
        if (missing) value = double(v86);
        missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v95 = real(1.0) / v38;
            const real v97 = real(1.0) / v39;
            double v148_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                real v148_few = 0;
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v30 = x - v29;
                    const real v31 = exp(v30);
                    const real v36 = v15 * v19;
                    const real v37 = v31 * v35;
                    const real v46 = t - x;
                    const real v47 = v46 - t;
                    const real v48 = v46 - v47;
                    const real v49 = t - v48;
                    const real v50 = x + v47;
                    const real v51 = v49 - v50;
                    const real v59 = v51 - v58;
                    const real v60 = v46 - v57;
                    const real v61 = v60 + v59;
                    const real v62 = v61 - v42;
                    const bool v63 = v62 >= real(0.0);
                    const real v64 = fabs(v62);
                    const real v65 = -v64;
                    const real v87 = expm1(v65);
                    const real v88 = v87 * real(0.5);
                    const real v89 = v63 ? v88 : v88;
                    const real v90 = log1p(v89);
                    const real v91 = -v90;
                    const real v92 = v91 - v64;
                    const real v93 = v63 ? v91 : v92;
                    const real v94 = v63 ? v92 : v91;
                    const real v96 = v36 * v95;
                    const real v98 = v37 * v97;
                    const real v99 = v98 - v96;
                    const real v100 = v99 * real(0.5);
                    const real v101 = fabs(v93);
                    const bool v102 = v101 <= real(1.5);
                    const real v103 = v102 ? v93 : real(0.0);
                    const real v104 = v103 * v103;
                    const real v105 = v104 * real(28.0);
                    const real v106 = v105 + real(2520.0);
                    const real v107 = v104 + real(420.0);
                    const real v108 = v107 * v104;
                    const real v109 = v108 + real(15120.0);
                    const real v110 = v103 + real(2.0);
                    const real v111 = v110 * v109;
                    const real v112 = v104 * v106;
                    const real v113 = v111 + v112;
                    const real v114 = v106 * v103;
                    const real v115 = v109 + v114;
                    const real v116 = v115 / v113;
                    const real v117 = v116 * v104;
                    const real v118 = v96 * v117;
                    const real v119 = v96 * v93;
                    const real v120 = v100 + v119;
                    const real v121 = v102 ? v118 : v120;
                    const real v122 = -v99;
                    const real v123 = v122 * real(0.5);
                    const real v124 = fabs(v94);
                    const bool v125 = v124 <= real(1.5);
                    const real v126 = v125 ? v94 : real(0.0);
                    const real v127 = v126 * v126;
                    const real v128 = v127 * real(28.0);
                    const real v129 = v128 + real(2520.0);
                    const real v130 = v127 + real(420.0);
                    const real v131 = v130 * v127;
                    const real v132 = v131 + real(15120.0);
                    const real v133 = v126 + real(2.0);
                    const real v134 = v133 * v132;
                    const real v135 = v127 * v129;
                    const real v136 = v134 + v135;
                    const real v137 = v129 * v126;
                    const real v138 = v132 + v137;
                    const real v139 = v138 / v136;
                    const real v140 = v139 * v127;
                    const real v141 = v98 * v140;
                    const real v142 = v98 * v94;
                    const real v143 = v123 + v142;
                    const real v144 = v125 ? v141 : v143;
                    const real v145 = v121 * real(0.5);
                    const real v146 = v144 * real(0.5);
                    const real v147 = v145 + v146;
                    v148_few += v147;
                }
                v148_sum += v148_few;
            }
            v148_sum = of_team(shared, v148_sum, lanes, true);
            const real v148 = real(v148_sum);
            const bool v149 = v148 >= real(1e-07);
            const real v150 = v149 ? v148 : real(__uint_as_float(0x7fc00000));
            if (missing) value = double(v150);
            missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const real v151 = v45 ? real(0.0) : v0;
                const real v153 = v45 ? real(0.0) : v1;
                const real v174 = v45 ? v43 : real(0.0);
                const real v175 = v45 ? v56 : real(0.0);
                double v181_sum = 0;
                double v182_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v30 = x - v29;
                    const real v31 = exp(v30);
                    v181_sum += v15;
                    v182_sum += v31;
                }
                v181_sum = of_team(shared, v181_sum, lanes, true);
                const real v181 = real(v181_sum);
                v182_sum = of_team(shared, v182_sum, lanes, true);
                const real v182 = real(v182_sum);
                const real v183 = real(1.0) / v181;
                const real v185 = real(1.0) / v182;
                const real v187 = v181 * v19;
                const real v188 = v182 * v35;
                const real v210 = log(v188);
                const real v211 = log(v187);
                const real v212 = v210 - v211;
                double v203_sum = 0;
                double v206_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v30 = x - v29;
                    const real v31 = exp(v30);
                    const real v152 = t - v151;
                    const real v154 = x - v153;
                    const real v155 = fabs(v152);
                    const bool v156 = v155 == real(__uint_as_float(0x7f800000));
                    const real v157 = fabs(v154);
                    const bool v158 = v157 == real(__uint_as_float(0x7f800000));
                    const bool v159 = v152 == v154;
                    const real v160 = v159 ? real(0.0) : v152;
                    const real v161 = -v154;
                    const real v162 = v156 ? real(0.0) : v152;
                    const real v163 = v158 ? real(0.0) : v154;
                    const real v164 = v162 - v163;
                    const real v165 = v164 - v162;
                    const real v166 = v164 - v165;
                    const real v167 = v162 - v166;
                    const real v168 = v163 + v165;
                    const real v169 = v167 - v168;
                    const real v170 = v158 ? v161 : v164;
                    const real v171 = v156 ? v160 : v170;
                    const bool v172 = v156 || v158;
                    const real v173 = v172 ? real(0.0) : v169;
                    const real v176 = v173 - v175;
                    const bool v177 = v176 == v176;
                    const real v178 = v177 ? v176 : real(0.0);
                    const real v179 = v171 - v174;
                    const real v180 = v179 + v178;
                    const real v184 = v15 * v183;
                    const real v186 = v31 * v185;
                    const real v189 = larger(v184, v186);
                    const real v190 = smaller(v184, v186);
                    const real v191 = v189 + v190;
                    const real v192 = v189 - v190;
                    const bool v193 = v184 > v186;
                    const real v194 = -v192;
                    const real v195 = v193 ? v192 : v194;
                    const bool v196 = v191 > real(0.0);
                    const real v197 = v196 ? v180 : real(0.0);
                    const bool v198 = v197 > real(10000.0);
                    const real v199 = v198 ? real(10000.0) : v197;
                    const bool v200 = v199 < real(-10000.0);
                    const real v201 = v200 ? real(-10000.0) : v199;
                    const real v202 = v191 * v201;
                    const real v205 = v195 * v201;
                    v203_sum += v202;
                    v206_sum += v205;
                }
                v203_sum = of_team(shared, v203_sum, lanes, true);
                const real v203 = real(v203_sum);
                v206_sum = of_team(shared, v206_sum, lanes, true);
                const real v206 = real(v206_sum);
                const real v204 = v203 * real(0.5);
                const bool v207 = v206 < real(1.1920928955078125e-07);
                const real v208 = v207 ? v204 : real(0.0);
                const real v213 = v207 ? real(0.0) : v212;
                double v221_sum = 0;
                double v224_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v30 = x - v29;
                    const real v31 = exp(v30);
                    const real v152 = t - v151;
                    const real v154 = x - v153;
                    const real v155 = fabs(v152);
                    const bool v156 = v155 == real(__uint_as_float(0x7f800000));
                    const real v157 = fabs(v154);
                    const bool v158 = v157 == real(__uint_as_float(0x7f800000));
                    const bool v159 = v152 == v154;
                    const real v160 = v159 ? real(0.0) : v152;
                    const real v161 = -v154;
                    const real v162 = v156 ? real(0.0) : v152;
                    const real v163 = v158 ? real(0.0) : v154;
                    const real v164 = v162 - v163;
                    const real v165 = v164 - v162;
                    const real v166 = v164 - v165;
                    const real v167 = v162 - v166;
                    const real v168 = v163 + v165;
                    const real v169 = v167 - v168;
                    const real v170 = v158 ? v161 : v164;
                    const real v171 = v156 ? v160 : v170;
                    const bool v172 = v156 || v158;
                    const real v173 = v172 ? real(0.0) : v169;
                    const real v176 = v173 - v175;
                    const bool v177 = v176 == v176;
                    const real v178 = v177 ? v176 : real(0.0);
                    const real v179 = v171 - v174;
                    const real v180 = v179 + v178;
                    const real v184 = v15 * v183;
                    const real v186 = v31 * v185;
                    const real v189 = larger(v184, v186);
                    const real v190 = smaller(v184, v186);
                    const real v191 = v189 + v190;
                    const bool v196 = v191 > real(0.0);
                    const real v197 = v196 ? v180 : real(0.0);
                    const bool v198 = v197 > real(10000.0);
                    const real v199 = v198 ? real(10000.0) : v197;
                    const bool v200 = v199 < real(-10000.0);
                    const real v201 = v200 ? real(-10000.0) : v199;
                    const real v209 = v201 - v208;
                    const real v214 = v209 + v213;
                    const real v215 = v214 * real(0.5);
                    const real v216 = tanh(v215);
                    const real v217 = v216 * v216;
                    const real v218 = -v217;
                    const real v219 = v218 + real(1.0);
                    const real v220 = v191 * v219;
                    const real v223 = v191 * v216;
                    v221_sum += v220;
                    v224_sum += v223;
                }
                v221_sum = of_team(shared, v221_sum, lanes, true);
                const real v221 = real(v221_sum);
                v224_sum = of_team(shared, v224_sum, lanes, true);
                const real v224 = real(v224_sum);
                const bool v222 = v221 > real(1.0);
                const real v225 = v222 ? v221 : real(1.0);
                const real v226 = v224 / v225;
                const real v227 = v226 * real(-2.0);
                const real v228 = v222 ? v227 : real(0.0);
                const real v229 = v207 ? real(0.0) : v228;
                const real v232 = v229 * real(0.5);
                double v265_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v30 = x - v29;
                    const real v31 = exp(v30);
                    const real v152 = t - v151;
                    const real v154 = x - v153;
                    const real v155 = fabs(v152);
                    const bool v156 = v155 == real(__uint_as_float(0x7f800000));
                    const real v157 = fabs(v154);
                    const bool v158 = v157 == real(__uint_as_float(0x7f800000));
                    const bool v159 = v152 == v154;
                    const real v160 = v159 ? real(0.0) : v152;
                    const real v161 = -v154;
                    const real v162 = v156 ? real(0.0) : v152;
                    const real v163 = v158 ? real(0.0) : v154;
                    const real v164 = v162 - v163;
                    const real v165 = v164 - v162;
                    const real v166 = v164 - v165;
                    const real v167 = v162 - v166;
                    const real v168 = v163 + v165;
                    const real v169 = v167 - v168;
                    const real v170 = v158 ? v161 : v164;
                    const real v171 = v156 ? v160 : v170;
                    const bool v172 = v156 || v158;
                    const real v173 = v172 ? real(0.0) : v169;
                    const real v176 = v173 - v175;
                    const bool v177 = v176 == v176;
                    const real v178 = v177 ? v176 : real(0.0);
                    const real v179 = v171 - v174;
                    const real v180 = v179 + v178;
                    const real v184 = v15 * v183;
                    const real v186 = v31 * v185;
                    const real v189 = larger(v184, v186);
                    const real v190 = smaller(v184, v186);
                    const real v191 = v189 + v190;
                    const bool v196 = v191 > real(0.0);
                    const real v197 = v196 ? v180 : real(0.0);
                    const bool v198 = v197 > real(10000.0);
                    const real v199 = v198 ? real(10000.0) : v197;
                    const bool v200 = v199 < real(-10000.0);
                    const real v201 = v200 ? real(-10000.0) : v199;
                    const real v209 = v201 - v208;
                    const real v214 = v209 + v213;
                    const real v215 = v214 * real(0.5);
                    const real v216 = tanh(v215);
                    const real v217 = v216 * v216;
                    const real v218 = -v217;
                    const real v219 = v218 + real(1.0);
                    const real v233 = v219 * v232;
                    const real v234 = v216 + v233;
                    const real v236 = v214 + v229;
                    const real v237 = fabs(v236);
                    const bool v238 = v237 <= real(2.0);
                    const real v239 = v234 * v234;
                    const bool v240 = v189 < real(8.673617379884035e-19);
                    const real v241 = v190 * real(1.8446744073709552e+19);
                    const real v242 = v240 ? v241 : v190;
                    const real v243 = v189 * real(1.8446744073709552e+19);
                    const real v244 = v240 ? v243 : v189;
                    const bool v245 = v244 >= real(2.168404344971009e-19);
                    const real v246 = v245 ? v244 : real(1.0);
                    const real v247 = v242 / v246;
                    const real v248 = -v239;
                    const real v249 = v238 ? v248 : v247;
                    const real v250 = log1p(v249);
                    const bool v251 = v190 > real(0.0);
                    const real v252 = v251 ? v237 : real(0.0);
                    const real v253 = v190 * v252;
                    const real v254 = -v250;
                    const real v255 = v254 + real(0.6931471805599453);
                    const real v256 = v191 * v255;
                    const real v257 = v256 - v253;
                    const real v258 = v257 * real(0.5);
                    const real v259 = v238 ? v236 : real(0.0);
                    const real v260 = v234 * v259;
                    const real v261 = v260 + v250;
                    const real v262 = v191 * v261;
                    const real v263 = v262 * real(0.25);
                    const real v264 = v238 ? v263 : v258;
                    v265_sum += v264;
                }
                v265_sum = of_team(shared, v265_sum, lanes, true);
                const real v265 = real(v265_sum);
                const bool v266 = v265 > real(0.6931471805599453);
                const real v267 = v266 ? real(0.6931471805599453) : v265;
                if (missing) value = double(v267);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_parts);
    }
}
