"""The innermost loop of a kernel: load elements of a row, compute, then sum or store."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kldiv_xp.cuda.c_types import TYPES, DeviceOperand
from kldiv_xp.cuda.formula_to_c import declared
from kldiv_xp.tracing.lines import Line, needed
from kldiv_xp.tracing.operations import NARROW


class Result(NamedTuple):
    """A result of a kernel: the name of its line, and the first stage that can use it."""

    name: str
    stage: int


Results = tuple[Result, ...]
Stored = dict[DeviceOperand, str]
"""Outputs with an element per column, and the names that are stored there."""


class Kernel(NamedTuple):
    """A kernel: its arrays, lines and attempts at the results, and how its loops run."""

    real: str
    inputs: tuple[DeviceOperand, ...]
    outputs: tuple[DeviceOperand, ...]
    numbers: tuple[str, ...]
    lines: list[Line]
    attempts: Sequence[Results]
    """Alternative computations of the results: a row uses the first finite one, or the last."""
    row_rank: int
    group_rank: int
    """Number of axes of a row's groups of columns; 0 where a row is one group."""
    width: int
    """Elements per vector load; 1 where columns are not contiguous."""
    is_even: bool
    """Whether the columns are a multiple of `width`, so that no load is partial."""
    unroll: int = 4
    """Unroll factor of the loop over single elements."""

    @property
    def written(self) -> list[DeviceOperand]:
        """Outputs with an element per column, not one per row."""
        return [one for one in self.outputs if one.in_rows]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the offsets of a row's columns in an array."""
        return ("row", "group") if self.group_rank else ("row",)

    @property
    def has_stages(self) -> bool:
        """Whether rows are read more than once."""
        return any(result.stage > 1 for results in self.attempts for result in results)

    @property
    def is_narrow(self) -> bool:
        """Whether elements have 16 bits."""
        return any(one.dtype in NARROW for one in self.inputs)


class ElementLoop(NamedTuple):
    """A loop over elements: the names it computes, and C lines before, in and after its body."""

    names: Sequence[str]
    """Names of the results."""
    last: Sequence[str]
    """Lines that use the results of each element."""
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    """Lines after the elements of a vector load."""
    written: Sequence[DeviceOperand] = ()


def element_loop_lines(
    kernel: Kernel, arrays: Sequence[DeviceOperand], lines: Sequence[Line], loop: ElementLoop
) -> Iterator[str]:
    """C lines of a loop over a thread's columns that computes the results of each element."""
    steps = needed(lines, loop.names, of_element=True)
    names = {name for line in steps for name in line.uses} | set(loop.names)
    read = [one for one in arrays if one.in_rows and one.name in names]
    parts = kernel.parts
    work = [*map(declared, steps), *loop.last]
    if kernel.width > 1:
        inside = vector_lines(kernel, read, parts, work, loop)
    else:
        inside = scalar_lines(read, parts, work)
        yield f"#pragma unroll {kernel.unroll}"
    yield "for (integer column = begin; column < end; column += apart) {"
    yield from (f"    {line}" for line in inside)
    yield "}"


def scalar_lines(
    read: Sequence[DeviceOperand], parts: Sequence[str], work: Sequence[str]
) -> Iterator[str]:
    """C lines for one element, of arrays with any strides."""
    for one in read:
        place = f"{row_offset(one, parts)} + column * step_{one.name}"
        yield f"const {c_type(one)} {one.name} = load({place});"
    yield from work


def vector_lines(
    kernel: Kernel,
    read: Sequence[DeviceOperand],
    parts: Sequence[str],
    work: Sequence[str],
    loop: ElementLoop,
) -> Iterator[str]:
    """C lines for the elements of one vector load."""
    width, rest = kernel.width, "end - column"
    left = width if kernel.is_even else f"{rest} < {width} ? {rest} : {width}"
    yield f"const int left = {left};"
    for one in read:
        place = f"{row_offset(one, parts)} + column"
        yield f"const auto pack_{one.name} = take<{width}>({place}, left);"
    for one in loop.written:
        yield f"pack<{TYPES[one.dtype][0]}, {width}> pack_{one.name};"
    yield from loop.before
    yield "#pragma unroll"
    yield f"for (int i = 0; i < {width}; ++i) {{"
    for one in read:
        yield f"    const {c_type(one)} {one.name} = load(pack_{one.name}.at + i);"
    yield from (f"    {line}" for line in work)
    yield "}"
    yield from loop.after
    for one in loop.written:
        yield f"give({row_offset(one, parts)} + column, left, pack_{one.name});"


def offsets(axes: str, names: Sequence[str], rank: int, number: str) -> Iterator[str]:
    """C lines that turn a row-major index into an offset in each array."""
    yield f"integer {axes}_at_0 = {number};"
    for place in range(rank - 1, 0, -1):
        size = f"{axes}_size_{place}"
        yield f"const integer {axes}_at_{place} = {axes}_at_0 % {size};"
        yield f"{axes}_at_0 /= {size};"
    for name in names:
        steps = [f"{axes}_at_{place} * {axes}_{name}_{place}" for place in range(rank)]
        yield f"const integer {axes}_{name} = {' + '.join(steps)};"


def row_number_lines(arrays: Iterable[DeviceOperand], parts: Sequence[str]) -> Iterator[str]:
    """C lines that load the operands with one element per row."""
    for one in arrays:
        if not one.in_rows:
            value = f"load({row_offset(one, parts)})"
            yield f"const {c_type(one)} {one.name} = columns ? {value} : {c_type(one)}(0);"


def c_type(operand: DeviceOperand) -> str:
    """C type of a loaded element: bool or real."""
    return "bool" if operand.dtype == "bool" else "real"


def row_offset(operand: DeviceOperand, parts: Sequence[str]) -> str:
    """C expression of the offset of a row in an array."""
    return " + ".join([f"at_{operand.name}", *(f"{part}_{operand.name}" for part in parts)])
