__device__ float load(const float *place) { return *place; }
__device__ void store(float *place, double value) { *place = float(value); }
typedef long long integer;
typedef float real;

__device__ real by_input(const real factor, const real x, const real t)
{
    const real v0 = exp(t);
    const real v1 = -v0;
    const real v2 = v1 * factor;
    return v2;
}

extern "C" __global__ void fill(
    const float *__restrict__ at_x,
    const float *__restrict__ at_t,
    float *__restrict__ by_inputs,
    const double factor,
    const integer elements,
    const integer element_x_0,
    const integer element_t_0,
    const integer element_by_inputs_0)
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
                store(by_inputs + element_by_inputs, by_input(factor, x[i], t[i]));
            }
        }
    }
}
