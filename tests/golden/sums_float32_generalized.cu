__device__ float load(const float *place) { return *place; }
__device__ void store(float *place, double value) { *place = float(value); }
typedef long long integer;
typedef float real;

__device__ real pointwise(const real x, const real t)
{
    const bool v0 = t == real(0.0);
    const bool v1 = x >= real(0.0);
    const bool v2 = v0 && v1;
    const real v3 = v2 ? real(1.0) : x;
    const real v4 = log(v3);
    const bool v5 = t == real(0.0);
    const real v6 = real(v5);
    const real v7 = t + v6;
    const real v8 = log(v7);
    const real v9 = v8 - v4;
    const real v10 = x * real(0.25);
    const bool v11 = v10 <= t;
    const real v12 = t * real(0.25);
    const bool v13 = v12 <= x;
    const bool v14 = v11 && v13;
    const bool v15 = t > real(0.0);
    const bool v16 = v14 && v15;
    const real v17 = v16 ? t : real(1.0);
    const real v18 = v16 ? x : real(1.0);
    const real v19 = v18 - v17;
    const real v20 = v19 / v17;
    const real v21 = log1p(v20);
    const real v22 = -v21;
    const bool v23 = x == real(__uint_as_float(0x7f800000));
    const bool v24 = t < real(__uint_as_float(0x7f800000));
    const bool v25 = v23 && v24;
    const bool v26 = t > real(0.0);
    const bool v27 = v25 && v26;
    const bool v28 = t == real(0.0);
    const real v29 = v28 ? real(0.0) : t;
    const real v30 = v27 ? real(0.0) : v29;
    const real v31 = v27 ? real(0.0) : v9;
    const real v32 = v31 - real(1.0);
    const real v33 = v30 * v32;
    const real v34 = x + v33;
    const real v35 = v22 * v22;
    const real v36 = v17 * v35;
    const real v37 = v22 * v22;
    const real v38 = v37 * real(28.0);
    const real v39 = v38 + real(2520.0);
    const real v40 = v37 + real(420.0);
    const real v41 = v40 * v37;
    const real v42 = v41 + real(15120.0);
    const real v43 = v22 + real(2.0);
    const real v44 = v43 * v42;
    const real v45 = v37 * v39;
    const real v46 = v44 + v45;
    const real v47 = v39 * v22;
    const real v48 = v42 + v47;
    const real v49 = v48 / v46;
    const real v50 = v36 * v49;
    const real v51 = v34 + real(0.0);
    const real v52 = v16 ? v50 : v51;
    return v52;
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
    const float *__restrict__ at_x,
    const float *__restrict__ at_t,
    double *__restrict__ sums,
    const integer rows,
    const integer columns,
    const integer pieces,
    const integer lanes,
    const integer row_x_0,
    const integer row_t_0,
    const integer column_x_0,
    const integer column_t_0)
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
            for (integer start = job % pieces * lanes + lane; start < columns;
                 start += 4 * pieces * lanes) {
                real x[4];
                real t[4];
                #pragma unroll
                for (int i = 0; i < 4; ++i) {
                    integer column = start + i * pieces * lanes;
                    if (column >= columns) column = columns - 1;
                    integer column_at_0 = column;
                    const integer column_x = column_at_0 * column_x_0;
                    const integer column_t = column_at_0 * column_t_0;
                    x[i] = load(at_x + row_x + column_x);
                    t[i] = load(at_t + row_t + column_t);
                }
                #pragma unroll
                for (int i = 0; i < 4; ++i)
                    if (start + i * pieces * lanes < columns) sum += pointwise(x[i], t[i]);
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
