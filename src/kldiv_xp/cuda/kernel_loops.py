"""The loops of a kernel: one pass over a row's columns per stage, then the results."""

from collections.abc import Iterable, Iterator, Sequence

from kldiv_xp.cuda.c_operations import INFINITY
from kldiv_xp.cuda.c_types import DeviceOperand
from kldiv_xp.cuda.formula_to_c import declared, expression
from kldiv_xp.cuda.kernel_elements import (
    ElementLoop,
    Kernel,
    Results,
    element_loop_lines,
    offsets,
    row_number_lines,
)
from kldiv_xp.tracing.lines import Line, needed

MINUS_INFINITY = f"-real({INFINITY})"
REDUCTION_STEPS = {"sum": "{0}_sum += {1};", "max": "{0}_max = larger({0}_max, {1});"}


def kernel_body(kernel: Kernel) -> Iterator[str]:
    """C lines for one row: attempts in turn until the results are finite."""
    every = [result.name for results in kernel.attempts for result in results]
    used = {name for line in needed(kernel.lines, every) for name in line.uses} | set(every)
    arrays = [one for one in kernel.inputs if one.name in used]
    written = [one for one in kernel.outputs if one.in_rows]
    yield from offsets("row", [one.name for one in (*arrays, *written)], kernel.row_rank, "row")
    if not kernel.group_rank:
        yield from row_number_lines(arrays, ("row",))
    if len(kernel.attempts) > 1:
        yield "bool missing = !idle;"
    if not written:
        yield "double value = 0;"
    yield from attempt_lines(kernel, arrays, kernel.attempts, [])
    if not written:
        output = kernel.outputs[0].name
        yield f"if (lane == 0 && !idle) store(at_{output} + job, value / given_divisor);"


def attempt_lines(
    kernel: Kernel, arrays: Sequence[DeviceOperand], left: Sequence[Results], known: Sequence[str]
) -> Iterator[str]:
    """C lines of an attempt, then, in a nested block, of the next for rows with results not finite.

    What earlier attempts know of the row is known.
    """
    results, *others = left
    used = needed(kernel.lines, [one.name for one in results])
    lines = [line for line in used if line.name not in known]
    for stage in range(max(one.stage for one in results) + 1):
        yield from stage_lines(kernel, arrays, lines, stage)
    yield from result_lines(kernel, arrays, results, is_last=not others)
    if not others:
        return
    known = [*known, *(line.name for line in lines if line.reduction or not line.in_rows)]
    # All threads of a block come along, since they wait for each other.
    yield "if (__syncthreads_or(missing)) {"
    if len(others) == 1:  # for few rows, and less to compile
        kernel = kernel._replace(width=1, unroll=2)
        yield "    const integer begin = lane, apart = lanes, end = missing ? columns : 0;"
    else:
        yield "    const integer end = missing ? columns : 0;"
    yield from (f"    {line}" for line in attempt_lines(kernel, arrays, others, known))
    yield "}"


def stage_lines(
    kernel: Kernel, arrays: Sequence[DeviceOperand], lines: Sequence[Line], stage: int
) -> Iterator[str]:
    """C lines of a stage."""
    if stage or not kernel.group_rank:
        yield from row_lines(lines, stage)
    reductions = [line for line in lines if line.reduction and line.stage == stage]
    if reductions:
        yield from reduction_lines(kernel, arrays, lines, reductions)


def row_lines(lines: Sequence[Line], stage: int) -> Iterator[str]:
    """Declarations of a stage's values that are constant along the row."""
    for line in lines:
        if line.stage == stage and not line.in_rows and not line.reduction:
            yield declared(line)


def reduction_lines(
    kernel: Kernel,
    arrays: Sequence[DeviceOperand],
    lines: Sequence[Line],
    reductions: Sequence[Line],
) -> Iterator[str]:
    """C lines of a stage's reductions: a loop of each thread, then the reduction over the team."""
    for line in reductions:
        kind, first = ("double", "0") if line.reduction == "sum" else ("real", MINUS_INFINITY)
        yield f"{kind} {line.name}_{line.reduction} = {first};"
    loop = element_loop_lines(kernel, arrays, kernel.lines, adding_loop(kernel, reductions))
    yield from group_loop(kernel, arrays, lines, loop) if kernel.group_rank else loop
    for line in reductions:
        yield from team_reduction(kernel, line)


