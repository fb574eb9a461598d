"""Losses that have the same bits everywhere as lines, for ordinary numbers of float32."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.evaluate import chained
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula import reproducible_functions as formula
from kldiv_xp.formula.form import Form, derivative_of, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.reproducible_functions import Rounding
from kldiv_xp.fused.reproducible_functions import exp, log
from kldiv_xp.tracing.losses import Function, Numbers

# From here on a log p is no less than what a subnormal number can change.
FAR_FROM_ZERO = -(2.0**-70)
LARGEST = 2.0**48
LOG_OF_ZERO = -150.0
"""Its exponential is 0."""

Asked = tuple[int, Rounding]
"""Place of an operand, and how its derivative is rounded."""


class Apart:
    """Operations whose logarithms and exponentials have loops of their own.

    More steps are under way in them: a sum takes 6.1 ns for an element in one loop, 4.4 in two.
    """

    def __init__(self, xp: Namespace) -> None:
        self.xp = xp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)

    def log(self, x: Array) -> Array:
        """Logarithm."""
        return self.xp.apart(log(self.xp, x))

    def exp(self, x: Array) -> Array:
        """Exponential."""
        return self.xp.apart(exp(self.xp, x))


class Checked(NamedTuple):
    """Operands, and whether they are ordinary; None where that was looked at before."""

    x: Array
    t: Array
    is_ordinary: Array | None

    def of(self, xp: Namespace, value: Array) -> Array:
        """Result of them, or NaN."""
        return value if self.is_ordinary is None else xp.where(self.is_ordinary, value, math.nan)


def checked(xp: Namespace, form: Form, x: Array, t: Array, most: float) -> Checked:
    """Operands that are looked at."""
    if form.log_target:
        is_ordinary = xp.less_equal(t, FAR_FROM_ZERO) | xp.equal(t, 0.0)
        t = xp.where(xp.less(t, formula.LOG_OF_TINY), LOG_OF_ZERO, t)
    else:
        is_ordinary = xp.greater_equal(t, formula.TINY) | xp.equal(t, 0.0)
        is_ordinary = is_ordinary & xp.less(t, math.inf)
    if form.log_input:
        return Checked(x, t, is_ordinary & xp.less(xp.abs(x), most))
    is_ordinary = is_ordinary & xp.greater_equal(x, formula.TINY) & xp.less(x, math.inf)
    return Checked(x, t, is_ordinary)


def terms(form: Form, rounding: Rounding, looks: bool) -> Function:
    """Every term, rounded; NaN of what is not ordinary, if they are looked at."""

    def function(xp: Namespace, numbers: Numbers, x: Array, t: Array) -> Sequence[Array]:
        given = checked(xp, form, x, t, LARGEST) if looks else Checked(x, t, None)
        return (given.of(xp, rounded(xp, term(xp, form, given[:2]), rounding)),)

    return function


def term(xp: Namespace, form: Form, arrays: Sequence[Array]) -> Array:
    """A term in float64."""
    return term_of(form)(Apart(xp), *arrays, guard=Guard.NONE)


def derivatives(form: Form, asked: Sequence[Asked], looks: bool) -> Function:
    """Derivatives with respect to operands, times a factor, each rounded, by the same rule."""

    def function(
        xp: Namespace, numbers: Numbers, x: Array, t: Array, factor: Array
    ) -> Sequence[Array]:
        given = checked(xp, form, x, t, LARGEST) if looks else Checked(x, t, None)
        found = []
        for place, rounding in asked:
            derivative = derivative_of(form, place)
            value = chained(derivative, Scale(), 2, Apart(xp), *given[:2], factor, guard=Guard.NONE)
            if place and not form.log_target:
                value = xp.where(xp.equal(t, 0.0), 0.0, value)
            found.append(given.of(xp, rounded(xp, value, rounding)))
        return found

    return function


def largest_operands(form: Form) -> Function:
    """The largest target, and input without its sign; infinite if an operand is not ordinary."""

    def function(xp: Namespace, numbers: Numbers, x: Array, t: Array) -> Sequence[Array]:
        is_ordinary = checked(xp, form, x, t, LARGEST).is_ordinary & xp.greater(t, -math.inf)
        size = xp.abs(x) if form.log_input else 0.0
        return xp.max(t, axis=-1), xp.max(xp.where(is_ordinary, size, math.inf), axis=-1)

    return function


def integers(form: Form) -> Function:
    """Sums of bits, in the last of which shifts leave the two integers of each term."""

    def function(
        xp: Namespace, numbers: Numbers, whole: Array, part: Array, *arrays: Array
    ) -> Sequence[Array]:
        value = term(xp, form, arrays)
        high = xp.add(value, whole)
        low = xp.add(xp.subtract(value, xp.subtract(high, whole)), part)
        return xp.sum_of_bits(high), xp.sum_of_bits(low)

    return function


def rounded(xp: Namespace, value: Array, rounding: Rounding) -> Array:
    """Finite numbers as float32 can hold them, rounded to a type of as many bits or fewer."""
    value = xp.where(xp.less(xp.abs(value), formula.TINY), 0.0, value)
    if rounding.eps == formula.EPS_OF_FLOAT32:
        return value
    high = xp.multiply(value, rounding.eps * 2.0**52)
    normal = xp.subtract(xp.add(high, value), high)
    if rounding.smallest_normal == formula.TINY:
        return normal
    step = rounding.smallest_normal * rounding.eps
    subnormal = xp.multiply(xp.round(xp.multiply(value, 1 / step)), step)
    return xp.where(xp.less(xp.abs(value), rounding.smallest_normal), subnormal, normal)
