"""Loops around a function of an element, in CUDA: sums of its values, and arrays of them."""

from collections.abc import Sequence
from string import Template

from kldiv_xp.cuda.c_fragments import batches, find, indented, joined, layout, load, read, scalars
from kldiv_xp.cuda.c_types import TYPES, Operand, prelude
from kldiv_xp.cuda.strides_and_grid import BATCH, THREADS

SUMS = Template("""\
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
    $parameters)
{
    __shared__ double shared[$threads];
    const integer lane = threadIdx.x % lanes;
    for (integer first = blockIdx.x * ($threads / lanes); first < rows * pieces;
         first += gridDim.x * ($threads / lanes)) {
        const integer job = first + threadIdx.x / lanes;
        double sum = 0;
        if (job < rows * pieces) {
            $find_row
            for (integer start = job % pieces * lanes + lane; start < columns;
                 start += $batch * pieces * lanes) {
                $declare
                #pragma unroll
                for (int i = 0; i < $batch; ++i) {
                    integer column = start + i * pieces * lanes;
                    if (column >= columns) column = columns - 1;
                    $find_column
                    $load
                }
                #pragma unroll
                for (int i = 0; i < $batch; ++i)
                    if (start + i * pieces * lanes < columns) sum += $call;
            }
        }
        sum = sum_of_team(shared, sum, lanes);
        if (lane == 0 && job < rows * pieces) sums[job] = sum;
    }
}

extern "C" __global__ void totals(
    const double *__restrict__ sums, $result *__restrict__ result, const integer rows,
    const integer pieces, const integer lanes, const double parts)
{
    __shared__ double shared[$threads];
    const integer lane = threadIdx.x % lanes;
    for (integer first = blockIdx.x * ($threads / lanes); first < rows;
         first += gridDim.x * ($threads / lanes)) {
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
""")

MAP = Template("""\
extern "C" __global__ void fill(
    $parameters)
{
    const integer step = (integer)gridDim.x * $threads;
    for (integer start = (integer)blockIdx.x * $threads + threadIdx.x; start < elements;
         start += $batch * step) {
        $declare
        #pragma unroll
        for (int i = 0; i < $batch; ++i) {
            integer element = start + i * step;
            if (element >= elements) element = elements - 1;
            $find_read
            $load
        }
        #pragma unroll
        for (int i = 0; i < $batch; ++i) {
            const integer element = start + i * step;
            if (element < elements) {
                $find_written
                $store
            }
        }
    }
}
""")


def sum_source(
    real: str,
    functions: str,
    inputs: Sequence[Operand],
    result: str,
    call: str,
    ranks: Sequence[int],
) -> str:
    """Kernels that add up a call of a function over the columns of each row, in float64."""
    names = [operand.name for operand in inputs]
    text = SUMS.substitute(
        parameters=joined(
            *map(read, inputs),
            "double *__restrict__ sums",
            *scalars("rows", "columns", "pieces", "lanes"),
            *layout("row", names, ranks[0]),
            *layout("column", names, ranks[1]),
        ),
        find_row=indented(find("row", names, ranks[0], "job / pieces"), 12),
        find_column=indented(find("column", names, ranks[1], "column"), 20),
        declare=indented(batches(inputs), 16),
        load=indented(load(inputs, ["row", "column"]), 20),
        call=call,
        result=TYPES[result][0],
        threads=THREADS,
        batch=BATCH,
    )
    return prelude(real, [*(operand.dtype for operand in inputs), result]) + functions + "\n" + text


def map_source(
    real: str,
    functions: str,
    inputs: Sequence[Operand],
    outputs: Sequence[Operand],
    calls: Sequence[str],
    rank: int,
) -> str:
    """Kernel that writes calls of functions for each element, an array for each call."""
    read_from, written_to = ([operand.name for operand in each] for each in (inputs, outputs))
    writes = [
        f"store({output.name} + element_{output.name}, {call});"
        for output, call in zip(outputs, calls, strict=True)
    ]
    text = MAP.substitute(
        parameters=joined(
            *map(read, inputs),
            *(f"{TYPES[dtype][0]} *__restrict__ {name}" for name, dtype in outputs),
            "const double factor",
            *scalars("elements"),
            *layout("element", [*read_from, *written_to], rank),
        ),
        find_read=indented(find("element", read_from, rank, "element"), 12),
        find_written=indented(find("element", written_to, rank, "element"), 16),
        declare=indented(batches(inputs), 8),
        load=indented(load(inputs, ["element"]), 12),
        store=indented(writes, 16),
        threads=THREADS,
        batch=BATCH,
    )
    dtypes = [operand.dtype for operand in (*inputs, *outputs)]
    return prelude(real, dtypes) + functions + "\n" + text
