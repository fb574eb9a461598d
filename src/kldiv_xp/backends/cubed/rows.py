"""Divergences of rows in Cubed arrays: one task per chunk of rows."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array
from kldiv_xp.backends.cubed.chunks import chunkwise
from kldiv_xp.backends.one_chunk import divergences_of_chunk, sparse_divergences_of_chunk
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.sparse import SparseKL


def with_last_axis(function: Callable[..., Array], *chunks: Array) -> Array:
    """Values of a chunk's rows, with a last axis of size 1."""
    return function(*chunks)[..., None]


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergences of rows of logits, lazily."""
    if 0 in arrays[0].shape:
        return NotImplemented
    function = partial(
        divergences_of_chunk, divergence=divergence, examine=context.examine, dtype=context.asked
    )
    return on_whole_rows(context, function, arrays)


def sparse_divergences(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergences of rows of logits from a sparse teacher, lazily."""
    if 0 in arrays[0].shape:
        return context.xp.zeros(arrays[0].shape[:-1], dtype=context.working, spec=arrays[0].spec)
    function = partial(
        sparse_divergences_of_chunk,
        divergence=divergence,
        examine=context.examine,
        dtype=context.asked,
    )
    logits, *others = in_whole_rows(arrays)
    rows = logits.chunksize[:-1]
    arrays = logits, *(one.rechunk((*rows, one.shape[-1])) for one in others)
    return on_whole_rows(context, partial(with_last_axis, function), arrays, align_arrays=False)


def on_whole_rows(
    context: Context, function: Callable[..., Array], arrays: Arrays, **options: object
) -> Array:
    """Lazy result of a function of chunks of whole rows, one value per row."""
    last = {arrays[0].ndim - 1: 1}
    rows = chunkwise(
        function, *in_whole_rows(arrays), dtype=context.working, adjust_chunks=last, **options
    )
    return context.xp.squeeze(rows, axis=-1)


def in_whole_rows(arrays: Arrays) -> Arrays:
    """Arrays rechunked to whole rows, with fewer rows per chunk where rows were split."""
    parts = max(array.numblocks[-1] for array in arrays if array.ndim)
    if parts == 1:
        return arrays
    return tuple(
        array.rechunk(chunks_of_rows(array, parts)) if array.ndim else array for array in arrays
    )


def chunks_of_rows(array: Array, parts: int) -> tuple[int, ...]:
    """Sizes of chunks of whole rows that are no larger than before: the other axes are cut."""
    sizes = list(array.chunksize[:-1])
    for place in range(len(sizes)):
        cut = min(sizes[place], parts)
        sizes[place], parts = -(-sizes[place] // cut), -(-parts // cut)
    return (*sizes, array.shape[-1])
