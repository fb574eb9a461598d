"""Functions (job, result) that store the result of a block and return whether it suffices."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.host.blocks import Index
from kldiv_xp.host.inner_products import dot, dots

Take = Callable[[int, Any], bool]


def take_sum(xp: Namespace, partials: list[float]) -> Take:
    """Taker of two factors: their inner product as a partial sum; suffices if it is not NaN."""

    def take(job: int, factors: tuple[Array, Array]) -> bool:
        partials[job] = dot(xp, *factors)
        return not math.isnan(partials[job])

    return take


def take_sums_over(
    xp: Namespace, indices: Sequence[Index], kept: int, partials: list[Array]
) -> Take:
    """Taker of two factors: a partial sum for every index of the first `kept` axes."""

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
    """Taker of two factors of whole rows: their inner products, into `result`."""

    def take(job: int, factors: tuple[Array, Array]) -> bool:
        index = (*indices[job], ...)
        shape = result[index].shape
        sums = dots(xp, *[one.reshape(math.prod(shape), size) for one in factors])
        result[index] = sums.reshape(shape)
        return not xp.isnan(sums).any()

    return take


def take_any(indices: Sequence[Index], result: Array) -> Take:
    """Taker that writes values into `result`; any values suffice."""

    def take(job: int, values: Array) -> bool:
        result[(*indices[job], ...)] = values
        return True

    return take


def take_finite(
    xp: Namespace, indices: Sequence[Index], result: Array, lent: Array | None = None
) -> Take:
    """Taker that writes values into `result` unless computed there; finite values suffice.

    Squares that overflow cost the next attempt, and change nothing.
    """

    def take(job: int, values: Array) -> bool:
        if lent is None or not xp.may_share_memory(values, lent):
            result[indices[job]] = values
        return math.isfinite(dot(xp, values, values))

    return take
