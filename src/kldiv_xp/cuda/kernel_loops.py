"""The loops of a kernel: stage after stage over the columns of a row, then its results."""

from collections.abc import Iterable, Iterator, Sequence

from kldiv_xp.cuda.c_operations import INFINITY
from kldiv_xp.cuda.c_types import Operand
from kldiv_xp.cuda.formula_to_c import declared, expression
from kldiv_xp.cuda.kernel_elements import Attempt, Kernel, elements, find, numbers_of_row
from kldiv_xp.tracing.lines import Line

LEAST = f"-real({INFINITY})"
ADDED = {"sum": "{0}_sum += {1};", "max": "{0}_max = larger({0}_max, {1});"}


def body(kernel: Kernel) -> Iterator[str]:
    """Lines of a row: attempt after attempt, as long as the results are not finite."""
    used = set().union(*(one.names for one in kernel.attempts))
    arrays = [one for one in kernel.inputs if one.name in used]
    written = [one for one in kernel.outputs if one.in_rows]
    yield from find("row", [one.name for one in (*arrays, *written)], kernel.row_rank, "row")
    if not kernel.group_rank:
        yield from numbers_of_row(arrays, ("row",))
    first, *others = kernel.attempts
    if not others:
        yield from computed(kernel, arrays, first)
        yield from stored(kernel, arrays, first)
        return
    yield from attempted(kernel, arrays, first)
    for other in others:
        # All threads of a block come along, since they wait for each other.
        yield "if (__syncthreads_or(missing)) {"
        yield "    const integer end = missing ? columns : 0;"
        yield from (f"    {line}" for line in computed(kernel, arrays, other))
        yield from (f"    {line}" for line in found(kernel, arrays, other))
        yield "}"
    if not written:
        yield put(kernel, "value")


def attempted(kernel: Kernel, arrays: Sequence[Operand], attempt: Attempt) -> Iterator[str]:
    """Lines of an attempt, and what says whether it is missing the results of the row."""
    of_row = not kernel.outputs[0].in_rows
    yield "bool missing = false;"
    if of_row:
        yield "double value;"
    yield "{"
    yield from (f"    {line}" for line in computed(kernel, arrays, attempt))
    if of_row:
        yield f"    value = {value_of(attempt)};"
        yield f"    missing = !idle && {not_finite('value')};"
    else:
        yield from (f"    {line}" for line in stored(kernel, arrays, attempt, watched=True))
        yield "    missing = of_team(shared, missing, lanes, false) > 0;"
    yield "}"


def found(kernel: Kernel, arrays: Sequence[Operand], attempt: Attempt) -> Iterator[str]:
    """Lines that replace the results which the attempt before was missing."""
    if kernel.outputs[0].in_rows:
        yield from stored(kernel, arrays, attempt)
    else:
        yield f"if (missing) value = {value_of(attempt)};"


def computed(kernel: Kernel, arrays: Sequence[Operand], attempt: Attempt) -> Iterator[str]:
    """Lines of an attempt, stage after stage."""
    lines = attempt.needed
    last = max(one.stage for one in attempt.results)
    for stage in range(last + 1):
        if stage or not kernel.group_rank:
            yield from row_lines(lines, stage)
        reductions = [line for line in lines if line.reduction and line.stage == stage]
        if reductions:
            yield from reduced(kernel, arrays, attempt, reductions)


def row_lines(lines: Sequence[Line], stage: int) -> Iterator[str]:
    """Lines that are the same for the whole row."""
    for line in lines:
        if line.stage == stage and not line.in_rows and not line.reduction:
            yield declared(line)


def reduced(
    kernel: Kernel,
    arrays: Sequence[Operand],
    attempt: Attempt,
    reductions: Sequence[Line],
) -> Iterator[str]:
    """Lines of a stage: a loop that adds up, then what the threads of a team have together."""
    lines = attempt.needed
    for line in reductions:
        kind, first = ("double", "0") if line.reduction == "sum" else ("real", LEAST)
        yield f"{kind} {line.name}_{line.reduction} = {first};"
    guard = "" if kernel.width == 1 or kernel.is_even else "if (i < left) "
    added = [
        guard + ADDED[line.reduction].format(line.name, expression(line)) for line in reductions
    ]
    loop = elements(kernel, arrays, lines, [expression(line) for line in reductions], added)
    yield from in_groups(kernel, arrays, lines, loop) if kernel.group_rank else loop
    for line in reductions:
        yield from joined(attempt, line)


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


def joined(attempt: Attempt, line: Line) -> Iterator[str]:
    """Lines that make one number of what each thread of a team has."""
    own, as_sum = f"{line.name}_{line.reduction}", line.reduction == "sum"
    yield f"{own} = of_team(shared, {own}, lanes, {str(as_sum).lower()});"
    used = {name for other in attempt.needed for name in other.uses}
    used.update(() if as_sum else (one.name for one in attempt.results))
    if line.name in used:
        yield f"const real {line.name} = real({own});"


def stored(
    kernel: Kernel, arrays: Sequence[Operand], attempt: Attempt, *, watched: bool = False
) -> Iterator[str]:
    """Lines that write the results: for each element, or one for the row over its divisor."""
    if not kernel.outputs[0].in_rows:
        yield put(kernel, value_of(attempt))
        return
    results = [one.name for one in attempt.results]
    writes = [
        f"store(pack_{one.name}.at + i, {result});"
        if kernel.width > 1
        else f"store(at_{one.name} + row_{one.name} + column * step_{one.name}, {result});"
        for one, result in zip(kernel.outputs, results, strict=True)
    ]
    if watched:
        writes += [f"missing = missing || {not_finite(one)};" for one in results]
    yield from elements(kernel, arrays, attempt.needed, results, writes, kernel.outputs)


def not_finite(name: str) -> str:
    """Whether a number is NaN or infinite."""
    return f"!(fabs({name}) < real({INFINITY}))"


def value_of(attempt: Attempt) -> str:
    """The number of a row, a sum as it was added up."""
    (result,) = attempt.results
    summed = any(line.name == result.name and line.reduction == "sum" for line in attempt.needed)
    return f"{result.name}_sum" if summed else f"double({result.name})"


def put(kernel: Kernel, value: str) -> str:
    """Line that writes the number of a row, over its divisor."""
    return (
        f"if (lane == 0 && !idle) store(at_{kernel.outputs[0].name} + job, {value} / given_parts);"
    )
