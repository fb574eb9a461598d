"""Attempts at the rows of a block: each row uses the first attempt that suffices."""

import math
from collections.abc import Callable, Sequence

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.host.blocks import has_few_classes
from kldiv_xp.host.inner_products import dot, dots
from kldiv_xp.host.scratch_arrays import adding_in_order

RowAttempt = tuple[Callable[..., Array] | None, Callable[..., Array]]
"""Predicate of the rows it suits (None: all), and a function (xp, *blocks) to results of rows."""


def first_finite_rows(
    attempts: Sequence[RowAttempt],
    alone: Namespace,
    xp: Namespace,
    left: Array | None,
    *block: Array,
    missing: Callable[[Namespace, Array], Array] | None = None,
) -> Array | None:
    """Result of each row of the mask `left`, from the first attempt with a finite one, or the last.

    Of all rows without a mask.  A namespace of its own computes some rows alone: one that keeps
    arrays would keep those of any number of rows.  Where processes have parts of the rows, they
    meet in each attempt, and `missing` tells all of them which rows need another.
    """
    result, namespace = None, namespace_for
    if missing is not None:
        namespace, left = same_namespace, every_row(alone, block[0]) if left is None else left
    if math.prod(block[0].shape[:-1]) == 1:
        xp = alone = namespace(block[0], alone)
    if left is None:
        suits, attempt = attempts[0]
        if suits is None:
            first = attempt(xp, *block)
            if math.isfinite(dot(alone, *[first.ravel(order="K")] * 2)):
                return first
            attempts = [(None, lambda *_: first), *attempts[1:]]
        left = every_row(alone, block[0])
    for suits, attempt in attempts:
        chosen = left if suits is None else left & suits(xp, *block)
        if chosen.all():
            found = result = attempt(xp, *block)
        elif chosen.any():
            some = [rows_at(alone, one, chosen) for one in block]
            found = attempt(namespace(some[0], alone), *some)
            if result is None:
                result = zeros_like_rows(alone, found, block[0])
            result[chosen] = found
        else:
            continue
        left = alone.asarray(left, copy=True)
        left[chosen] = (missing or is_missing)(alone, found).reshape(left[chosen].shape)
        if not left.any():
            break
    return result


def namespace_for(block: Array, xp: Namespace) -> Namespace:
    """The namespace, or one that adds up a single row as it adds up several."""
    is_single = math.prod(block.shape[:-1]) == 1
    return adding_in_order(xp) if is_single and has_few_classes(block) else xp


def same_namespace(block: Array, xp: Namespace) -> Namespace:
    """The namespace: rows in parts are added up by the processes, in an order of their own."""
    del block
    return xp


def every_row(xp: Namespace, block: Array) -> Array:
    """Mask of all rows of a block."""
    return xp.ones(block.shape[:-1], dtype=bool)


def rows_at(xp: Namespace, block: Array, chosen: Array) -> Array:
    """Rows of a mask, whose elements lie in memory as those of the block do.

    A sum along the last axis of few classes takes many times as long where that lies innermost.
    """
    if has_rows_innermost(block):
        columns = xp.moveaxis(block, -1, 0).reshape(block.shape[-1], -1)
        return xp.take(columns, xp.flatnonzero(chosen), axis=1).T
    return block[chosen]


def zeros_like_rows(xp: Namespace, found: Array, block: Array) -> Array:
    """Zeros for the results of all rows of a block, which lie in memory as the block does."""
    shape, size = block.shape[:-1], found.shape[-1]
    if has_rows_innermost(block):
        return xp.moveaxis(xp.zeros((size, *shape), dtype=found.dtype), 0, -1)
    return xp.zeros((*shape, size), dtype=found.dtype)


def has_rows_innermost(block: Array) -> bool:
    """Whether elements of rows of few classes are farther apart than those of several rows.

    More classes are added up in another order then, and a row would have other bits alone.
    """
    strides: tuple[int, ...] = block.strides
    return has_few_classes(block) and len(strides) > 1 and strides[-1] > min(strides[:-1])


def is_missing(xp: Namespace, found: Array) -> Array:
    """Mask of the rows with an element that is not finite."""
    if has_rows_innermost(found):
        return ~xp.isfinite(found).all(axis=-1)
    size = found.shape[-1]
    matrix = found.reshape(math.prod(found.shape[:-1]), size)
    return ~xp.isfinite(dots(xp, matrix, matrix))
