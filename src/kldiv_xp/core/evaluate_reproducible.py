"""Losses and derivatives that have the same bits in every library, by one expression of arrays.

Functions take input, target and, if there is one, the mask. Of a sum they make two integers, which
`formula.reproducible_sums` explains, so that parts of arrays may be added up in any order.
"""

import math
from functools import partial
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.core.dtypes import limits
from kldiv_xp.core.evaluate import Arrays, chained_slope, spread
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.core.run import quiet
from kldiv_xp.core.scale import Scale, as_float
from kldiv_xp.formula.form import Form, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.reproducible_functions import LARGEST_EXPONENT, LOG_OF_TINY, entered, exp, left
from kldiv_xp.formula.reproducible_namespace import ReproducibleNamespace
from kldiv_xp.formula.reproducible_sums import Steps, Sums, integers, quotient, steps_of, total_of

# Of a normal float32.
LARGEST_LOG = 89.0


class Wanted(NamedTuple):
    """A loss that is asked for."""

    form: Form
    axis: Axes | None
    """Axes that terms are summed over: none of them, some, or all (None)."""

    dtype: DType
    """Type of the result."""


def value(arrays: Arrays, wanted: Wanted, divisor: Any) -> Array:
    """Terms, or their sums over a number or an array of numbers."""
    return run_reproducibly(partial(plain_value, wanted, divisor), arrays)


def slopes(
    arrays: Arrays, wanted: Wanted, divisor: Any, upstream: Any, places: tuple[bool, bool]
) -> tuple[Array | None, Array | None]:
    """Derivatives with respect to the operands in these places, times a cotangent."""
    by_input, by_target = (
        run_reproducibly(partial(plain_slope, place, wanted, divisor, upstream), arrays)
        if want
        else None
        for place, want in enumerate(places)
    )
    return by_input, by_target


def run_reproducibly(function: Any, arrays: Arrays) -> Array:
    """Result of ``function(xp, *arrays)``, on their device, quietly, and an array."""
    xp = namespace_of(arrays[0])
    facts = facts_about(xp)
    with quiet(facts, arrays[0]):
        result = function(xp, *arrays)
        return xp.asarray(result) if facts.zero_dimensional_is_scalar else result


def plain_value(wanted: Wanted, divisor: Any, xp: Namespace, *arrays: Array) -> Array:
    """Terms, or their sums over the divisor, rounded once."""
    form, axis, dtype = wanted
    if axis == ():
        return rounded(xp, terms(xp, form, *arrays), dtype)
    shape = arrays[0].shape
    count = math.prod(shape if axis is None else [shape[place] for place in axis])
    steps = steps_of(xp, *largest(xp, form, axis, *arrays), as_float(count))
    sums = sums_of(xp, form, axis, steps, *arrays)
    return completed(xp, sums, steps, divisor, dtype)


def completed(xp: Namespace, sums: Sums, steps: Steps, divisor: Any, dtype: DType) -> Array:
    """Sums in the type of the result; the steps have axes of size 1 more."""
    steps = Steps(*(xp.reshape(one, sums.high.shape) for one in steps))
    total = total_of(xp, sums, steps)
    return rounded(xp, divided(xp, total, divisor), dtype)


def divided(xp: Namespace, total: Array, divisor: Any) -> Array:
    """Total over the divisor, if there is one."""
    return total if divisor is None else quotient(xp, total, as_float(divisor))


def rounded(xp: Namespace, array: Array, dtype: DType) -> Array:
    """Numbers of float64 in the type of a result."""
    info = limits(xp, dtype)
    return left(xp, array, dtype, float(info.eps), float(info.smallest_normal))


def terms(xp: Namespace, form: Form, input: Array, target: Array, *where: Array) -> Array:
    """Every term in float64."""
    operands = entered(xp, input), entered(xp, target)
    return term_of(form)(ReproducibleNamespace(xp), *operands, *where)


def sums_of(
    xp: Namespace, form: Form, axis: Axes | None, steps: Steps, *arrays: Array
) -> Sums:
    """Sums of the terms over some axes or all, as integers."""
    parts = integers(xp, terms(xp, form, *arrays), steps)
    return Sums(*(xp.sum(part, axis=axis) for part in parts))


def largest(
    xp: Namespace, form: Form, axis: Axes | None, *arrays: Array
) -> tuple[Array, Array]:
    """p, and |log p| + |log q|, which none of the terms that are finite and not 0 exceeds."""
    weight, ratio = (
        xp.max(one, axis=axis, keepdims=True) if 0 not in arrays[0].shape else one
        for one in bounds(xp, form, *arrays)
    )
    return exp(xp, weight) if form.log_target else weight, ratio


def bounds(
    xp: Namespace, form: Form, input: Array, target: Array, *where: Array
) -> tuple[Array, Array]:
    """p, or what its exponential is, and |log p| + |log q|; little for what is 0 or not finite."""
    x, t = entered(xp, input), entered(xp, target)
    counts = xp.isfinite(x) & xp.isfinite(t)
    counts = counts & (t >= LOG_OF_TINY if form.log_target else t != 0.0)
    for mask in where:
        counts = counts & mask
    of_input = xp.abs(x) if form.log_input else LARGEST_LOG
    of_target = xp.abs(t) if form.log_target else LARGEST_LOG
    weight = t if form.log_target else xp.abs(t)
    lowest = -LARGEST_EXPONENT if form.log_target else 0.0
    ratio = of_input + of_target + xp.zeros_like(x)
    return xp.where(counts, weight, lowest), xp.where(counts, ratio, 0.0)


def plain_slope(
    place: int, wanted: Wanted, divisor: Any, upstream: Any, xp: Namespace, *arrays: Array
) -> Array:
    """Derivative with respect to one operand, times the cotangent of the loss, rounded once."""
    factor = factor_of(xp, arrays[0], wanted, divisor, upstream)
    return scaled_slope(place, wanted.form, xp, *arrays, factor)


def scaled_slope(place: int, form: Form, xp: Namespace, *arrays: Array) -> Array:
    """The same times a factor in float64, the last of the arrays."""
    input, target, *where, factor = arrays
    slope = chained_slope(place, form, Scale(), 2 + len(where), Guard.FULL)
    operands = entered(xp, input), entered(xp, target), *where, factor
    dtype = arrays[place].dtype
    return rounded(xp, slope(ReproducibleNamespace(xp), *operands), dtype)


def factor_of(
    xp: Namespace, operand: Array, wanted: Wanted, divisor: Any, upstream: Any
) -> Array:
    """Cotangent of every term in float64: the loss's over the divisor, divided first."""
    if not hasattr(upstream, "dtype"):
        device = {"device": operand.device} if hasattr(operand, "device") else {}
        upstream = xp.asarray(float(upstream), dtype=xp.float64, **device)
    factor = divided(xp, entered(xp, upstream), divisor)
    return spread(xp, factor, operand.shape, wanted.axis) if wanted.axis else factor
