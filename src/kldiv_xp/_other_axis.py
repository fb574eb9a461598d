"""Another axis than the one that was asked for, along which an operand adds up to 1."""

from kldiv_xp._array_api import cast, namespace_of
from kldiv_xp._evaluation import Arrays
from kldiv_xp._evidence import PROBABILITIES
from kldiv_xp._execution import quiet
from kldiv_xp._inspection import read
from kldiv_xp._operands import Operands
from kldiv_xp._parts import in_memory
from kldiv_xp._typing import Array, Axes, Namespace

# So many lines are tried along it, in each of the other axes.
LINES = 2


def other_axis(
    operands: Operands, arrays: Arrays, axes: Axes, tolerance: float, operand: str, kind: str
) -> int | None:
    """The first such axis of input or target, told from its first lines; None if there is none."""
    array = arrays[operand == "target"]
    for axis in range(array.ndim):
        if axis in axes or array.shape[axis] == 1:
            continue
        index = tuple(
            slice(0, size if place == axis else min(size, LINES))
            for place, size in enumerate(array.shape)
        )
        lines = in_memory(operands, array[index])
        with quiet(operands.facts, lines):
            xp = namespace_of(lines)
            if are_distributions(xp, cast(xp, lines, operands.working), axis, tolerance, kind):
                return axis
    return None


def are_distributions(xp: Namespace, lines: Array, axis: int, tolerance: float, kind: str) -> bool:
    """Whether all lines along an axis are distributions, of this kind."""
    sums = xp.sum(lines if kind == PROBABILITIES else xp.exp(lines), axis=axis)
    if not read(xp.all(xp.abs(sums - 1) <= tolerance)):
        return False
    return kind != PROBABILITIES or bool(read(xp.all(lines >= 0)))
