"""Other axes than those of the call along which an operand sums to 1."""

import math
from collections.abc import Iterator
from itertools import combinations

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.core.run import quiet
from kldiv_xp.diagnosis.evidence import LOGS, PROBABILITIES
from kldiv_xp.diagnosis.sample_blocks import in_memory
from kldiv_xp.diagnosis.scan import read_scalar

# So many lines are tried along them, in each of the other axes.
LINES = 2
# Lines along several axes are whole pictures, of which no more than this is read at once.
MOST_ELEMENTS_OF_LINES = 1 << 22
# Those of log2 and log10.
BASES = (2, 10)


def other_axes(
    context: Context,
    arrays: Arrays,
    axes: Axes,
    tolerance: float,
    most: int,
    operand: str,
    kind: str,
) -> Axes | None:
    """First other axes, at most `most`, along which the first lines of an operand sum to 1."""
    array = arrays[operand == "target"]
    for candidate in candidates(array.shape, axes, most):
        first = first_lines(array, candidate)
        if len(candidate) > 1 and math.prod(first.shape) > MOST_ELEMENTS_OF_LINES:
            continue
        lines = in_memory(first)
        with quiet(context.facts, lines):
            xp = namespace_of(lines)
            if are_distributions(xp, cast(xp, lines, context.working), candidate, tolerance, kind):
                return candidate
    return None


def base_of_logarithms(
    context: Context, arrays: Arrays, axes: Axes, tolerance: float, operand: str
) -> int | None:
    """Base other than e if the first samples are logarithms of probabilities to it, else None."""
    array = arrays[operand == "target"]
    first = first_lines(array, axes)
    if not axes or 0 in array.shape or math.prod(first.shape) > MOST_ELEMENTS_OF_LINES:
        return None
    lines = in_memory(first)
    xp = namespace_of(lines)
    lines = cast(xp, lines, context.working)
    with quiet(context.facts, lines):
        for base in BASES:
            natural = lines * math.log(base)
            if are_distributions(xp, natural, axes, tolerance, LOGS):
                return base
    return None


def first_lines(array: Array, axes: Axes) -> Array:
    """The first lines along some axes, whole, in each of the other axes."""
    index = tuple(
        slice(0, size if place in axes else min(size, LINES))
        for place, size in enumerate(array.shape)
    )
    return array[index]


def candidates(shape: Axes, axes: Axes, most: int) -> Iterator[Axes]:
    """Other axes of size above 1, single axes first."""
    places = [place for place, size in enumerate(shape) if size != 1]
    for count in range(1, most + 1):
        for candidate in combinations(places, count):
            if set(candidate) != {place for place in axes if shape[place] != 1}:
                yield candidate


def are_distributions(
    xp: Namespace, lines: Array, axis: int | Axes, tolerance: float, kind: str
) -> bool:
    """Whether all lines along some axes sum to 1: their entries, or their exponentials."""
    sums = xp.sum(lines if kind == PROBABILITIES else xp.exp(lines), axis=axis)
    if not read_scalar(xp.all(xp.abs(sums - 1) <= tolerance)):
        return False
    return kind != PROBABILITIES or bool(read_scalar(xp.all(lines >= 0)))
