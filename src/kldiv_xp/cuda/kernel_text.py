"""The source of a kernel: parameters, and the code around its loops."""

from collections.abc import Iterable, Iterator, Sequence
from string import Template

from kldiv_xp.cuda.c_types import TYPES, prelude
from kldiv_xp.cuda.kernel_elements import Kernel
from kldiv_xp.cuda.kernel_loops import kernel_body
from kldiv_xp.cuda.strides_and_grid import THREADS
from kldiv_xp.tracing.lines import needed

KERNEL_NAME = "rows_of_arrays"

# A product and a sum that are rounded apart, as the formula has them, and subnormal numbers.
OPTIONS = ("-std=c++17", "--fmad=false", "--ftz=false")

BLOCKS_AT_ONCE = {"float32": 4, "float64": 2}
"""Of a multiprocessor at least: 64 registers for a thread, or 128, with which few are in memory."""

TEAMS = """\
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
"""

KERNEL = Template("""\
extern "C" __global__ void __launch_bounds__($threads, $blocks) $name(
    $parameters)
{
    $shared
    const int lanes = team_size, lane = threadIdx.x % lanes, team = threadIdx.x / lanes;
    const integer jobs = rows * pieces, teams = $threads / lanes;
    $numbers
    for (integer first = blockIdx.x * teams; first < jobs; first += gridDim.x * teams) {
        const bool idle = first + team >= jobs;
        const integer job = idle ? first : first + team, row = job / pieces, piece = job % pieces;
        const integer begin = $begin * $width, apart = $apart * $width, end = idle ? 0 : columns;
        $body
    }
}
""")


def kernel_source(kernel: Kernel) -> str:
    """Complete source of a kernel, with the helper functions and types it needs."""
    dtypes = {one.dtype for one in (*kernel.inputs, *kernel.outputs)}
    text = KERNEL.substitute(
        parameters=",\n    ".join(parameters(kernel)),
        numbers=indented(number_lines(kernel), 4),
        body=indented(kernel_body(kernel), 8),
        name=KERNEL_NAME,
        begin="lane" if kernel.group_rank else "(piece * lanes + lane)",
        apart="lanes" if kernel.group_rank else "pieces * lanes",
        width=kernel.width,
        threads=THREADS,
        blocks=BLOCKS_AT_ONCE[kernel.real],
        shared=f"__shared__ double shared[{THREADS // 32}];" if is_reduced(kernel) else "",
    )
    filled = (line.rstrip() for line in text.splitlines() if line.strip())
    return prelude(kernel.real, dtypes) + TEAMS + "\n" + "\n".join(filled) + "\n"


def is_reduced(kernel: Kernel) -> bool:
    """Whether a kernel reduces over the threads of a team."""
    names = [one.name for results in kernel.attempts for one in results]
    return any(line.reduction for line in needed(kernel.lines, names))


def parameters(kernel: Kernel) -> Iterator[str]:
    """Parameter declarations: arrays, numbers, counts, sizes and strides."""
    for one in kernel.inputs:
        yield f"const {TYPES[one.dtype][0]} *__restrict__ at_{one.name}"
    for one in kernel.outputs:
        yield f"{TYPES[one.dtype][0]} *__restrict__ at_{one.name}"
    yield from (f"const double given_{name}" for name in kernel.numbers)
    yield from map(integer_declaration, ("rows", "groups", "columns", "pieces", "team_size"))
    located = (*kernel.inputs, *(one for one in kernel.outputs if one.in_rows))
    names = [one.name for one in located]
    yield from layout_declarations("row", names, kernel.row_rank)
    yield from layout_declarations("group", names, kernel.group_rank)
    yield from (integer_declaration(f"step_{name}") for name in names)


def integer_declaration(name: str) -> str:
    """Declaration of a 64-bit integer parameter."""
    return f"const integer {name}"


def layout_declarations(axes: str, names: Sequence[str], rank: int) -> Iterator[str]:
    """Sizes of all axes but the first, then the strides of each array."""
    yield from (integer_declaration(f"{axes}_size_{place}") for place in range(1, rank))
    yield from (
        integer_declaration(f"{axes}_{name}_{place}") for name in names for place in range(rank)
    )


def number_lines(kernel: Kernel) -> Iterator[str]:
    """C lines that round the float64 parameters to the working type."""
    used = {name for line in kernel.lines for name in line.uses}
    for name in kernel.numbers:
        if name in used:
            yield f"const real {name} = real(given_{name});"


def indented(lines: Iterable[str], spaces: int) -> str:
    """Lines joined with an indentation."""
    return f"\n{' ' * spaces}".join(lines)
