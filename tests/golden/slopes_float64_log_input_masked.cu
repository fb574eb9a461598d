__device__ double load(const double *place) { return *place; }
__device__ void store(double *place, double value) { *place = double(value); }
__device__ bool load(const bool *place) { return *place; }
typedef long long integer;
typedef double real;

__device__ real by_input(const real factor, const real x, const real t, const bool w, const real u)
{
    const real v0 = w ? t : real(0.0);
    const bool v1 = v0 == real(0.0);
    const bool v2 = x == real(0.0);
    const real v3 = v2 ? real(0.0) : x;
    const real v4 = v1 ? real(1.0) : v3;
    const real v5 = v0 / v4;
    const real v6 = -v5;
    const real v7 = v1 ? real(0.0) : v6;
    const real v8 = u * factor;
    const real v9 = v7 * v8;
    const real v10 = w ? v9 : real(0.0);
    return v10;
}

__device__ real by_target(const real factor, const real x, const real t, const bool w, const real u)
{
    const real v0 = w ? x : real(1.0);
    const real v1 = w ? t : real(1.0);
    const bool v2 = v1 == real(0.0);
    const bool v3 = v0 >= real(0.0);
    const bool v4 = v2 && v3;
    const real v5 = v4 ? real(1.0) : v0;
    const real v6 = log(v5);
    const bool v7 = v1 == real(0.0);
    const real v8 = real(v7);
    const real v9 = v1 + v8;
    const real v10 = log(v9);
    const real v11 = v10 - v6;
    const real v12 = v11 + real(1.0);
    const bool v13 = v1 == real(0.0);
    const real v14 = v13 ? real(0.0) : v12;
    const real v15 = u * factor;
    const real v16 = v14 * v15;
    const real v17 = w ? v16 : real(0.0);
    return v17;
}

extern "C" __global__ void fill(
    const double *__restrict__ at_x,
    const double *__restrict__ at_t,
    const bool *__restrict__ at_w,
    const double *__restrict__ at_u,
    double *__restrict__ by_inputs,
    double *__restrict__ by_targets,
    const double factor,
    const integer elements,
    const integer element_x_0,
    const integer element_t_0,
    const integer element_w_0,
    const integer element_u_0,
    const integer element_by_inputs_0,
    const integer element_by_targets_0)
{
    const integer step = (integer)gridDim.x * 256;
    for (integer start = (integer)blockIdx.x * 256 + threadIdx.x; start < elements;
         start += 4 * step) {
        real x[4];
        real t[4];
        bool w[4];
        real u[4];
        #pragma unroll
        for (int i = 0; i < 4; ++i) {
            integer element = start + i * step;
            if (element >= elements) element = elements - 1;
            integer element_at_0 = element;
            const integer element_x = element_at_0 * element_x_0;
            const integer element_t = element_at_0 * element_t_0;
            const integer element_w = element_at_0 * element_w_0;
            const integer element_u = element_at_0 * element_u_0;
            x[i] = load(at_x + element_x);
            t[i] = load(at_t + element_t);
            w[i] = load(at_w + element_w);
            u[i] = load(at_u + element_u);
        }
        #pragma unroll
        for (int i = 0; i < 4; ++i) {
            const integer element = start + i * step;
            if (element < elements) {
                integer element_at_0 = element;
                const integer element_by_inputs = element_at_0 * element_by_inputs_0;
                const integer element_by_targets = element_at_0 * element_by_targets_0;
                store(by_inputs + element_by_inputs, by_input(factor, x[i], t[i], w[i], u[i]));
                store(by_targets + element_by_targets, by_target(factor, x[i], t[i], w[i], u[i]));
            }
        }
    }
}
