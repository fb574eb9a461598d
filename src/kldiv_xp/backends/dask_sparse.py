"""Sparse teachers in Dask arrays: one task per chunk of rows."""

from functools import partial
from itertools import chain

from kldiv_xp._typing import Array
from kldiv_xp.backends.dask_chunks import aligned_blockwise
from kldiv_xp.backends.one_chunk import sparse_divergences_of_chunk
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.formula.sparse import SparseKL


def sparse_divergences(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergence of every row, lazily; the chunks of a row are concatenated."""
    *rows, last = range(arrays[0].ndim)
    places = (last, last + 1, last + 1, last + 2)
    pairs = [(one, (*rows, place)) for one, place in zip(arrays, places, strict=False)]
    function = partial(
        sparse_divergences_of_chunk,
        divergence=divergence,
        examine=context.examine,
        dtype=context.asked,
    )
    return aligned_blockwise(
        function,
        tuple(rows),
        *chain(*pairs),
        concatenate=True,
        dtype=context.working,
        meta=arrays[0]._meta.astype(context.working).sum(-1),
    )
