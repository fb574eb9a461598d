"""Lines of C that kernels share: parameters, the place of an element, what is read of it."""

from collections.abc import Iterable, Sequence

from kldiv_xp.cuda.c_types import TYPES, Operand
from kldiv_xp.cuda.strides_and_grid import BATCH


def read(operand: Operand) -> str:
    """Parameter of an array that is read."""
    return f"const {TYPES[operand.dtype][0]} *__restrict__ at_{operand.name}"


def kind(operand: Operand) -> str:
    """Type that an element is computed with."""
    return "bool" if operand.dtype == "bool" else "real"


def load(inputs: Iterable[Operand], parts: Sequence[str]) -> list[str]:
    """Lines that read an element of each array."""
    lines = []
    for name, _ in inputs:
        offset = " + ".join(f"{axes}_{name}" for axes in parts)
        lines.append(f"{name}[i] = load(at_{name} + {offset});")
    return lines


def batches(inputs: Sequence[Operand]) -> list[str]:
    """Lines that declare what a thread reads before it computes."""
    return [f"{kind(operand)} {operand.name}[{BATCH}];" for operand in inputs]


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
