"""Cubed: one task per chunk, which stores partial sums and no array of the operands' size."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.backends.cubed.chunks import CHUNKS, cast_chunks, chunkwise, elementwise, one_element
from kldiv_xp.backends.cubed.rows import (
    divergences,
    in_whole_rows,
    on_whole_rows,
    sparse_divergences,
    with_last_axis,
)
from kldiv_xp.backends.one_chunk import derivatives_in_chunks, sum_of_chunk, terms_of_chunk
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.namespaces import sample_shape
from kldiv_xp.core.run import run
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence

__all__ = [
    "apply_to_results",
    "apply_to_rows",
    "divergences",
    "gradient",
    "loss",
    "row_derivatives",
    "samples",
]
__all__ += ["sparse_divergences", "terms"]


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Terms of the loss, lazily."""
    function = partial(terms_of_chunk, form=form, examine=context.examine, dtype=context.asked)
    return chunkwise(function, *arrays, dtype=context.dtype)


def samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes, lazily."""
    return divided_sums_of_cubed(context, arrays, form, axis, None)


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor, lazily."""
    return divided_sums_of_cubed(context, arrays, form, tuple(range(arrays[0].ndim)), parts)


def divided_sums_of_cubed(
    context: Context, arrays: Arrays, form: Form, axis: Axes, parts: int | None
) -> Array:
    """Sums of the chunks' partial sums over some axes, divided by the divisor."""
    if 0 in arrays[0].shape:  # there is no chunk to visit
        shape = sample_shape(arrays[0].shape, axis)
        total = context.xp.zeros(shape, dtype=context.working, spec=arrays[0].spec)
    else:
        function = partial(
            sum_of_chunk, form=form, axis=axis, examine=context.examine, dtype=context.asked
        )
        ones = dict.fromkeys(axis, 1)
        sums = chunkwise(function, *arrays, dtype=context.working, adjust_chunks=ones)
        total = context.xp.sum(sums, axis=axis)
    return elementwise(partial(divided, parts=parts), context.working, context.dtype, total)


def apply_to_results(
    context: Context, function: Callable[..., Array], dtype: DType, *results: Array
) -> Array:
    """`function(xp, *results)` of evaluated results, lazily; it may reduce them."""
    kept = (context.xp.bool, context.working)
    wide = [one if one.dtype in kept else cast_chunks(one, context.working) for one in results]
    return cast_chunks(function(CHUNKS, *wide), dtype)


def apply_to_rows(context: Context, function: Callable[..., Array], arrays: Arrays) -> Array:
    """Result of ``function(xp, *arrays)`` of rows, lazily: one value per row, or one per element.

    Which of them, a row of one element says.
    """
    if 0 in arrays[0].shape:
        return NotImplemented
    of_chunk = partial(run, function, context.working, context.working)
    single = of_chunk(*(one_element(array) for array in arrays))
    if single.ndim == arrays[0].ndim:
        return chunkwise(of_chunk, *in_whole_rows(arrays), dtype=context.working)
    return on_whole_rows(context, partial(with_last_axis, of_chunk), arrays)


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
) -> Any:
    """Derivatives of divergences of rows of logits, lazily."""
    if 0 in arrays[0].shape:
        return NotImplemented
    rows = in_whole_rows((*arrays, *upstream))
    arrays, upstream = rows[: len(arrays)], rows[len(arrays) :]
    return derivatives_in_chunks(chunkwise, context, arrays, divergence, scale, upstream, wanted)
