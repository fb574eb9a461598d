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
        const real v18 = v1 + real(1572864.0);
        const real v19 = v18 - real(1572864.0);
        const bool v20 = v19 > real(0.0);
        const real v21 = v20 ? v19 : real(0.0);
        const bool v22 = v21 < real(64.0);
        const real v23 = v22 ? v21 : real(64.0);
        const real v24 = fabs(v1);
        const bool v25 = v24 < real(4096.0);
        const real v26 = v19 - v23;
        const real v27 = v25 ? v26 : v1;
        const real v30 = v27 - v1;
        const real v31 = exp(v30);
        const real v39 = v0 - v1;
        const real v40 = fabs(v39);
        const bool v41 = v40 < real(1e+30);
        const real v48 = v39 - v0;
        const real v49 = v39 - v48;
        const real v50 = v0 - v49;
        const real v51 = v1 + v48;
        const real v52 = v50 - v51;
        const real v53 = v41 ? v39 : real(__uint_as_float(0x7fc00000));
        const real v54 = v41 ? v52 : real(__uint_as_float(0x7fc00000));
        double v34_sum = 0;
        double v35_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            real v34_few = 0;
            real v35_few = 0;
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v14 = t - v13;
                const real v15 = exp(v14);
                const real v28 = x - v27;
                const real v29 = exp(v28);
                const real v32 = v15 * v17;
                const real v33 = v29 * v31;
                v34_few += v32;
                v35_few += v33;
            }
            v34_sum += v34_few;
            v35_sum += v35_few;
        }
        v34_sum = of_team(shared, v34_sum, lanes, true);
        const real v34 = real(v34_sum);
        v35_sum = of_team(shared, v35_sum, lanes, true);
        const real v35 = real(v35_sum);
        const real v36 = log(v34);
        const real v37 = log(v35);
        const real v38 = v36 - v37;
        double v72_sum = 0;
        double v75_sum = 0;
        for (integer column = begin; column < end; column += apart) {
            const int left = 8;
            const auto pack_x = take<8>(at_x + row_x + column, left);
            const auto pack_t = take<8>(at_t + row_t + column, left);
            real v72_few = 0;
            real v75_few = 0;
            #pragma unroll
            for (int i = 0; i < 8; ++i) {
                const real x = load(pack_x.at + i);
                const real t = load(pack_t.at + i);
                const real v14 = t - v13;
                const real v15 = exp(v14);
                const real v28 = x - v27;
                const real v29 = exp(v28);
                const real v32 = v15 * v17;
                const real v33 = v29 * v31;
                const real v42 = t - x;
                const real v43 = v42 - t;
                const real v44 = v42 - v43;
                const real v45 = t - v44;
                const real v46 = x + v43;
                const real v47 = v45 - v46;
                const real v55 = v47 - v54;
                const real v56 = v42 - v53;
                const real v57 = v56 + v55;
                const real v58 = v57 - v38;
                const bool v59 = v58 >= real(0.0);
                const real v60 = fabs(v58);
                const real v61 = -v60;
                const real v62 = exp(v61);
                const real v63 = v62 * real(0.5);
                const real v64 = v63 + real(0.5);
                const real v65 = v59 ? v64 : v64;
                const real v66 = log(v65);
                const real v67 = -v66;
                const real v68 = v67 - v60;
                const real v69 = v59 ? v67 : v68;
                const real v70 = v59 ? v68 : v67;
                const real v71 = v32 * v69;
                const real v74 = v33 * v70;
                v72_few += v71;
                v75_few += v74;
            }
            v72_sum += v72_few;
            v75_sum += v75_few;
        }
        v72_sum = of_team(shared, v72_sum, lanes, true);
        const real v72 = real(v72_sum);
        v75_sum = of_team(shared, v75_sum, lanes, true);
        const real v75 = real(v75_sum);
        const real v73 = v72 / v34;
        const real v76 = v75 / v35;
        const real v77 = v73 * real(0.5);
        const real v78 = v76 * real(0.5);
        const real v79 = v77 + v78;
        const real v80 = smaller(v79, real(0.6931471805599453));
        const bool v81 = v80 >= real(0.05);
        const real v82 = v81 ? v80 : real(__uint_as_float(0x7fc00000));
        if (missing) value = double(v82);
        missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
        if (__syncthreads_or(missing)) {
            const integer end = missing ? columns : 0;
            const real v91 = real(1.0) / v34;
            const real v93 = real(1.0) / v35;
            double v144_sum = 0;
            for (integer column = begin; column < end; column += apart) {
                const int left = 8;
                const auto pack_x = take<8>(at_x + row_x + column, left);
                const auto pack_t = take<8>(at_t + row_t + column, left);
                real v144_few = 0;
                #pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const real x = load(pack_x.at + i);
                    const real t = load(pack_t.at + i);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v28 = x - v27;
                    const real v29 = exp(v28);
                    const real v32 = v15 * v17;
                    const real v33 = v29 * v31;
                    const real v42 = t - x;
                    const real v43 = v42 - t;
                    const real v44 = v42 - v43;
                    const real v45 = t - v44;
                    const real v46 = x + v43;
                    const real v47 = v45 - v46;
                    const real v55 = v47 - v54;
                    const real v56 = v42 - v53;
                    const real v57 = v56 + v55;
                    const real v58 = v57 - v38;
                    const bool v59 = v58 >= real(0.0);
                    const real v60 = fabs(v58);
                    const real v61 = -v60;
                    const real v83 = expm1(v61);
                    const real v84 = v83 * real(0.5);
                    const real v85 = v59 ? v84 : v84;
                    const real v86 = log1p(v85);
                    const real v87 = -v86;
                    const real v88 = v87 - v60;
                    const real v89 = v59 ? v87 : v88;
                    const real v90 = v59 ? v88 : v87;
                    const real v92 = v32 * v91;
                    const real v94 = v33 * v93;
                    const real v95 = v94 - v92;
                    const real v96 = v95 * real(0.5);
                    const real v97 = fabs(v89);
                    const bool v98 = v97 <= real(1.5);
                    const real v99 = v98 ? v89 : real(0.0);
                    const real v100 = v99 * v99;
                    const real v101 = v100 * real(28.0);
                    const real v102 = v101 + real(2520.0);
                    const real v103 = v100 + real(420.0);
                    const real v104 = v103 * v100;
                    const real v105 = v104 + real(15120.0);
                    const real v106 = v99 + real(2.0);
                    const real v107 = v106 * v105;
                    const real v108 = v100 * v102;
                    const real v109 = v107 + v108;
                    const real v110 = v102 * v99;
                    const real v111 = v105 + v110;
                    const real v112 = v111 / v109;
                    const real v113 = v112 * v100;
                    const real v114 = v92 * v113;
                    const real v115 = v92 * v89;
                    const real v116 = v96 + v115;
                    const real v117 = v98 ? v114 : v116;
                    const real v118 = -v95;
                    const real v119 = v118 * real(0.5);
                    const real v120 = fabs(v90);
                    const bool v121 = v120 <= real(1.5);
                    const real v122 = v121 ? v90 : real(0.0);
                    const real v123 = v122 * v122;
                    const real v124 = v123 * real(28.0);
                    const real v125 = v124 + real(2520.0);
                    const real v126 = v123 + real(420.0);
                    const real v127 = v126 * v123;
                    const real v128 = v127 + real(15120.0);
                    const real v129 = v122 + real(2.0);
                    const real v130 = v129 * v128;
                    const real v131 = v123 * v125;
                    const real v132 = v130 + v131;
                    const real v133 = v125 * v122;
                    const real v134 = v128 + v133;
                    const real v135 = v134 / v132;
                    const real v136 = v135 * v123;
                    const real v137 = v94 * v136;
                    const real v138 = v94 * v90;
                    const real v139 = v119 + v138;
                    const real v140 = v121 ? v137 : v139;
                    const real v141 = v117 * real(0.5);
                    const real v142 = v140 * real(0.5);
                    const real v143 = v141 + v142;
                    v144_few += v143;
                }
                v144_sum += v144_few;
            }
            v144_sum = of_team(shared, v144_sum, lanes, true);
            const real v144 = real(v144_sum);
            const bool v145 = v144 >= real(1e-07);
            const real v146 = v145 ? v144 : real(__uint_as_float(0x7fc00000));
            if (missing) value = double(v146);
            missing = missing && !(fabs(value) < real(__uint_as_float(0x7f800000)));
            if (__syncthreads_or(missing)) {
                const integer begin = lane, apart = lanes, end = missing ? columns : 0;
                const real v147 = v41 ? real(0.0) : v0;
                const real v149 = v41 ? real(0.0) : v1;
                const real v170 = v41 ? v39 : real(0.0);
                const real v171 = v41 ? v52 : real(0.0);
                double v177_sum = 0;
                double v178_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v28 = x - v27;
                    const real v29 = exp(v28);
                    v177_sum += v15;
                    v178_sum += v29;
                }
                v177_sum = of_team(shared, v177_sum, lanes, true);
                const real v177 = real(v177_sum);
                v178_sum = of_team(shared, v178_sum, lanes, true);
                const real v178 = real(v178_sum);
                const real v179 = real(1.0) / v177;
                const real v181 = real(1.0) / v178;
                const real v183 = v177 * v17;
                const real v184 = v178 * v31;
                const real v206 = log(v184);
                const real v207 = log(v183);
                const real v208 = v206 - v207;
                double v199_sum = 0;
                double v202_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v28 = x - v27;
                    const real v29 = exp(v28);
                    const real v148 = t - v147;
                    const real v150 = x - v149;
                    const real v151 = fabs(v148);
                    const bool v152 = v151 == real(__uint_as_float(0x7f800000));
                    const real v153 = fabs(v150);
                    const bool v154 = v153 == real(__uint_as_float(0x7f800000));
                    const bool v155 = v148 == v150;
                    const real v156 = v155 ? real(0.0) : v148;
                    const real v157 = -v150;
                    const real v158 = v152 ? real(0.0) : v148;
                    const real v159 = v154 ? real(0.0) : v150;
                    const real v160 = v158 - v159;
                    const real v161 = v160 - v158;
                    const real v162 = v160 - v161;
                    const real v163 = v158 - v162;
                    const real v164 = v159 + v161;
                    const real v165 = v163 - v164;
                    const real v166 = v154 ? v157 : v160;
                    const real v167 = v152 ? v156 : v166;
                    const bool v168 = v152 || v154;
                    const real v169 = v168 ? real(0.0) : v165;
                    const real v172 = v169 - v171;
                    const bool v173 = v172 == v172;
                    const real v174 = v173 ? v172 : real(0.0);
                    const real v175 = v167 - v170;
                    const real v176 = v175 + v174;
                    const real v180 = v15 * v179;
                    const real v182 = v29 * v181;
                    const real v185 = larger(v180, v182);
                    const real v186 = smaller(v180, v182);
                    const real v187 = v185 + v186;
                    const real v188 = v185 - v186;
                    const bool v189 = v180 > v182;
                    const real v190 = -v188;
                    const real v191 = v189 ? v188 : v190;
                    const bool v192 = v187 > real(0.0);
                    const real v193 = v192 ? v176 : real(0.0);
                    const bool v194 = v193 > real(10000.0);
                    const real v195 = v194 ? real(10000.0) : v193;
                    const bool v196 = v195 < real(-10000.0);
                    const real v197 = v196 ? real(-10000.0) : v195;
                    const real v198 = v187 * v197;
                    const real v201 = v191 * v197;
                    v199_sum += v198;
                    v202_sum += v201;
                }
                v199_sum = of_team(shared, v199_sum, lanes, true);
                const real v199 = real(v199_sum);
                v202_sum = of_team(shared, v202_sum, lanes, true);
                const real v202 = real(v202_sum);
                const real v200 = v199 * real(0.5);
                const bool v203 = v202 < real(1.1920928955078125e-07);
                const real v204 = v203 ? v200 : real(0.0);
                const real v209 = v203 ? real(0.0) : v208;
                double v217_sum = 0;
                double v220_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v28 = x - v27;
                    const real v29 = exp(v28);
                    const real v148 = t - v147;
                    const real v150 = x - v149;
                    const real v151 = fabs(v148);
                    const bool v152 = v151 == real(__uint_as_float(0x7f800000));
                    const real v153 = fabs(v150);
                    const bool v154 = v153 == real(__uint_as_float(0x7f800000));
                    const bool v155 = v148 == v150;
                    const real v156 = v155 ? real(0.0) : v148;
                    const real v157 = -v150;
                    const real v158 = v152 ? real(0.0) : v148;
                    const real v159 = v154 ? real(0.0) : v150;
                    const real v160 = v158 - v159;
                    const real v161 = v160 - v158;
                    const real v162 = v160 - v161;
                    const real v163 = v158 - v162;
                    const real v164 = v159 + v161;
                    const real v165 = v163 - v164;
                    const real v166 = v154 ? v157 : v160;
                    const real v167 = v152 ? v156 : v166;
                    const bool v168 = v152 || v154;
                    const real v169 = v168 ? real(0.0) : v165;
                    const real v172 = v169 - v171;
                    const bool v173 = v172 == v172;
                    const real v174 = v173 ? v172 : real(0.0);
                    const real v175 = v167 - v170;
                    const real v176 = v175 + v174;
                    const real v180 = v15 * v179;
                    const real v182 = v29 * v181;
                    const real v185 = larger(v180, v182);
                    const real v186 = smaller(v180, v182);
                    const real v187 = v185 + v186;
                    const bool v192 = v187 > real(0.0);
                    const real v193 = v192 ? v176 : real(0.0);
                    const bool v194 = v193 > real(10000.0);
                    const real v195 = v194 ? real(10000.0) : v193;
                    const bool v196 = v195 < real(-10000.0);
                    const real v197 = v196 ? real(-10000.0) : v195;
                    const real v205 = v197 - v204;
                    const real v210 = v205 + v209;
                    const real v211 = v210 * real(0.5);
                    const real v212 = tanh(v211);
                    const real v213 = v212 * v212;
                    const real v214 = -v213;
                    const real v215 = v214 + real(1.0);
                    const real v216 = v187 * v215;
                    const real v219 = v187 * v212;
                    v217_sum += v216;
                    v220_sum += v219;
                }
                v217_sum = of_team(shared, v217_sum, lanes, true);
                const real v217 = real(v217_sum);
                v220_sum = of_team(shared, v220_sum, lanes, true);
                const real v220 = real(v220_sum);
                const bool v218 = v217 > real(1.0);
                const real v221 = v218 ? v217 : real(1.0);
                const real v222 = v220 / v221;
                const real v223 = v222 * real(-2.0);
                const real v224 = v218 ? v223 : real(0.0);
                const real v225 = v203 ? real(0.0) : v224;
                const real v228 = v225 * real(0.5);
                double v261_sum = 0;
                #pragma unroll 2
                for (integer column = begin; column < end; column += apart) {
                    const real x = load(at_x + row_x + column * step_x);
                    const real t = load(at_t + row_t + column * step_t);
                    const real v14 = t - v13;
                    const real v15 = exp(v14);
                    const real v28 = x - v27;
                    const real v29 = exp(v28);
                    const real v148 = t - v147;
                    const real v150 = x - v149;
                    const real v151 = fabs(v148);
                    const bool v152 = v151 == real(__uint_as_float(0x7f800000));
                    const real v153 = fabs(v150);
                    const bool v154 = v153 == real(__uint_as_float(0x7f800000));
                    const bool v155 = v148 == v150;
                    const real v156 = v155 ? real(0.0) : v148;
                    const real v157 = -v150;
                    const real v158 = v152 ? real(0.0) : v148;
                    const real v159 = v154 ? real(0.0) : v150;
                    const real v160 = v158 - v159;
                    const real v161 = v160 - v158;
                    const real v162 = v160 - v161;
                    const real v163 = v158 - v162;
                    const real v164 = v159 + v161;
                    const real v165 = v163 - v164;
                    const real v166 = v154 ? v157 : v160;
                    const real v167 = v152 ? v156 : v166;
                    const bool v168 = v152 || v154;
                    const real v169 = v168 ? real(0.0) : v165;
                    const real v172 = v169 - v171;
                    const bool v173 = v172 == v172;
                    const real v174 = v173 ? v172 : real(0.0);
                    const real v175 = v167 - v170;
                    const real v176 = v175 + v174;
                    const real v180 = v15 * v179;
                    const real v182 = v29 * v181;
                    const real v185 = larger(v180, v182);
                    const real v186 = smaller(v180, v182);
                    const real v187 = v185 + v186;
                    const bool v192 = v187 > real(0.0);
                    const real v193 = v192 ? v176 : real(0.0);
                    const bool v194 = v193 > real(10000.0);
                    const real v195 = v194 ? real(10000.0) : v193;
                    const bool v196 = v195 < real(-10000.0);
                    const real v197 = v196 ? real(-10000.0) : v195;
                    const real v205 = v197 - v204;
                    const real v210 = v205 + v209;
                    const real v211 = v210 * real(0.5);
                    const real v212 = tanh(v211);
                    const real v213 = v212 * v212;
                    const real v214 = -v213;
                    const real v215 = v214 + real(1.0);
                    const real v229 = v215 * v228;
                    const real v230 = v212 + v229;
                    const real v232 = v210 + v225;
                    const real v233 = fabs(v232);
                    const bool v234 = v233 <= real(2.0);
                    const real v235 = v230 * v230;
                    const bool v236 = v185 < real(8.673617379884035e-19);
                    const real v237 = v186 * real(1.8446744073709552e+19);
                    const real v238 = v236 ? v237 : v186;
                    const real v239 = v185 * real(1.8446744073709552e+19);
                    const real v240 = v236 ? v239 : v185;
                    const bool v241 = v240 >= real(2.168404344971009e-19);
                    const real v242 = v241 ? v240 : real(1.0);
                    const real v243 = v238 / v242;
                    const real v244 = -v235;
                    const real v245 = v234 ? v244 : v243;
                    const real v246 = log1p(v245);
                    const bool v247 = v186 > real(0.0);
                    const real v248 = v247 ? v233 : real(0.0);
                    const real v249 = v186 * v248;
                    const real v250 = -v246;
                    const real v251 = v250 + real(0.6931471805599453);
                    const real v252 = v187 * v251;
                    const real v253 = v252 - v249;
                    const real v254 = v253 * real(0.5);
                    const real v255 = v234 ? v232 : real(0.0);
                    const real v256 = v230 * v255;
                    const real v257 = v256 + v246;
                    const real v258 = v187 * v257;
                    const real v259 = v258 * real(0.25);
                    const real v260 = v234 ? v259 : v254;
                    v261_sum += v260;
                }
                v261_sum = of_team(shared, v261_sum, lanes, true);
                const real v261 = real(v261_sum);
                const bool v262 = v261 > real(0.6931471805599453);
                const real v263 = v262 ? real(0.6931471805599453) : v261;
                if (missing) value = double(v263);
            }
        }
        if (lane == 0 && !idle) store(at_total + job, value / given_parts);
    }
}
