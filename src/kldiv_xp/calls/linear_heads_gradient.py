"""A call of the gradient from hidden states: checked, evaluated in blocks of rows."""

from functools import partial

from kldiv_xp._typing import Array, DType, Namespace, Reduction
from kldiv_xp.calls.linear_heads import arranged_heads, reshaped, rows_of
from kldiv_xp.calls.sparse_teachers import upstream_of_rows
from kldiv_xp.checks.one_head import MATRIX
from kldiv_xp.checks.options import check_switch
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast, native
from kldiv_xp.core.evaluate import by_backend
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence
from kldiv_xp.core.evaluate_linear_gradient import evaluate_linear_gradient
from kldiv_xp.core.evaluate_logits import evaluated
from kldiv_xp.core.evaluate_sparse_gradient import full_upstream
from kldiv_xp.core.namespaces import known_shape
from kldiv_xp.core.scale import Scale


def linear_divergence_with_gradient(
    heads: Heads,
    divergence: LinearDivergence,
    scaled: bool,
    reduction: Reduction,
    upstream: Array,
    return_value: bool,
    dtype: DType | None,
) -> tuple[Array | None, ...]:
    """Derivatives, each in the dtype of its operand, and before them the loss if it is wanted."""
    check_switch("return_value", return_value)
    given = heads
    loss_of, heads, divergence = arranged_heads(heads, divergence, scaled, reduction, dtype)
    context = loss_of.context
    xp = context.xp
    where = () if heads.where is None else (heads.where,)
    last = given.input.ndim - 1
    scale, factors = upstream_of_rows(context, given.input, last, upstream, reduction, where)
    if loss_of.scale is not None:
        number = 1.0 if scale.number is None else scale.number
        scale = Scale(number * loss_of.scale, scale.parts)
    factors = tuple(rows_of(context, one) if one.ndim else one for one in factors)
    heads = heads.mapped(partial(rows_of, context))
    factor = evaluated(context, partial(full_upstream, scale), column_of(xp, heads), *factors)
    options = heads, divergence, factor
    found = evaluate_linear_gradient(context, *options, with_rows=return_value)
    by_input, *by_head, rows = found
    if given.input.ndim != MATRIX:
        by_input = reshaped(context, by_input, given.input.shape)
    pairs = zip((by_input, *by_head), (given.input, given.weight, given.bias), strict=True)
    derivatives = (
        None if one is None else in_type_of_operand(context, one, two.dtype) for one, two in pairs
    )
    return (loss_of(rows, heads.where), *derivatives) if return_value else tuple(derivatives)


def in_type_of_operand(context: Context, derivative: Array, dtype: DType) -> Array:
    """Derivative in the type of its operand; what processes have parts of is added up before."""
    if derivative.dtype == native(dtype):
        return derivative
    summed = by_backend("all_reduced", context, derivative)
    return cast(context.xp, derivative if summed is NotImplemented else summed, native(dtype))


def column_of(xp: Namespace, heads: Heads) -> Array:
    """Matrix with one column and a row for each of the hidden states, whatever is in it."""
    array = heads.input
    if known_shape(array)[1:] == (0,):
        return xp.zeros((array.shape[0], 1), dtype=array.dtype)
    return array[:, :1]