def adding_loop(kernel: Kernel, reductions: Sequence[Line]) -> ElementLoop:
    """Loop that accumulates reductions, if there are stages or 16 bits by partial sums per load."""
    guard = "" if kernel.width == 1 or kernel.is_even else "if (i < left) "
    terms = [expression(line) for line in reductions]
    sums = [line.name for line in reductions if line.reduction == "sum"]
    if kernel.width == 1 or not (kernel.has_stages or kernel.is_narrow):
        sums = []
    last = [
        f"{guard}{line.name}_few += {term};"
        if line.name in sums
        else guard + REDUCTION_STEPS[line.reduction].format(line.name, term)
        for line, term in zip(reductions, terms, strict=True)
    ]
    before = [f"real {name}_few = 0;" for name in sums]
    return ElementLoop(terms, last, before, [f"{name}_sum += {name}_few;" for name in sums])


def group_loop(
    kernel: Kernel, arrays: Sequence[DeviceOperand], lines: Sequence[Line], loop: Iterable[str]
) -> Iterator[str]:
    """C lines of a loop over a row's groups of columns, around the loop over columns."""
    names = [one.name for one in arrays]
    yield "for (integer group = piece; group < groups; group += pieces) {"
    before = [*offsets("group", names, kernel.group_rank, "group")]
    before += [*row_number_lines(arrays, ("row", "group")), *row_lines(lines, 0)]
    yield from (f"    {line}" for line in (*before, *loop))
    yield "}"


def team_reduction(kernel: Kernel, line: Line) -> Iterator[str]:
    """C lines that reduce the threads' partial results over the team."""
    own, as_sum = f"{line.name}_{line.reduction}", line.reduction == "sum"
    yield f"{own} = of_team(shared, {own}, lanes, {str(as_sum).lower()});"
    used = {name for other in kernel.lines for name in other.uses}
    if not as_sum:
        used.update(result.name for results in kernel.attempts for result in results)
    if line.name in used:
        yield f"const real {line.name} = real({own});"


def result_lines(
    kernel: Kernel, arrays: Sequence[DeviceOperand], results: Results, *, is_last: bool
) -> Iterator[str]:
    """C lines that keep the value of a row, or store the results of each element.

    They say what is missing, unless the attempt is the last.
    """
    if not kernel.outputs[0].in_rows:
        guard = "" if len(kernel.attempts) == 1 else "if (missing) "
        yield f"{guard}value = {row_value(kernel, results)};"
        if not is_last:
            yield f"missing = missing && {not_finite('value')};"
        return
    names = [one.name for one in results]
    writes = [
        f"store(pack_{one.name}.at + i, {name});"
        if kernel.width > 1
        else f"store(at_{one.name} + row_{one.name} + column * step_{one.name}, {name});"
        for one, name in zip(kernel.outputs, names, strict=True)
    ]
    if not is_last:
        yield "missing = false;"
        writes += [f"missing = missing || {not_finite(one)};" for one in names]
    loop = ElementLoop(names, writes, written=kernel.outputs)
    yield from element_loop_lines(kernel, arrays, kernel.lines, loop)
    if not is_last:
        yield "missing = of_team(shared, missing, lanes, false) > 0;"


def not_finite(name: str) -> str:
    """C condition: a variable is NaN or infinite."""
    return f"!(fabs({name}) < real({INFINITY}))"


def row_value(kernel: Kernel, results: Results) -> str:
    """C expression of a row's value; of a sum, its float64 accumulator."""
    (result,) = results
    summed = any(line.name == result.name and line.reduction == "sum" for line in kernel.lines)
    return f"{result.name}_sum" if summed else f"double({result.name})"
