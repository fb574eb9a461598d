"""Losses and derivatives that have the same bits in every library, by one expression of arrays.

Functions take input, target and, if there is one, the mask. Of a sum they make two integers, which
`formula.reproducible_sums` explains, so that parts of arrays may be added up in any order.
"""

from functools import partial
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.core.dtypes import limits
from kldiv_xp.core.evaluate import Arrays, Gradient, chained
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.core.reproducible_bounds import largest
from kldiv_xp.core.run import quiet
from kldiv_xp.core.scale import Scale, as_float
from kldiv_xp.core.shapes import spread
from kldiv_xp.formula.form import Form, derivative_of, term_of
from kldiv_xp.formula.reproducible_functions import (
    Rounding,
    entered,
    exp,
    rounded,
)
from kldiv_xp.formula.reproducible_namespace import ReproducibleNamespace
from kldiv_xp.formula.reproducible_sums import Steps, Sums, quotient, steps_of, sums_of, total_of


class Wanted(NamedTuple):
    """A loss that is asked for."""

    form: Form
    axis: Axes | None
    """Axes that terms are summed over: none of them, some, or all (None)."""

    rounding: Rounding
    """Type of the result."""

    def value(self, divisor: Any, xp: Namespace, *arrays: Array) -> Array:
        """Terms, or their sums over the divisor, rounded once."""
        return plain_value(self, divisor, xp, *arrays)

    def derivative(
        self, place: int, divisor: Any, upstream: Any, xp: Namespace, *arrays: Array
    ) -> Array:
        """Derivative with respect to one operand, times the cotangent of the loss, rounded once."""
        return plain_derivative(place, self, divisor, upstream, xp, *arrays)


def value(arrays: Arrays, wanted: Any, divisor: Any) -> Array:
    """Terms or rows, or their sums over a number or an array of numbers."""
    loss: Array = on_device(partial(wanted.value, divisor), arrays)
    return loss


def derivatives(
    arrays: Arrays, wanted: Any, divisor: Any, upstream: Any, places: tuple[bool, bool]
) -> Gradient:
    """Derivatives with respect to the operands in these places, times a cotangent."""
    by_input, by_target = (
        on_device(partial(wanted.derivative, place, divisor, upstream), arrays) if want else None
        for place, want in enumerate(places)
    )
    return by_input, by_target


def bounds_of(arrays: Arrays, form: Form, axis: Axes) -> Arrays:
    """Bounds of the factors of terms, and the number of terms, for a part of the operands."""
    bounds: Arrays = on_device(partial(largest, form, axis), arrays)
    return bounds


def sums_of_part(arrays: Arrays, form: Form, axis: Axes, bounds: Arrays) -> Sums:
    """Sums of the terms of a part of the operands, given the bounds of all parts."""
    sums: Sums = on_device(partial(sums_between, form, axis, bounds), arrays)
    return sums


def on_device(function: Any, arrays: Arrays) -> Any:
    """Result of ``function(xp, *arrays)``, where they are, and quietly."""
    xp = namespace_of(arrays[0])
    with quiet(facts_about(xp), arrays[0]):
        return function(xp, *arrays)


def plain_value(wanted: Wanted, divisor: Any, xp: Namespace, *arrays: Array) -> Array:
    """Terms, or their sums over the divisor, rounded once."""
    form, axis = wanted.form, wanted.axis
    if axis == ():
        return rounded(xp, terms(xp, form, *arrays), wanted.rounding)
    bounds = largest(form, axis, xp, *arrays)
    sums = sums_between(form, axis, bounds, xp, *arrays)
    result = completed(xp, sums, bounds, wanted, divisor)
    return xp.reshape(result, ()) if axis is None else xp.squeeze(result, axis=axis)


def completed(xp: Namespace, sums: Sums, bounds: Arrays, wanted: Wanted, divisor: Any) -> Array:
    """Sums over the divisor, in the type of the result."""
    total = total_of(xp, sums, steps_between(xp, wanted.form, bounds))
    return rounded(xp, divided(xp, total, divisor), wanted.rounding)


def steps_between(xp: Namespace, form: Form, bounds: Arrays) -> Steps:
    """Steps for numbers within these bounds."""
    weight, ratio, count = bounds
    return steps_of(xp, exp(xp, weight) if form.log_target else weight, ratio, count)


def divided(xp: Namespace, total: Array, divisor: Any) -> Array:
    """Total over the divisor, if there is one."""
    return total if divisor is None else quotient(xp, total, as_float(divisor))


def rounding_to(xp: Namespace, dtype: DType) -> Rounding:
    """How numbers are rounded to a type of a library."""
    info = limits(xp, dtype)
    return Rounding(dtype, float(info.eps), float(info.smallest_normal))


def terms(xp: Namespace, form: Form, input: Array, target: Array, *where: Array) -> Array:
    """Every term in float64."""
    operands = entered(xp, input), entered(xp, target)
    return term_of(form)(ReproducibleNamespace(xp), *operands, *where)


def sums_between(
    form: Form, axis: Axes | None, bounds: Arrays, xp: Namespace, *arrays: Array
) -> Sums:
    """Sums of the terms as integers, with all axes."""
    return sums_of(xp, terms(xp, form, *arrays), steps_between(xp, form, bounds), axis)


def plain_derivative(
    place: int, wanted: Wanted, divisor: Any, upstream: Any, xp: Namespace, *arrays: Array
) -> Array:
    """Derivative with respect to one operand, times the cotangent of the loss, rounded once."""
    factor = factor_of(xp, arrays[0], wanted, arrays[0].shape, divisor, upstream)
    rounding = rounding_to(xp, arrays[place].dtype)
    return scaled_derivative(place, wanted.form, rounding, xp, *arrays, factor)


def scaled_derivative(
    place: int, form: Form, rounding: Rounding, xp: Namespace, *arrays: Array
) -> Array:
    """The same times a factor in float64, the last of the arrays."""
    operands = entered(xp, arrays[0]), entered(xp, arrays[1]), *arrays[2:]
    derivative, count, namespace = (
        derivative_of(form, place),
        len(arrays) - 1,
        ReproducibleNamespace(xp),
    )
    return rounded(xp, chained(derivative, Scale(), count, namespace, *operands), rounding)


def factor_of(
    xp: Namespace, like: Array, wanted: Wanted, shape: Any, divisor: Any, upstream: Any
) -> Array:
    """Cotangent of every term in float64, on a device: the loss's over the divisor."""
    factor = cotangent_of(xp, like, divisor, upstream)
    return spread(xp, factor, shape, wanted.axis or ()) if factor.ndim else factor


def cotangent_of(xp: Namespace, like: Array, divisor: Any, upstream: Any) -> Array:
    """Cotangent of the loss over the divisor, in float64."""
    if not hasattr(upstream, "dtype"):
        # Arrays of Cubed that meet must have one specification of its executor.
        place = {name: getattr(like, name) for name in ("device", "spec") if hasattr(like, name)}
        upstream = xp.asarray(float(upstream), dtype=xp.float64, **place)
    return divided(xp, entered(xp, upstream), divisor)
