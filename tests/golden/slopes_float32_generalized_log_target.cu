__device__ float load(const float *place) { return *place; }
__device__ void store(float *place, double value) { *place = float(value); }
typedef long long integer;
typedef float real;

__device__ real by_input(const real factor, const real x, const real t)
{
    const real v0 = exp(t);
    const bool v1 = v0 == real(0.0);
    const bool v2 = x == x;
    const bool v3 = v1 && v2;
    const real v4 = v3 ? real(0.0) : x;
    const bool v5 = v0 == real(0.0);
    const real v6 = v5 ? real(0.0) : t;
    const real v7 = v6 - v4;
    const real v8 = exp(x);
    const real v9 = fabs(v7);
    const bool v10 = v9 <= real(1.5);
    const bool v11 = v0 > real(0.0);
    const bool v12 = v10 && v11;
    const real v13 = v12 ? v0 : real(1.0);
    const real v14 = v12 ? v7 : real(0.0);
    const real v15 = v8 - v0;
    const real v16 = v14 * v14;
    const real v17 = v16 * real(28.0);
    const real v18 = v17 + real(2520.0);
    const real v19 = v16 + real(420.0);
    const real v20 = v19 * v16;
    const real v21 = v20 + real(15120.0);
    const real v22 = v14 + real(2.0);
    const real v23 = v22 * v21;
    const real v24 = v16 * v18;
    const real v25 = v23 + v24;
    const real v27 = v21 * real(-2.0);
    const real v28 = v27 / v25;
    const real v29 = v14 * v28;
    const real v30 = v13 * v29;
    const real v31 = v12 ? v30 : v15;
    const real v32 = v31 * factor;
    return v32;
}

__device__ real by_target(const real factor, const real x, const real t)
{
    const real v0 = exp(t);
    const bool v1 = v0 == real(0.0);
    const bool v2 = x == x;
    const bool v3 = v1 && v2;
    const real v4 = v3 ? real(0.0) : x;
    const bool v5 = v0 == real(0.0);
    const real v6 = v5 ? real(0.0) : t;
    const real v7 = v6 - v4;
    const real v9 = fabs(v7);
    const bool v10 = v9 <= real(1.5);
    const bool v11 = v0 > real(0.0);
    const bool v12 = v10 && v11;
    const real v14 = v12 ? v7 : real(0.0);
    const real v15 = v12 ? v14 : v7;
    const real v16 = v0 * v15;
    const bool v17 = v0 == real(0.0);
    const real v18 = v17 ? real(0.0) : v16;
    const real v19 = v18 * factor;
    return v19;
}

extern "C" __global__ void fill(
    const float *__restrict__ at_x,
    const float *__restrict__ at_t,
    float *__restrict__ by_inputs,
    float *__restrict__ by_targets,
    const double factor,
    const integer elements,
    const integer element_x_0,
    const integer element_t_0,
    const integer element_by_inputs_0,
    const integer element_by_targets_0)
{
    const integer step = (integer)gridDim.x * 256;
    for (integer start = (integer)blockIdx.x * 256 + threadIdx.x; start < elements;
         start += 4 * step) {
        real x[4];
        real t[4];
        #pragma unroll
        for (int i = 0; i < 4; ++i) {
            integer element = start + i * step;
            if (element >= elements) element = elements - 1;
            integer element_at_0 = element;
            const integer element_x = element_at_0 * element_x_0;
            const integer element_t = element_at_0 * element_t_0;
            x[i] = load(at_x + element_x);
            t[i] = load(at_t + element_t);
        }
        #pragma unroll
        for (int i = 0; i < 4; ++i) {
            const integer element = start + i * step;
            if (element < elements) {
                integer element_at_0 = element;
                const integer element_by_inputs = element_at_0 * element_by_inputs_0;
                const integer element_by_targets = element_at_0 * element_by_targets_0;
                store(by_inputs + element_by_inputs, by_input(factor, x[i], t[i]));
                store(by_targets + element_by_targets, by_target(factor, x[i], t[i]));
            }
        }
    }
}
