"""A call that has the same bits in every library: checked, resolved, handed on to be evaluated."""

from dataclasses import replace
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Axes, Axis, DType, Reduction
from kldiv_xp.calls.kl_div import aligned, checked, given_upstream, number_selected
from kldiv_xp.calls.reduction import divisor
from kldiv_xp.calls.select_backend import load_backend
from kldiv_xp.checks.options import check_switch
from kldiv_xp.checks.reproducible import check_reproducible
from kldiv_xp.core import evaluate_reproducible
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import Wanted, rounding_to
from kldiv_xp.core.evaluate_reproducible_rows import WantedRows
from kldiv_xp.core.namespaces import known_shape, plain_library, sample_shape
from kldiv_xp.formula.form import Form


class Call(NamedTuple):
    """A call whose operands are checked and resolved."""

    context: Context
    arrays: Arrays
    axes: Axes | None
    wanted: Wanted | WantedRows
    divisor: Any


def resolved(
    input: Array,
    target: Array,
    reduction: Reduction,
    form: Form,
    axis: Axis,
    where: Array | None,
    dtype: DType | None,
) -> Call:
    """A loss that is asked for."""
    context, arrays, axes = checked(input, target, form, axis, where, dtype)
    check_reproducible(context.xp, form, context.dtype, input=input, target=target)
    wanted = wanted_of(context, form, reduction, axes)
    return Call(context, arrays, axes, wanted, divisor_of(context, input, where, reduction, axes))


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
    return value_of_call(resolved(input, target, reduction, form, axis, where, dtype))


def value_of_call(call: Call) -> Array:
    """The loss."""
    way = way_of(call.context, call.arrays)
    result: Array = way.value(call.arrays, call.wanted, call.divisor)
    return result


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
    """Derivatives, rounded once to the types of operands, and before them the loss if wanted."""
    check_switch("return_value", return_value)
    call = resolved(input, target, reduction, form, axis, where, dtype)
    samples = sample_shape(known_shape(input), call.axes)
    number, factors = given_upstream(call.context, input, upstream, reduction, samples)
    factor = factors[0] if factors else 1.0 if number is None else number
    way, places = way_of(call.context, call.arrays), (True, True)
    by_input, by_target = way.derivatives(call.arrays, call.wanted, call.divisor, factor, places)
    if not return_value:
        return by_input, by_target
    return value_of_call(call), by_input, by_target


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
