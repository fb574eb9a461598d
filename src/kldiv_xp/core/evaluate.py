"""From checked operands and a resolved reduction to the value, or to its gradient.

`arrays` are input, target and, if there is one, the mask, in one shape. A library's backend may
define any of `terms`, `samples`, `loss`, `divergences`, `gradient`, `with_derivatives` and `count`,
and answers NotImplemented to arrays for which it knows no better way than the plain functions.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.run import run, wanted_derivatives
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.form import Form, derivative_of, term_of
from kldiv_xp.formula.log_probabilities import Guard

Arrays = tuple[Array, ...]
Gradient = tuple[Array | None, Array | None]


def by_backend(name: str, context: Context, *arguments: object) -> Any:
    """Result of the operands' backend, NotImplemented where it has no such function."""
    if context.backend is None or not hasattr(context.backend, name):
        return NotImplemented
    return getattr(context.backend, name)(context, *arguments)


def check_memory(context: Context, **arrays: Array | None) -> None:
    """Refuse arrays without their memory; for callers that use them before they are evaluated."""
    by_backend(
        "check_memory",
        context,
        {name: array for name, array in arrays.items() if array is not None},
    )


def completed(
    context: Context, function: Callable[..., Array], dtype: DType, *results: Array
) -> Array:
    """Function (xp, *results) of what was evaluated, computed in the working type and rounded."""
    value = by_backend("apply_to_results", context, function, dtype, *results)
    if value is not NotImplemented:
        return value
    return run(function, context.working, dtype, *results)


def evaluate_terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Every term, in the dtype of the result."""
    terms = by_backend("terms", context, arrays, form)
    if terms is not NotImplemented:
        return terms
    function = term_of(form)
    return run(function, context.working, context.dtype, *arrays)


def evaluate_samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes, in the dtype of the result."""
    samples = by_backend("samples", context, arrays, form, axis)
    if samples is not NotImplemented:
        return samples
    return plain_sum(context, arrays, form, None, axis)


def evaluate_loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor, in the dtype of the result."""
    if context.backend is not None:
        loss = context.backend.loss(context, arrays, form, parts)
        if loss is not NotImplemented:
            return loss
    return plain_sum(context, arrays, form, parts)


def plain_sum(
    context: Context,
    arrays: Arrays,
    form: Form,
    parts: int | None,
    axis: Axes | None = None,
    guard: Guard = Guard.FULL,
) -> Array:
    """Sum of the terms over the divisor, by one expression of the whole arrays."""
    function = partial(reduced, form=form, parts=parts, axis=axis, guard=guard)
    return run(function, context.working, context.dtype, *arrays)


def evaluate_count(context: Context, mask: Array) -> Array:
    """How many elements of a mask are true, in the type that is computed in."""
    count = by_backend("count", context, mask)
    if count is not NotImplemented:
        return count
    if context.facts.adds_up_booleans:
        return context.xp.sum(mask, dtype=context.working)
    return context.xp.sum(context.xp.astype(mask, context.working))


def evaluate_derivatives(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool] = (True, True),
) -> Gradient:
    """Derivatives with respect to the operands that are wanted, times a scale and a cotangent."""
    derivatives = by_backend("gradient", context, arrays, form, scale, upstream, wanted)
    if derivatives is NotImplemented:
        functions = chained_derivatives(form, scale, len(arrays))
        return wanted_derivatives(run, context, functions, arrays, upstream, wanted)
    by_input, by_target = derivatives
    return by_input, by_target


def evaluate_with_derivatives(
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    parts: int | None,
    scale: Scale,
    upstream: Arrays,
) -> Arrays:
    """Loss before the derivatives: every term with axis (), else sums over the divisor."""
    results = by_backend("with_derivatives", context, arrays, form, axis, parts, scale, upstream)
    if results is not NotImplemented:
        return tuple(results)
    if axis is None:
        value = evaluate_loss(context, arrays, form, parts)
    elif axis == ():
        value = evaluate_terms(context, arrays, form)
    else:
        value = evaluate_samples(context, arrays, form, axis)
    return (value, *evaluate_derivatives(context, arrays, form, scale, upstream))


def reduced(
    xp: Namespace,
    *arrays: Array,
    form: Form,
    parts: int | None,
    axis: Axes | None,
    guard: Guard = Guard.FULL,
) -> Array:
    """Sum of the terms over the divisor; no term is -0, because XLA sums them to -0."""
    terms = term_of(form)(xp, *arrays, guard=guard)
    return divided(xp, xp.sum(terms, axis=axis), parts=parts)


def chained_derivatives(
    form: Form, scale: Scale, count: int, guard: Guard = Guard.FULL
) -> list[Callable[..., Array]]:
    """Functions (xp, *arrays, *upstream) to the derivative with respect to input, and by target."""
    return [
        partial(chained, derivative_of(form, place), scale, count, guard=guard) for place in (0, 1)
    ]


def chained(
    derivative: Callable[..., Array],
    scale: Scale,
    count: int,
    xp: Namespace,
    *arrays: Array,
    guard: Guard = Guard.FULL,
) -> Array:
    """Derivative of a term times the scale and the cotangent; 0 where a mask is False."""
    (_, _, *mask), upstream = arrays[:count], arrays[count:]
    value = derivative(xp, *arrays[:count], guard=guard)
    if not upstream:
        value = scale.times(xp, value)
    for one in upstream:
        value = xp.multiply(value, scale.times(xp, one))
    return xp.where(mask[0], value, 0.0) if mask else value
