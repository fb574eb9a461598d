"""A call of the public functions: checked, its reduction resolved, handed on to be evaluated."""

from kldiv_xp._typing import Array, Axes, Axis, DType, Namespace, Reduction, Shape
from kldiv_xp.calls.operands import examine, with_dtype
from kldiv_xp.calls.reduction import divisor
from kldiv_xp.checks.axes import resolve_axis
from kldiv_xp.checks.numbers import is_number
from kldiv_xp.checks.operands import check_upstream, check_where
from kldiv_xp.checks.options import check_form, check_switch
from kldiv_xp.core.context import Context, unrounded
from kldiv_xp.core.dtypes import cast, is_kind
from kldiv_xp.core.evaluate import (
    Arrays,
    by_backend,
    check_memory,
    completed,
    evaluate_count,
    evaluate_derivatives,
    evaluate_loss,
    evaluate_samples,
    evaluate_terms,
    evaluate_with_derivatives,
)
from kldiv_xp.core.namespaces import known_shape, sample_shape, traced
from kldiv_xp.core.scale import Scale
from kldiv_xp.core.shapes import expanded, spread, with_axes
from kldiv_xp.formula.form import Form


def value_of(
    input: Array,
    target: Array,
    reduction: Reduction,
    form: Form,
    axis: Axis = None,
    where: Array | None = None,
    dtype: DType | None = None,
) -> Array:
    """Loss, rounded once to the promoted dtype of the operands, or to another one."""
    context, arrays, axes = checked(input, target, form, axis, where, dtype)
    if reduction == "none":
        if not axes:
            return evaluate_terms(context, arrays, form)
        return evaluate_samples(context, arrays, form, axes)
    if where is not None and reduction == "mean":
        total = evaluate_loss(unrounded(context), arrays, form, None)
        count = number_selected(context, aligned(context, input, where, axes), axes)
        return completed(context, quotient, context.dtype, total, count)
    parts = divisor(reduction, sample_shape(known_shape(input), axes) if axes else input.shape)
    return evaluate_loss(context, arrays, form, parts)


def with_gradient(
    input: Array,
    target: Array,
    reduction: Reduction,
    form: Form,
    axis: Axis,
    where: Array | None,
    upstream: Array,
    return_value: bool,
    dtype: DType | None = None,
) -> Arrays:
    """Derivatives, each in the dtype of its operand, and before them the loss if it is wanted."""
    check_switch("return_value", return_value)
    context, arrays, axes = checked(input, target, form, axis, where, dtype)
    shape = sample_shape(known_shape(input), axes)
    number, factors = given_upstream(context, input, upstream, reduction, shape)
    count = None
    if where is not None:
        check_memory(context, where=where)
    if where is not None and reduction == "mean":
        count = number_selected(context, aligned(context, input, where, axes), axes)
    scale, factors = cotangent(context, number, factors, reduction, shape, count)
    if reduction == "none":
        factors = tuple(spread(context.xp, one, input.shape, axes or ()) for one in factors)
    if not return_value:
        return evaluate_derivatives(context, arrays, form, scale, factors)
    kept = (axes or ()) if reduction == "none" else None
    if count is None:
        parts = divisor(reduction, shape)
        return evaluate_with_derivatives(context, arrays, form, kept, parts, scale, factors)
    total, *derivatives = evaluate_with_derivatives(
        unrounded(context), arrays, form, kept, None, scale, factors
    )
    return completed(context, quotient, context.dtype, total, count), *derivatives


def given_upstream(
    context: Context, input: Array, upstream: Array, reduction: Reduction, samples: Shape
) -> tuple[float | None, Arrays]:
    """Cotangent of the loss: a number, or an array of real numbers, or nothing."""
    upstream = traced(input, upstream)
    check_upstream(input, upstream, reduction, samples)
    if upstream is None:
        return None, ()
    if is_number(upstream):
        return float(upstream), ()
    check_memory(context, upstream=upstream)
    full = by_backend("in_full_chunks", context, upstream)
    return None, (as_real(context, upstream if full is NotImplemented else full),)


def cotangent(
    context: Context,
    number: float | None,
    factors: Arrays,
    reduction: Reduction,
    samples: Shape,
    count: Array | None,
) -> tuple[Scale, Arrays]:
    """Derivative with respect to each of the samples: a scale, times an array if there is one."""
    if reduction == "none":
        return Scale(number), factors
    if count is None:
        return Scale(number, divisor(reduction, samples)), factors
    one = factors[0] if factors else context.xp.ones_like(count)
    return Scale(number), (completed(context, quotient, context.working, one, count),)


def checked(
    input: Array,
    target: Array,
    form: Form,
    axis: Axis,
    where: Array | None,
    dtype: DType | None = None,
) -> tuple[Context, Arrays, Axes | None]:
    """Context of the operands; operands and mask in one shape; the axes."""
    # Each by its name: before torch 2.9, torch.compile reads no part of such a tuple.
    if not type(form.log_input) is type(form.log_target) is type(form.generalized) is bool:
        check_form(form)
    context = examine(input, target, form, axis)
    if dtype is not None:
        context = with_dtype(context, dtype)
    axes = None if axis is None else resolve_axis(axis, input.ndim)
    if where is None:
        return context, (input, target), axes
    check_where(input, where, axes)
    if known_shape(where) != known_shape(input):
        check_memory(context, where=where)
        where = expanded(context.xp, aligned(context, input, where, axes), input.shape)
    return context, (input, target, where), axes


def aligned(context: Context, input: Array, where: Array, axes: Axes | None) -> Array:
    """Mask with as many axes as the operands: size 1 in those of a sample."""
    placed = by_backend("placed_mask", context, where)
    if placed is not NotImplemented:
        where = placed
    if where.ndim == input.ndim:
        return where
    check_memory(context, where=where)
    return with_axes(where, axes or ())


def number_selected(context: Context, where: Array, axes: Axes | None) -> Array:
    """How many terms, or sums over some axes, have a part in the mean, but at least 1; 0-d."""
    xp = context.xp
    selected = xp.any(where, axis=axes) if axes else where
    count = evaluate_count(context, selected)
    return count + xp.astype(count == 0, context.working)


def as_real(context: Context, number: Array) -> Array:
    """Array of real numbers: one of ints in the type that is computed in."""
    is_integral = is_kind(context.xp, number.dtype, "integral")
    return cast(context.xp, number, context.working) if is_integral else number


def quotient(xp: Namespace, dividend: Array, count: Array) -> Array:
    """Sum over the number of what was summed."""
    return xp.divide(dividend, count)
