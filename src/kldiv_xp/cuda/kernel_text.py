"""The text of a kernel: loops over rows and columns around the lines that the formula became."""

from collections.abc import Iterable, Iterator, Sequence
from string import Template
from typing import NamedTuple

from kldiv_xp.cuda.c_types import TYPES, Operand, prelude
from kldiv_xp.cuda.formula_to_c import Line, Symbol, needed

NAME = "rows_of_arrays"

TEAMS = """\
__device__ real larger(real a, real b) { return a > b || a != a ? a : b; }
__device__ real smaller(real a, real b) { return a < b || a != a ? a : b; }
__device__ double joined(double a, double b, bool as_sum)
{
    return as_sum ? a + b : a > b || a != a ? a : b;
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
extern "C" __global__ void __launch_bounds__($threads) $name(
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


class Kernel(NamedTuple):
    """What a kernel does: its arrays, the lines, what they result in, and how the loops run."""

    real: str
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    numbers: tuple[str, ...]
    lines: list[Line]
    results: tuple[Symbol, ...]
    row_rank: int
    group_rank: int
    """Axes of the groups of columns that are added up; 0 where a row is one group."""
    width: int
    """Elements that a thread reads at once; 1 where arrays do not lie in the order of columns."""
    threads: int


def kernel_source(kernel: Kernel) -> str:
    """Text of the kernel, with all that it needs."""
    dtypes = {one.dtype for one in (*kernel.inputs, *kernel.outputs)}
    text = KERNEL.substitute(
        parameters=",\n    ".join(parameters(kernel)),
        numbers=indented(numbers(kernel), 4),
        body=indented(body(kernel), 8),
        name=NAME,
        begin="lane" if kernel.group_rank else "(piece * lanes + lane)",
        apart="lanes" if kernel.group_rank else "pieces * lanes",
        width=kernel.width,
        threads=kernel.threads,
        shared=f"__shared__ double shared[{kernel.threads // 32}];" if is_reduced(kernel) else "",
    )
    filled = (line.rstrip() for line in text.splitlines() if line.strip())
    return prelude(kernel.real, dtypes) + TEAMS + "\n" + "\n".join(filled) + "\n"


def is_reduced(kernel: Kernel) -> bool:
    """Whether threads add up something together."""
    names = [one.name for one in kernel.results]
    return any(line.reduction for line in needed(kernel.lines, names))


def parameters(kernel: Kernel) -> Iterator[str]:
    """Declarations: arrays, numbers, counts, and where the elements lie."""
    for one in kernel.inputs:
        yield f"const {TYPES[one.dtype][0]} *__restrict__ at_{one.name}"
    for one in kernel.outputs:
        yield f"{TYPES[one.dtype][0]} *__restrict__ at_{one.name}"
    yield from (f"const double given_{name}" for name in kernel.numbers)
    yield from map(count, ("rows", "groups", "columns", "pieces", "team_size"))
    located = (*kernel.inputs, *(one for one in kernel.outputs if one.in_rows))
    names = [one.name for one in located]
    yield from layout("row", names, kernel.row_rank)
    yield from layout("group", names, kernel.group_rank)
    yield from (count(f"step_{name}") for name in names)


def count(name: str) -> str:
    """Declaration of a number of 64 bits, as Python's integers arrive."""
    return f"const integer {name}"


def layout(axes: str, names: Sequence[str], rank: int) -> Iterator[str]:
    """Sizes of all axes but the first, and the strides of each array."""
    yield from (count(f"{axes}_size_{place}") for place in range(1, rank))
    yield from (count(f"{axes}_{name}_{place}") for name in names for place in range(rank))


def numbers(kernel: Kernel) -> Iterator[str]:
    """Lines that round numbers to the type that is computed in."""
    used = {name for line in kernel.lines for name in line.uses}
    for name in kernel.numbers:
        if name in used:
            yield f"const real {name} = real(given_{name});"


def body(kernel: Kernel) -> Iterator[str]:
    """Lines of a row: stage after stage, then what it results in."""
    lines = needed(kernel.lines, [one.name for one in kernel.results])
    used = {name for line in lines for name in line.uses}
    used.update(one.name for one in kernel.results)
    arrays = [one for one in kernel.inputs if one.name in used]
    written = [one for one in kernel.outputs if one.in_rows]
    yield from find("row", [one.name for one in (*arrays, *written)], kernel.row_rank, "row")
    if not kernel.group_rank:
        yield from numbers_of_row(arrays, ("row",))
    last = max(one.stage for one in kernel.results)
    for stage in range(last + 1):
        if stage or not kernel.group_rank:
            yield from row_lines(lines, stage)
        reductions = [line for line in lines if line.reduction and line.stage == stage]
        if reductions:
            yield from reduced(kernel, arrays, lines, reductions, used)
    yield from stored(kernel, arrays, lines)


def find(axes: str, names: Sequence[str], rank: int, number: str) -> Iterator[str]:
    """Lines that turn a number in row-major order into an offset in each array."""
    yield f"integer {axes}_at_0 = {number};"
    for place in range(rank - 1, 0, -1):
        size = f"{axes}_size_{place}"
        yield f"const integer {axes}_at_{place} = {axes}_at_0 % {size};"
        yield f"{axes}_at_0 /= {size};"
    for name in names:
        steps = [f"{axes}_at_{place} * {axes}_{name}_{place}" for place in range(rank)]
        yield f"const integer {axes}_{name} = {' + '.join(steps)};"


