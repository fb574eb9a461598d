"""Sparse teachers in Dask arrays: one task per chunk of rows."""

from functools import partial
from itertools import chain

from kldiv_xp._typing import Array, Axes
from kldiv_xp.backends.dask.chunks import aligned_blockwise
from kldiv_xp.backends.one_chunk import sparse_derivative_of_chunk, sparse_divergences_of_chunk
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.formula.sparse import SparseKL


def sparse_divergences(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergence of every row, lazily; the chunks of a row are concatenated."""
    rows, pairs = axes_of_teachers(arrays)
    function = partial(
        sparse_divergences_of_chunk,
        divergence=divergence,
        examine=context.examine,
        dtype=context.asked,
    )
    return aligned_blockwise(
        function,
        rows,
        *chain(*pairs),
        concatenate=True,
        dtype=context.working,
        meta=arrays[0]._meta.astype(context.working).sum(-1),
    )


def sparse_gradient(
    context: Context,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives with respect to the wanted operands, lazily, in chunks of whole rows."""
    whole = tuple(one.rechunk({one.ndim - 1: -1}) for one in arrays)
    rows, pairs = axes_of_teachers(whole)
    pairs.append((upstream, (*rows, len(rows) + 3)))
    by_input, by_target = (
        aligned_blockwise(
            partial(
                sparse_derivative_of_chunk,
                divergence=divergence,
                by_target=place > 0,
                examine=context.examine,
                dtype=context.asked,
            ),
            pairs[place][1],
            *chain(*pairs),
            concatenate=True,
            dtype=native(whole[place].dtype),
            meta=whole[place]._meta,
        )
        if want
        else None
        for place, want in zip((0, 2), wanted, strict=True)
    )
    return by_input, by_target


def axes_of_teachers(arrays: Arrays) -> tuple[Axes, list[tuple[Array, Axes]]]:
    """Axes of the rows, and every array with its axes: the last ones have sizes of their own."""
    *rows, last = range(arrays[0].ndim)
    places = (last, last + 1, last + 1, last + 2)
    pairs = [(one, (*rows, place)) for one, place in zip(arrays, places, strict=False)]
    return tuple(rows), pairs
