"""Dask: one task per chunk, in the namespace of the chunk's own library."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.backends.dask.chunks import (
    CHUNKS,
    PRODUCTS,
    across_chunks,
    chunkwise,
    elementwise,
    on_chunks,
    over_chunks,
)
from kldiv_xp.backends.dask.sparse import sparse_divergences, sparse_gradient
from kldiv_xp.backends.one_chunk import (
    derivatives_in_chunks,
    divergences_of_chunk,
    sum_of_chunk,
    terms_of_chunk,
)
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence, operands_of, selected_states
from kldiv_xp.core.evaluate_linear_gradient import LinearGradient
from kldiv_xp.core.evaluate_row_derivatives import row_derivatives as derivatives_of_rows
from kldiv_xp.core.evaluate_rows import rows_of
from kldiv_xp.core.run import wanted_derivatives
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.sparse import SparseKL


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Terms of the loss, lazily."""
    function = partial(terms_of_chunk, form=form, examine=context.examine, dtype=context.asked)
    return chunkwise(function, *arrays, dtype=context.dtype)


def samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes, lazily."""
    return divided_sums_of_dask(context, arrays, form, axis, None)


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor, lazily."""
    return divided_sums_of_dask(context, arrays, form, tuple(range(arrays[0].ndim)), parts)


def divided_sums_of_dask(
    context: Context, arrays: Arrays, form: Form, axis: Axes, parts: int | None
) -> Array:
    """Sums of the chunks' partial sums over some axes, divided by the divisor."""
    function = partial(
        sum_of_chunk, form=form, axis=axis, examine=context.examine, dtype=context.asked
    )
    ones = dict.fromkeys(axis, 1)
    sums = chunkwise(function, *arrays, dtype=context.working, adjust_chunks=ones)
    total = over_chunks("sum", sums, axis=axis)
    return elementwise(partial(divided, parts=parts), context.working, context.dtype, total)


def apply_to_results(
    context: Context, function: Callable[..., Array], dtype: DType, *results: Array
) -> Array:
    """`function(xp, *results)` of evaluated results, lazily."""
    value = function(CHUNKS, *[cast_lazily(context, result) for result in results])
    return value if value.dtype == dtype else on_chunks("astype", value, dtype)


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergences of rows of logits, lazily.

    Of a row that lies in several chunks one number goes between them for every maximum and sum.
    """
    if any(array.numblocks[-1] > 1 for array in arrays):
        return rows_of(divergence, CHUNKS, *[cast_lazily(context, array) for array in arrays])
    function = partial(
        divergences_of_chunk, divergence=divergence, examine=context.examine, dtype=context.asked
    )
    last = {arrays[0].ndim - 1: 1}
    # With an axis fewer Dask would not fuse it with what reads the chunks, but send them around.
    return chunkwise(function, *arrays, dtype=context.working, adjust_chunks=last)[..., 0]


def linear_divergences(context: Context, heads: Heads, divergence: LinearDivergence) -> Array:
    """Divergences of rows of logits that are computed chunk by chunk from hidden states."""
    arrays = operands_of(PRODUCTS, heads)
    if isinstance(divergence, SparseKL):
        return sparse_divergences(context, arrays, divergence)
    return divergences(context, arrays, divergence)


def linear_gradient(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    with_rows: bool,
) -> LinearGradient:
    """Lazy derivatives with respect to hidden states, weight and bias, added up over the chunks."""
    arrays = operands_of(PRODUCTS, heads)
    by_logits = (True, False)
    if isinstance(divergence, SparseKL):
        derivative, _ = sparse_gradient(context, arrays, divergence, upstream, by_logits)
    else:
        scale = Scale()
        derivative, _ = row_derivatives(context, arrays, divergence, scale, (upstream,), by_logits)
    wide = cast_lazily(context, derivative)
    return LinearGradient(
        PRODUCTS.matmul(derivative, heads.weight),
        PRODUCTS.matmul_of_rows(wide, cast_lazily(context, selected_states(PRODUCTS, heads))),
        None if heads.bias is None else over_chunks("sum", wide, axis=0),
        linear_divergences(context, heads, divergence) if with_rows else None,
    )


def gradient(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, lazily."""
    return derivatives_in_chunks(chunkwise, context, arrays, form, scale, upstream, wanted)


def row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives of divergences of rows of logits, lazily."""
    if all(array.numblocks[-1] == 1 for array in arrays):
        return derivatives_in_chunks(
            chunkwise, context, arrays, divergence, scale, upstream, wanted
        )
    functions = derivatives_of_rows(divergence, scale, len(arrays))
    return wanted_derivatives(across_chunks, context, functions, arrays, upstream, wanted)


def apply_to_rows(context: Context, function: Callable[..., Array], arrays: Arrays) -> Array:
    """Result of ``function(xp, *arrays)``, lazily; 0-d arrays go to every chunk."""
    return function(CHUNKS, *[cast_lazily(context, array) for array in arrays])


def placed_mask(context: Context, where: Array) -> Array:
    """The mask without empty chunks, which Dask would repeat along an axis of one entry."""
    return in_full_chunks(context, where)


def in_full_chunks(context: Context, array: Array) -> Array:
    """The array in chunks with entries; in one chunk if it has none.

    Of nothing in chunks Dask makes no rows: "reduce() of empty iterable".
    """
    del context
    chunks = getattr(array, "chunks", ())
    if not any(0 in sizes for sizes in chunks):
        return array
    full = array.shape if 0 in array.shape else [tuple(filter(None, one)) for one in chunks]
    return array.rechunk({axis: sizes for axis, sizes in enumerate(full) if sizes != chunks[axis]})


def cast_lazily(context: Context, array: Array) -> Array:
    """Lazy array in the working dtype; a mask unchanged."""
    kept = array.dtype in (bool, context.working)
    return array if kept else on_chunks("astype", array, context.working)