def numbers_of_row(arrays: Iterable[Operand], parts: Sequence[str]) -> Iterator[str]:
    """Lines that read what has one element for a row."""
    for one in arrays:
        if not one.in_rows:
            value = f"load({place_of(one, parts)})"
            yield f"const {kind(one)} {one.name} = columns ? {value} : {kind(one)}(0);"


def kind(operand: Operand) -> str:
    """Type that an element is computed with."""
    return "bool" if operand.dtype == "bool" else "real"


def place_of(operand: Operand, parts: Sequence[str]) -> str:
    """Where a row of an array begins."""
    return " + ".join([f"at_{operand.name}", *(f"{part}_{operand.name}" for part in parts)])


def row_lines(lines: Sequence[Line], stage: int) -> Iterator[str]:
    """Lines that are the same for the whole row."""
    for line in lines:
        if line.stage == stage and not line.in_rows and not line.reduction:
            yield declared(line)


def declared(line: Line) -> str:
    """A step in C."""
    return f"const {line.dtype} {line.name} = {line.expression};"


def reduced(
    kernel: Kernel,
    arrays: Sequence[Operand],
    lines: Sequence[Line],
    reductions: Sequence[Line],
    used: set[str],
) -> Iterator[str]:
    """Lines of a stage: a loop that adds up, then what the threads of a team have together."""
    for line in reductions:
        sum_ = line.reduction == "sum"
        yield (
            f"double {line.name}_sum = 0;"
            if sum_
            else f"real {line.name}_max = -real(__uint_as_float(0x7f800000));"
        )
    guard = "if (i < left) " if kernel.width > 1 else ""
    added = [
        f"{guard}{line.name}_sum += {line.expression};"
        if line.reduction == "sum"
        else f"{guard}{line.name}_max = larger({line.name}_max, {line.expression});"
        for line in reductions
    ]
    inner = list(elements(kernel, arrays, lines, [line.expression for line in reductions], added))
    if kernel.group_rank:
        yield "for (integer group = piece; group < groups; group += pieces) {"
        names = [one.name for one in arrays]
        before = [*find("group", names, kernel.group_rank, "group")]
        before += [*numbers_of_row(arrays, ("row", "group")), *row_lines(lines, 0)]
        yield from (f"    {line}" for line in [*before, *inner])
        yield "}"
    else:
        yield from inner
    for line in reductions:
        kind_ = line.reduction
        call = f"of_team(shared, {line.name}_{kind_}, lanes, {str(kind_ == 'sum').lower()})"
        yield f"{line.name}_{kind_} = {call};"
        results = [one.name for one in kernel.results] if kind_ == "max" else []
        if line.name in results or any(line.name in other.uses for other in lines):
            yield f"const real {line.name} = real({line.name}_{kind_});"


def elements(
    kernel: Kernel,
    arrays: Sequence[Operand],
    lines: Sequence[Line],
    results: Sequence[str],
    last: Sequence[str],
    written: Sequence[Operand] = (),
) -> Iterator[str]:
    """A loop over the columns of a thread that computes the results of each element."""
    steps = needed(lines, results, of_element=True)
    names = {name for line in steps for name in line.uses} | set(results)
    read = [one for one in arrays if one.in_rows and one.name in names]
    width, parts = kernel.width, ("row", "group") if kernel.group_rank else ("row",)
    if width == 1:
        yield "#pragma unroll 4"
    yield "for (integer column = begin; column < end; column += apart) {"
    if width > 1:
        yield f"    const int left = end - column < {width} ? end - column : {width};"
    for one in read if width > 1 else ():
        place = f"{place_of(one, parts)} + column"
        yield f"    const auto pack_{one.name} = take<{width}>({place}, left);"
    for one in written if width > 1 else ():
        yield f"    pack<{TYPES[one.dtype][0]}, {width}> pack_{one.name};"
    if width > 1:
        yield "    #pragma unroll"
        yield f"    for (int i = 0; i < {width}; ++i) {{"
    indent = "        " if width > 1 else "    "
    for one in read:
        place = (
            f"pack_{one.name}.at + i"
            if width > 1
            else f"{place_of(one, parts)} + column * step_{one.name}"
        )
        yield f"{indent}const {kind(one)} {one.name} = load({place});"
    yield from (indent + declared(line) for line in steps)
    yield from (indent + line for line in last)
    if width > 1:
        yield "    }"
    for one in written if width > 1 else ():
        yield f"    give({place_of(one, parts)} + column, left, pack_{one.name});"
    yield "}"


def stored(kernel: Kernel, arrays: Sequence[Operand], lines: Sequence[Line]) -> Iterator[str]:
    """Lines that write the results: for each element, or one for the row over its divisor."""
    results = [one.name for one in kernel.results]
    if not kernel.outputs[0].in_rows:
        summed = any(line.name == results[0] and line.reduction == "sum" for line in lines)
        value = f"{results[0]}_sum" if summed else f"double({results[0]})"
        place = f"at_{kernel.outputs[0].name} + job"
        yield f"if (lane == 0 && !idle) store({place}, {value} / given_parts);"
        return
    writes = [
        f"store(pack_{one.name}.at + i, {result});"
        if kernel.width > 1
        else f"store(at_{one.name} + row_{one.name} + column * step_{one.name}, {result});"
        for one, result in zip(kernel.outputs, results, strict=True)
    ]
    yield from elements(kernel, arrays, lines, results, writes, kernel.outputs)


def indented(lines: Iterable[str], spaces: int) -> str:
    """Lines of a body."""
    return f"\n{' ' * spaces}".join(lines)
