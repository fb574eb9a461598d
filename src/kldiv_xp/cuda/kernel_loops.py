"""The loops of a kernel: one pass over a row's columns per stage, then the results."""

from collections.abc import Iterator, Sequence

from kldiv_xp.cuda.c_operations import INFINITY
from kldiv_xp.cuda.c_types import DeviceOperand
from kldiv_xp.cuda.kernel_elements import (
    ElementLoop,
    Kernel,
    Result,
    Results,
    Stored,
    element_loop_lines,
    offsets,
    row_number_lines,
)
from kldiv_xp.cuda.kernel_reductions import reduction_lines, row_lines, writes
from kldiv_xp.tracing.lines import Line, needed


def kernel_body(kernel: Kernel) -> Iterator[str]:
    """C lines for one row: attempts in turn until the results are finite."""
    every = [result.name for results in kernel.attempts for result in results]
    used = {name for line in needed(kernel.lines, every) for name in line.uses} | set(every)
    arrays = [one for one in kernel.inputs if one.name in used]
    written = (*arrays, *kernel.written)
    yield from offsets("row", [one.name for one in written], kernel.row_rank, "row")
    if not kernel.group_rank:
        yield from row_number_lines(arrays, ("row",))
    if len(kernel.attempts) > 1:
        yield "bool missing = !idle;"
    totals = [one.name for one in kernel.outputs if not one.in_rows]
    if totals:
        yield "double value = 0;"
    yield from attempt_lines(kernel, arrays, kernel.attempts, [])
    for name in totals:
        yield f"if (lane == 0 && !idle) store(at_{name} + job, value / given_divisor);"


def attempt_lines(
    kernel: Kernel, arrays: Sequence[DeviceOperand], left: Sequence[Results], known: Sequence[str]
) -> Iterator[str]:
    """C lines of an attempt, then, in a nested block, of the next for rows with results not finite.

    What earlier attempts know of the row is known.
    """
    results, *others = left
    used = needed(kernel.lines, [one.name for one in results])
    lines = [line for line in used if line.name not in known]
    left_to_store = elements_of(kernel, results)
    for stage in range(max(one.stage for one in results) + 1):
        stored = stored_at(kernel, lines, left_to_store, stage)
        left_to_store = {one: name for one, name in left_to_store.items() if one not in stored}
        names = {one: result.name for one, result in stored.items()}
        yield from stage_lines(kernel, arrays, lines, stage, names)
    yield from value_lines(kernel, results, is_last=not others)
    if left_to_store:
        names = {one: result.name for one, result in left_to_store.items()}
        yield from result_lines(kernel, arrays, names, is_last=not others)
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
    kernel: Kernel,
    arrays: Sequence[DeviceOperand],
    lines: Sequence[Line],
    stage: int,
    stored: Stored,
) -> Iterator[str]:
    """C lines of a stage."""
    if stage or not kernel.group_rank:
        yield from row_lines(lines, stage)
    reductions = [line for line in lines if line.reduction and line.stage == stage]
    if reductions:
        yield from reduction_lines(kernel, arrays, lines, reductions, stored)


def elements_of(kernel: Kernel, results: Results) -> dict[DeviceOperand, Result]:
    """Outputs with an element per column, and their results."""
    pairs = zip(kernel.outputs, results, strict=True)
    return {one: result for one, result in pairs if one.in_rows}


def stored_at(
    kernel: Kernel, lines: Sequence[Line], results: dict[DeviceOperand, Result], stage: int
) -> dict[DeviceOperand, Result]:
    """Results that the loop of a stage's reductions stores; none of attempts at a row."""
    if len(kernel.attempts) > 1 or not any(one.reduction and one.stage == stage for one in lines):
        return {}
    return {one: result for one, result in results.items() if result.stage == stage}


def value_lines(kernel: Kernel, results: Results, *, is_last: bool) -> Iterator[str]:
    """C lines that keep the value of a row, and say whether it is missing."""
    for one, result in zip(kernel.outputs, results, strict=True):
        if not one.in_rows:
            guard = "" if len(kernel.attempts) == 1 else "if (missing) "
            yield f"{guard}value = {row_value(kernel, result)};"
            if not is_last:
                yield f"missing = missing && {not_finite('value')};"


def result_lines(
    kernel: Kernel, arrays: Sequence[DeviceOperand], stored: Stored, *, is_last: bool
) -> Iterator[str]:
    """C lines that store the results of each element.

    They say what is missing, unless the attempt is the last.
    """
    last = [*writes(kernel, stored)]
    if not is_last:
        if all(one.in_rows for one in kernel.outputs):
            yield "missing = false;"
        last += [f"missing = missing || {not_finite(one)};" for one in stored.values()]
    loop = ElementLoop([*stored.values()], last, written=tuple(stored))
    yield from element_loop_lines(kernel, arrays, kernel.lines, loop)
    if not is_last:
        yield "missing = of_team(shared, missing, lanes, false) > 0;"


def not_finite(name: str) -> str:
    """C condition: a variable is NaN or infinite."""
    return f"!(fabs({name}) < real({INFINITY}))"


def row_value(kernel: Kernel, result: Result) -> str:
    """C expression of a row's value; of a sum, its float64 accumulator."""
    summed = any(line.name == result.name and line.reduction == "sum" for line in kernel.lines)
    return f"{result.name}_sum" if summed else f"double({result.name})"
