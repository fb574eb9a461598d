"""A call that has the same bits in every library: checked, resolved, handed on to be evaluated."""

from dataclasses import replace
from typing import Any

from kldiv_xp._typing import Array, Axes, Axis, DType, Reduction
from kldiv_xp.calls.kl_div import aligned, as_real, checked, number_selected
from kldiv_xp.calls.reduction import divisor
from kldiv_xp.calls.select_backend import load_backend
from kldiv_xp.checks.numbers import is_number
from kldiv_xp.checks.operands import check_upstream
from kldiv_xp.checks.options import check_switch
from kldiv_xp.checks.reproducible import check_reproducible
from kldiv_xp.core import evaluate_reproducible
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, check_memory
from kldiv_xp.core.evaluate_reproducible import Wanted, rounding_to
from kldiv_xp.core.namespaces import known_shape, plain_library, sample_shape, traced
from kldiv_xp.formula.form import Form


def reproducible_value(
    input: Array,
    target: Array,
    reduction: Reduction,
    form: Form,
    axis: Axis = None,
    where: Array | None = None,
    dtype: DType | None = None,
) -> Array:
    """Loss with the same bits everywhere, rounded once."""
    context, arrays, axes = checked(input, target, form, axis, where, dtype)
    check_reproducible(context.xp, form, context.dtype, input=input, target=target)
    wanted = wanted_of(context, form, reduction, axes)
    by = divisor_of(context, input, where, reduction, axes)
    result: Array = way_of(context, arrays).value(arrays, wanted, by)
    return result


def reproducible_gradient(
    input: Array,
    target: Array,
    reduction: Reduction,
    form: Form,
    axis: Axis,
    where: Array | None,
    upstream: Any,
) -> tuple[Array, Array]:
    """Gradients of that loss, each rounded once to the dtype of its operand."""
    context, arrays, axes = checked(input, target, form, axis, where)
    check_reproducible(context.xp, form, context.dtype, input=input, target=target)
    upstream = traced(input, upstream)
    check_upstream(input, upstream, reduction, sample_shape(known_shape(input), axes))
    by = divisor_of(context, input, where, reduction, axes)
    if upstream is None or is_number(upstream):
        factor: Any = 1.0 if upstream is None else float(upstream)
    else:
        check_memory(context, upstream=upstream)
        factor = as_real(context, upstream)
    wanted, places = wanted_of(context, form, reduction, axes), (True, True)
    by_input, by_target = way_of(context, arrays).slopes(arrays, wanted, by, factor, places)
    return by_input, by_target


def reproducible_with_gradient(
    input: Array,
    target: Array,
    reduction: Reduction,
    form: Form,
    axis: Axis,
    where: Array | None,
    upstream: Any,
    return_value: bool,
    dtype: DType | None = None,
) -> Arrays:
    """The derivatives, and before them the loss if it is wanted."""
    check_switch("return_value", return_value)
    gradient = reproducible_gradient(input, target, reduction, form, axis, where, upstream)
    if not return_value:
        return gradient
    return reproducible_value(input, target, reduction, form, axis, where, dtype), *gradient


def wanted_of(context: Context, form: Form, reduction: Reduction, axes: Axes | None) -> Wanted:
    """Request in terms of axes and types alone."""
    summed = (axes or ()) if reduction == "none" else None
    return Wanted(form, summed, rounding_to(context.xp, native(context.dtype)))


def divisor_of(
    context: Context,
    input: Array,
    where: Array | None,
    reduction: Reduction,
    axes: Axes | None,
) -> Any:
    """Divisor of the sum: a number from the shapes, the number selected, or None."""
    if where is not None and reduction == "mean":
        exact = replace(context, working=context.xp.float64)
        return number_selected(exact, aligned(context, input, where, axes), axes)
    return divisor(reduction, sample_shape(known_shape(input), axes) if axes else input.shape)


def way_of(context: Context, arrays: Arrays) -> Any:
    """Module that computes: the plain expression's, where none is known to be better."""
    facts = context.facts
    is_plain = all(plain_library(type(one)) for one in arrays[:2])
    if facts.reproducible_backend is None or not (
        is_plain or not facts.backend_takes_plain_types_only
    ):
        return evaluate_reproducible
    return load_backend(facts.reproducible_backend)
