"""The loops of a kernel that add up a stage's terms, or find maxima, over a row."""

from collections.abc import Iterable, Iterator, Sequence

from kldiv_xp.cuda.c_operations import INFINITY
from kldiv_xp.cuda.c_types import DeviceOperand
from kldiv_xp.cuda.formula_to_c import declared, expression
from kldiv_xp.cuda.kernel_elements import (
    ElementLoop,
    Kernel,
    Stored,
    element_loop_lines,
    offsets,
    row_number_lines,
    row_offset,
)
from kldiv_xp.tracing.lines import Line

MINUS_INFINITY = f"-real({INFINITY})"
REDUCTION_STEPS = {"sum": "{0}_sum += {1};", "max": "{0}_max = larger({0}_max, {1});"}


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
    stored: Stored,
) -> Iterator[str]:
    """C lines of a stage's reductions: a loop of each thread, then the reduction over the team.

    The loop stores results, too.
    """
    for line in reductions:
        kind, first = ("double", "0") if line.reduction == "sum" else ("real", MINUS_INFINITY)
        yield f"{kind} {line.name}_{line.reduction} = {first};"
    loop = element_loop_lines(kernel, arrays, kernel.lines, adding_loop(kernel, reductions, stored))
    yield from group_loop(kernel, arrays, lines, loop) if kernel.group_rank else loop
    for line in reductions:
        yield from team_reduction(kernel, line)


def adding_loop(kernel: Kernel, reductions: Sequence[Line], stored: Stored) -> ElementLoop:
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
    after = [f"{name}_sum += {name}_few;" for name in sums]
    names, last = [*terms, *stored.values()], [*last, *writes(kernel, stored)]
    return ElementLoop(names, last, before, after, tuple(stored))


def writes(kernel: Kernel, stored: Stored) -> Iterator[str]:
    """C lines that store the results of an element."""
    for one, name in stored.items():
        place = f"{row_offset(one, kernel.parts)} + column * step_{one.name}"
        yield f"store({f'pack_{one.name}.at + i' if kernel.width > 1 else place}, {name});"


def group_loop(
    kernel: Kernel, arrays: Sequence[DeviceOperand], lines: Sequence[Line], loop: Iterable[str]
) -> Iterator[str]:
    """C lines of a loop over a row's groups of columns, around the loop over columns."""
    names = [one.name for one in (*arrays, *kernel.written)]
    yield "for (integer group = piece; group < groups; group += pieces) {"
    before = [*offsets("group", names, kernel.group_rank, "group")]
    before += [*row_number_lines(arrays, kernel.parts), *row_lines(lines, 0)]
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
