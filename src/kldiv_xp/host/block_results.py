"""Takers of the results of blocks: functions (job, result) to whether the attempt was enough."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.host.blocks import Index
from kldiv_xp.host.inner_products import dot, dots

Take = Callable[[int, Any], bool]


def take_sum(xp: Namespace, partials: list[float]) -> Take:
    """Sum of the products of two arrays; NaN means that this guard was too weak."""

    def take(job: int, factors: tuple[Array, Array]) -> bool:
        partials[job] = dot(xp, *factors)
        return not math.isnan(partials[job])

    return take


def take_sums_over(
    xp: Namespace, indices: Sequence[Index], kept: int, partials: list[Array]
) -> Take:
    """The same for every place of a block in the first `kept` axes."""

    def take(job: int, factors: tuple[Array, Array]) -> bool:
        dropped = sum(isinstance(place, int) for place in indices[job])
        block = factors[0].shape
        rows = block[: max(kept - dropped, 0)]
        sizes = math.prod(rows), math.prod(block[len(rows) :])
        matrices = [factor.reshape(sizes) for factor in factors]
        partials[job] = dots(xp, *matrices).reshape(rows)
        return not xp.isnan(partials[job]).any()

    return take


def take_row_sums(xp: Namespace, indices: Sequence[Index], size: int, result: Array) -> Take:
    """Inner products of whole rows of a size, into their places."""

    def take(job: int, factors: tuple[Array, Array]) -> bool:
        index = (*indices[job], ...)
        shape = result[index].shape
        sums = dots(xp, *[one.reshape(math.prod(shape), size) for one in factors])
        result[index] = sums.reshape(shape)
        return not xp.isnan(sums).any()

    return take


def take_any(indices: Sequence[Index], result: Array) -> Take:
    """Results into their places, whatever they are."""

    def take(job: int, values: Array) -> bool:
        result[(*indices[job], ...)] = values
        return True

    return take


def take_finite(
    xp: Namespace, indices: Sequence[Index], result: Array, lent: Array | None = None
) -> Take:
    """Results into their places, where they are already if that memory was lent.

    Squares that overflow cost the next attempt, and change nothing.
    """

    def take(job: int, values: Array) -> bool:
        if lent is None or not xp.may_share_memory(values, lent):
            result[indices[job]] = values
        return math.isfinite(dot(xp, values, values))

    return take
