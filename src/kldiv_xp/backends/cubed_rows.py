"""Divergences of rows in arrays of Cubed: one task for the rows of a chunk."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array
from kldiv_xp.backends.cubed_chunks import chunkwise
from kldiv_xp.backends.one_chunk import divergences_of_chunk, sparse_divergences_of_chunk
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.sparse import SparseKL


def with_last_axis(function: Callable[..., Array], *chunks: Array) -> Array:
    """Numbers of the rows of a chunk, whose last axis stays."""
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
    """The same for a teacher known at some indices, equally many in each row."""
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
    """Lazy array of a function of chunks of whole rows, without their last axis."""
    last = {arrays[0].ndim - 1: 1}
    rows = chunkwise(
        function, *in_whole_rows(arrays), dtype=context.working, adjust_chunks=last, **options
    )
    return context.xp.squeeze(rows, axis=-1)


def in_whole_rows(arrays: Arrays) -> Arrays:
    """Arrays in chunks of whole rows: of fewer ones, where they lay in several chunks."""
    parts = max(array.numblocks[-1] for array in arrays if array.ndim)
    if parts == 1:
        return arrays
    return tuple(
        array.rechunk(chunks_of_rows(array, parts)) if array.ndim else array for array in arrays
    )


def chunks_of_rows(array: Array, parts: int) -> tuple[int, ...]:
    """Sizes of chunks of whole rows: all axes but the last one are cut, until memory suffices."""
    sizes = list(array.chunksize[:-1])
    for place in range(len(sizes)):
        cut = min(sizes[place], parts)
        sizes[place], parts = -(-sizes[place] // cut), -(-parts // cut)
    return (*sizes, array.shape[-1])
