"""Loops around a function of an element, in CUDA: sums of its values, and arrays of them."""

from collections.abc import Sequence
from string import Template

from kldiv_xp._kernel_layout import THREADS
from kldiv_xp._kernel_types import TYPES, Operand, load, prelude, read

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
            #pragma unroll 4
            for (integer column = job % pieces * lanes + lane; column < columns;
                 column += pieces * lanes) {
                $find_column
                $load
                sum += $call;
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
    #pragma unroll 4
    for (integer element = (integer)blockIdx.x * $threads + threadIdx.x; element < elements;
         element += (integer)gridDim.x * $threads) {
        $find_element
        $load
        $store
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
        find_column=indented(find("column", names, ranks[1], "column"), 16),
        load=indented(load(inputs, ["row", "column"]), 16),
        call=call,
        result=TYPES[result][0],
        threads=THREADS,
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
    names = [operand.name for operand in (*inputs, *outputs)]
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
            *layout("element", names, rank),
        ),
        find_element=indented(find("element", names, rank, "element"), 8),
        load=indented(load(inputs, ["element"]), 8),
        store=indented(writes, 8),
        threads=THREADS,
    )
    dtypes = [operand.dtype for operand in (*inputs, *outputs)]
    return prelude(real, dtypes) + functions + "\n" + text


def scalars(*names: str) -> list[str]:
    """Parameters that count something: 64 bits, as Python's integers arrive."""
    return [f"const integer {name}" for name in names]


def layout(axes: str, names: Sequence[str], rank: int) -> list[str]:
    """Parameters for the sizes of all axes but the first, and for the strides of each array."""
    sizes = [f"{axes}_size_{place}" for place in range(1, rank)]
    return scalars(*sizes, *(f"{axes}_{name}_{i}" for name in names for i in range(rank)))


def find(axes: str, names: Sequence[str], rank: int, number: str) -> list[str]:
    """Lines that turn a number in row-major order into an offset in each array."""
    lines = [f"integer {axes}_at_0 = {number};"]
    for place in range(rank - 1, 0, -1):
        size = f"{axes}_size_{place}"
        lines.append(f"const integer {axes}_at_{place} = {axes}_at_0 % {size};")
        lines.append(f"{axes}_at_0 /= {size};")
    for name in names:
        steps = [f"{axes}_at_{place} * {axes}_{name}_{place}" for place in range(rank)]
        lines.append(f"const integer {axes}_{name} = {' + '.join(steps)};")
    return lines


def joined(*parameters: str) -> str:
    """Parameters, a line each."""
    return ",\n    ".join(parameters)


def indented(lines: Sequence[str], spaces: int) -> str:
    """Lines of a body."""
    return f"\n{' ' * spaces}".join(lines)
