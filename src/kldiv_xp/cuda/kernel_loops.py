"""The loops of a kernel: stage after stage over the columns of a row, then its results."""

from collections.abc import Iterable, Iterator, Sequence

from kldiv_xp.cuda.c_operations import INFINITY
from kldiv_xp.cuda.c_types import Operand
from kldiv_xp.cuda.formula_to_c import declared, expression
from kldiv_xp.cuda.kernel_elements import Kernel, elements, find, numbers_of_row
from kldiv_xp.tracing.lines import Line, needed

LEAST = f"-real({INFINITY})"
ADDED = {"sum": "{0}_sum += {1};", "max": "{0}_max = larger({0}_max, {1});"}


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
            yield from reduced(kernel, arrays, lines, reductions)
    yield from stored(kernel, arrays, lines)


def row_lines(lines: Sequence[Line], stage: int) -> Iterator[str]:
    """Lines that are the same for the whole row."""
    for line in lines:
        if line.stage == stage and not line.in_rows and not line.reduction:
            yield declared(line)


def reduced(
    kernel: Kernel,
    arrays: Sequence[Operand],
    lines: Sequence[Line],
    reductions: Sequence[Line],
) -> Iterator[str]:
    """Lines of a stage: a loop that adds up, then what the threads of a team have together."""
    for line in reductions:
        kind, first = ("double", "0") if line.reduction == "sum" else ("real", LEAST)
        yield f"{kind} {line.name}_{line.reduction} = {first};"
    guard = "if (i < left) " if kernel.width > 1 else ""
    added = [
        guard + ADDED[line.reduction].format(line.name, expression(line)) for line in reductions
    ]
    loop = elements(kernel, arrays, lines, [expression(line) for line in reductions], added)
    yield from in_groups(kernel, arrays, lines, loop) if kernel.group_rank else loop
    for line in reductions:
        yield from joined(kernel, lines, line)


def in_groups(
    kernel: Kernel, arrays: Sequence[Operand], lines: Sequence[Line], loop: Iterable[str]
) -> Iterator[str]:
    """A loop over the groups of columns of a row around that of their columns."""
    names = [one.name for one in arrays]
    yield "for (integer group = piece; group < groups; group += pieces) {"
    before = [*find("group", names, kernel.group_rank, "group")]
    before += [*numbers_of_row(arrays, ("row", "group")), *row_lines(lines, 0)]
    yield from (f"    {line}" for line in (*before, *loop))
    yield "}"


def joined(kernel: Kernel, lines: Sequence[Line], line: Line) -> Iterator[str]:
    """Lines that make one number of what each thread of a team has."""
    own, as_sum = f"{line.name}_{line.reduction}", line.reduction == "sum"
    yield f"{own} = of_team(shared, {own}, lanes, {str(as_sum).lower()});"
    used = {name for other in lines for name in other.uses}
    used.update(() if as_sum else (one.name for one in kernel.results))
    if line.name in used:
        yield f"const real {line.name} = real({own});"


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
