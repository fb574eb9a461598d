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
__device__ bool load(const bool *place) { return *place; }
typedef long long integer;
typedef float real;

__device__ real pointwise(const real x, const real t, const bool w)
{
    const real v0 = w ? x : real(0.0);
    const real v1 = w ? t : real(0.0);
    const real v2 = exp(v1);
    const bool v3 = v2 == real(0.0);
    const bool v4 = v0 == v0;
    const bool v5 = v3 && v4;
    const real v6 = v5 ? real(0.0) : v0;
    const bool v7 = v2 == real(0.0);
    const real v8 = v7 ? real(0.0) : v1;
    const real v9 = v8 - v6;
    const real v10 = v2 * v9;
    const real v11 = v10 + real(0.0);
    return v11;
}

__device__ double sum_of_team(double *shared, double sum, integer lanes)
{
    __syncthreads();
    shared[threadIdx.x] = sum;
    for (integer half = lanes / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x % lanes < half) shared[threadIdx.x] += shared[threadIdx.x + half];
    }
    return shared[threadIdx.x];
}

extern "C" __global__ void sums_of_pieces(
    const bfloat16 *__restrict__ at_x,
    const float *__restrict__ at_t,
    const bool *__restrict__ at_w,
    double *__restrict__ sums,
    const integer rows,
    const integer columns,
    const integer pieces,
    const integer lanes,
    const integer row_x_0,
    const integer row_t_0,
    const integer row_w_0,
    const integer column_size_1,
    const integer column_x_0,
    const integer column_x_1,
    const integer column_t_0,
    const integer column_t_1,
    const integer column_w_0,
    const integer column_w_1)
{
    __shared__ double shared[256];
    const integer lane = threadIdx.x % lanes;
    for (integer first = blockIdx.x * (256 / lanes); first < rows * pieces;
         first += gridDim.x * (256 / lanes)) {
        const integer job = first + threadIdx.x / lanes;
        double sum = 0;
        if (job < rows * pieces) {
            integer row_at_0 = job / pieces;
            const integer row_x = row_at_0 * row_x_0;
            const integer row_t = row_at_0 * row_t_0;
            const integer row_w = row_at_0 * row_w_0;
            for (integer start = job % pieces * lanes + lane; start < columns;
                 start += 4 * pieces * lanes) {
                real x[4];
                real t[4];
                bool w[4];
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    integer column = start + i * pieces * lanes;
                    if (column >= columns) column = columns - 1;
                    integer column_at_0 = column;
                    const integer column_at_1 = column_at_0 % column_size_1;
                    column_at_0 /= column_size_1;
                    const integer column_x = column_at_0 * column_x_0 + column_at_1 * column_x_1;
                    const integer column_t = column_at_0 * column_t_0 + column_at_1 * column_t_1;
                    const integer column_w = column_at_0 * column_w_0 + column_at_1 * column_w_1;
                    x[i] = load(at_x + row_x + column_x);
                    t[i] = load(at_t + row_t + column_t);
                    w[i] = load(at_w + row_w + column_w);
                }
                #pragma unroll
                for (int i = 0; i < 4; ++i)
                    if (start + i * pieces * lanes < columns) sum += pointwise(x[i], t[i], w[i]);
            }
        }
        sum = sum_of_team(shared, sum, lanes);
        if (lane == 0 && job < rows * pieces) sums[job] = sum;
    }
}

extern "C" __global__ void totals(
    const double *__restrict__ sums, float *__restrict__ result, const integer rows,
    const integer pieces, const integer lanes, const double parts)
{
    __shared__ double shared[256];
    const integer lane = threadIdx.x % lanes;
    for (integer first = blockIdx.x * (256 / lanes); first < rows;
         first += gridDim.x * (256 / lanes)) {
        const integer row = first + threadIdx.x / lanes;
        double sum = 0;
        if (row < rows) {
            for (integer piece = lane; piece < pieces; piece += lanes) {
                sum += sums[row * pieces + piece];
            }
        }
        sum = sum_of_team(shared, sum, lanes);
        if (lane == 0 && row < rows) store(result + row, sum / parts);
    }
}
