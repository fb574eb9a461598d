"""Tasks on one chunk of the operands, shared by the libraries of chunked arrays.

Those libraries have threads of their own, so a task has one.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.core.context import Context, Examine, unrounded, with_result
from kldiv_xp.core.evaluate import (
    Arrays,
    Gradient,
    evaluate_derivatives,
    evaluate_loss,
    evaluate_samples,
    evaluate_terms,
)
from kldiv_xp.core.evaluate_row_derivatives import evaluate_row_derivatives
from kldiv_xp.core.evaluate_rows import evaluate_divergences
from kldiv_xp.core.evaluate_sparse import evaluate_sparse
from kldiv_xp.core.evaluate_sparse_gradient import evaluate_sparse_derivatives
from kldiv_xp.core.namespaces import sample_mask_shape
from kldiv_xp.core.run import wanted_derivatives
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.sparse import SparseKL
from kldiv_xp.host.threads import thread_limit


def terms_of_chunk(*arrays: Array, form: Form, examine: Examine, dtype: DType | None) -> Array:
    """Terms of a chunk, in the dtype of the result."""
    context = with_result(examine(*arrays[:2]), dtype)
    with thread_limit(1):
        return evaluate_terms(context, arrays, form)


def derivatives_in_chunks(
    way: Callable[..., Array],
    context: Context,
    arrays: Arrays,
    of: Form | Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Lazy derivatives with respect to the wanted operands, one task per chunk for each.

    `way` applies a function to each chunk of the arrays.
    """
    options: dict[str, Any] = {"of": of, "scale": scale, "count": len(arrays)}
    options |= {"examine": context.examine, "dtype": context.asked}
    functions = [partial(derivative_of_chunk, by_target=one, **options) for one in (False, True)]

    def lazily(
        function: Callable[..., Array], working: DType, dtype: DType, *operands: Array
    ) -> Array:
        del working  # a chunk's own library chooses it
        return way(function, *operands, dtype=dtype)

    return wanted_derivatives(lazily, context, functions, arrays, upstream, wanted)


def derivative_of_chunk(
    *arrays: Array,
    of: Form | Divergence,
    scale: Scale,
    count: int,
    by_target: bool,
    examine: Examine,
    dtype: DType | None,
) -> Array:
    """Derivative of a chunk by one operand; after `count` arrays stands the cotangent, if any."""
    operands, upstream = arrays[:count], arrays[count:]
    context = with_result(examine(*operands[:2]), dtype)
    evaluate: Any = evaluate_derivatives if isinstance(of, Form) else evaluate_row_derivatives
    wanted = not by_target, by_target
    with thread_limit(1):
        found = evaluate(context, operands, of, scale, upstream, wanted)
    return found[by_target]


def sum_of_chunk(
    *arrays: Array, form: Form, axis: Axes, examine: Examine, dtype: DType | None
) -> Array:
    """Sums of the terms of a chunk, with as many axes as it has."""
    context = unrounded(with_result(examine(*arrays[:2]), dtype))
    is_whole = len(axis) == arrays[0].ndim
    evaluate: Any = evaluate_loss if is_whole else evaluate_samples
    with thread_limit(1):
        sums = evaluate(context, arrays, form, None if is_whole else axis)
    return context.xp.reshape(sums, sample_mask_shape(arrays[0].shape, axis))


def divergences_of_chunk(
    *arrays: Array, divergence: Divergence, examine: Examine, dtype: DType | None
) -> Array:
    """Divergences of the rows of a chunk, whose last axis stays."""
    context = with_result(examine(*arrays[:2]), dtype)
    with thread_limit(1):
        rows = evaluate_divergences(context, arrays, divergence)
    return context.xp.expand_dims(rows, axis=-1)


def sparse_divergences_of_chunk(
    *arrays: Array, divergence: SparseKL, examine: Examine, dtype: DType | None
) -> Array:
    """Divergences of the rows of a chunk from a teacher that is known at some indices."""
    context = with_result(examine(arrays[0], arrays[2]), dtype)
    with thread_limit(1):
        return evaluate_sparse(context, arrays, divergence)


def sparse_derivative_of_chunk(
    *arrays: Array,
    divergence: SparseKL,
    by_target: bool,
    examine: Examine,
    dtype: DType | None,
) -> Array:
    """Derivative of the rows of a chunk by one operand; the last of the arrays is the cotangent."""
    *operands, upstream = arrays
    context = with_result(examine(operands[0], operands[2]), dtype)
    wanted = not by_target, by_target
    with thread_limit(1):
        found = evaluate_sparse_derivatives(context, tuple(operands), divergence, upstream, wanted)
    return found[by_target]
