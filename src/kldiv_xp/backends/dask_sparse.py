"""Teachers known at some indices, in arrays of Dask: one task for the rows of a chunk."""

from functools import partial
from itertools import chain

import dask.array as da

from kldiv_xp._typing import Array, DType
from kldiv_xp.core.context import Context, Examine, with_result
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_sparse import evaluate_sparse
from kldiv_xp.formula.sparse import SparseKL
from kldiv_xp.host.threads import thread_limit


def sparse_divergences(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergence of every row, lazily; the chunks of a row are brought together."""
    *rows, last = range(arrays[0].ndim)
    places = (last, last + 1, last + 1, last + 2)
    pairs = [(one, (*rows, place)) for one, place in zip(arrays, places, strict=False)]
    function = partial(
        rows_of_chunk, divergence=divergence, examine=context.examine, dtype=context.asked
    )
    return da.blockwise(
        function,
        tuple(rows),
        *chain(*pairs),
        concatenate=True,
        align_arrays=True,
        dtype=context.working,
        meta=arrays[0]._meta.astype(context.working).sum(-1),
    )


def rows_of_chunk(
    *arrays: Array, divergence: SparseKL, examine: Examine, dtype: DType | None
) -> Array:
    """Divergence of every row of a chunk: Dask has threads of its own."""
    context = with_result(examine(arrays[0], arrays[2]), dtype)
    with thread_limit(1):
        return evaluate_sparse(context, arrays, divergence)
