"""Losses that have the same bits everywhere as lines, for ordinary numbers of float32.

What is exact there may be made of bits here. Their guesses are of other series, which no
contraction can make wrong; nothing else is contracted.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.evaluate import chained_slope
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula import reproducible_functions as formula
from kldiv_xp.formula.form import Form, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.reproducible_functions import Rounding
from kldiv_xp.fused.elementary import LAYOUTS, bits_of_shift, rest
from kldiv_xp.tracing.losses import Function, Numbers

# From here on a log p is no less than what a subnormal number can change.
FAR_FROM_ZERO = -(2.0**-70)
LARGEST = 2.0**80
LOG_OF_ZERO = -150.0
"""Its exponential is 0."""

Asked = tuple[int, Rounding]
"""Place of an operand, and how its derivative is rounded."""

DIGITS, BIAS, SHIFT, _ = LAYOUTS["float64"]
BITS_OF_LEAST = 0x3FE8 << 48
"""Of 0.75."""

# Of atanh(s) / s in z = s^2 <= 1 / 25, with an error of 0.3 units of 2^-53: Chebyshev's. So
# log(1 + f) / f is 2 / (2 + f) times it, where s is f / (2 + f).
SERIES = (
    *(0.07701895724442806, 0.07622581887146464, 0.09093319267457393, 0.11111065228436376),
    *(0.14285714758593457, 0.199999999976112, 0.3333333333333792, 1.0),
)


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


def log(xp: Namespace, x: Array) -> Array:
    """Logarithm of positive normal numbers of float32; of 0 some number."""
    lifted = xp.integer_add(xp.bits(x), (BIAS << DIGITS) - BITS_OF_LEAST)
    exponent = xp.shift_down(lifted, DIGITS)  # of which 0 has the smallest
    shifted = xp.shift_left(exponent, DIGITS)
    m = xp.value(xp.integer_subtract(xp.integer_add(xp.bits(x), BIAS << DIGITS), shifted))
    q = xp.round(xp.divide(formula.STEPS, m))
    g = xp.subtract(xp.multiply(m, q), formula.STEPS)
    small = xp.subtract(g, xp.multiply(xp.multiply(g, g), 0.5 / formula.STEPS))
    value = xp.subtract(xp.multiply(small, 1 / formula.STEPS), log_of_step(xp, q))
    e = xp.subtract(xp.value(xp.integer_add(exponent, bits_of_shift(DIGITS))), SHIFT + BIAS)
    return xp.add(xp.multiply(e, formula.LN2), value)


def polynomial(xp: Namespace, z: Array, coefficients: Sequence[float]) -> Array:
    """Polynomial of z, the highest power first, by pairs: so that steps need not wait."""
    terms: list[Any] = list(reversed(coefficients))
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        left = terms[len(terms) // 2 * 2 :]
        terms = [*(xp.fma(high, z, low) for low, high in pairs), *left]
        z = xp.multiply(z, z)
    return terms[0]


def log_of_step(xp: Namespace, q: Array) -> Array:
    """log(q / 2^15)."""
    steps = xp.subtract(q, formula.STEPS)
    f = xp.multiply(steps, 1 / formula.STEPS)
    inverse = xp.divide(1.0, xp.add(f, 2.0))
    s = xp.multiply(f, inverse)
    series = polynomial(xp, xp.multiply(s, s), SERIES)
    guess = xp.multiply(xp.multiply(inverse, 2 * formula.RATIO_GRID), series)
    ratio = xp.multiply(xp.round(guess), 1 / (formula.RATIO_GRID * formula.STEPS))
    return xp.multiply(steps, ratio)


def exp(xp: Namespace, x: Array) -> Array:
    """Exponential, up to `LOG_OF_LARGEST`."""
    k = xp.round(xp.multiply(x, formula.PARTS * formula.LOG2_E))
    d = xp.subtract(x, xp.multiply(k, formula.LN2_OF_PARTS))
    d = xp.round(xp.multiply(d, formula.EXPONENT_GRID * formula.THIRD_POWER))
    square = xp.multiply(xp.multiply(d, d), 0.5 / formula.EXPONENT_GRID)
    series = xp.add(xp.add(d, square), formula.EXPONENT_GRID)
    value = xp.multiply(power_of_parts(xp, k), series)
    return xp.where(xp.less(x, formula.LOG_OF_TINY), 0.0, value)


def power_of_parts(xp: Namespace, k: Array) -> Array:
    """2^(k / 2^8) / 2^35."""
    n = xp.round(xp.multiply(k, 1 / formula.PARTS))
    j = xp.subtract(k, xp.multiply(n, formula.PARTS))
    r = xp.multiply(j, formula.LN2_ROUNDED / formula.PARTS)
    guess = xp.add(xp.fma(rest(xp, r), xp.multiply(r, r), r), 1.0)
    part = xp.round(xp.multiply(guess, formula.EXP_GRID))
    power = xp.value(xp.shift_left(xp.integer_add(xp.bits(xp.add(n, SHIFT)), BIAS), DIGITS))
    return xp.multiply(part, xp.multiply(power, 1 / (formula.EXP_GRID * formula.EXPONENT_GRID)))


class Checked(NamedTuple):
    """Operands, and whether they are ordinary; None where that was looked at before."""

    x: Array
    t: Array
    is_ordinary: Array | None

    def of(self, xp: Namespace, value: Array) -> Array:
        """What is made of them, or NaN."""
        return value if self.is_ordinary is None else xp.where(self.is_ordinary, value, math.nan)


def checked(xp: Namespace, form: Form, looks: bool, x: Array, t: Array, most: float) -> Checked:
    """Operands, which are looked at or not."""
    if not looks:
        return Checked(x, t, None)
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
        given = checked(xp, form, looks, x, t, LARGEST)
        return (given.of(xp, rounded(xp, term(xp, form, given[:2]), rounding)),)

    return function


def term(xp: Namespace, form: Form, arrays: Sequence[Array]) -> Array:
    """A term in float64."""
    return term_of(form)(Apart(xp), *arrays, guard=Guard.NONE)


def slopes(form: Form, asked: Sequence[Asked], looks: bool) -> Function:
    """Derivatives with respect to operands, times a factor, each rounded, by the same rule."""

    def function(
        xp: Namespace, numbers: Numbers, x: Array, t: Array, factor: Array
    ) -> Sequence[Array]:
        given, found = checked(xp, form, looks, x, t, LARGEST), []
        for place, rounding in asked:
            chained = chained_slope(place, form, Scale(), 2, Guard.NONE)
            value = chained(Apart(xp), *given[:2], factor)
            if place and not form.log_target:
                value = xp.where(xp.equal(t, 0.0), 0.0, value)
            found.append(given.of(xp, rounded(xp, value, rounding)))
        return found

    return function


def integers(form: Form) -> Function:
    """Sums of the two integers of each term: of what shifts leave when they are taken off."""

    def function(
        xp: Namespace, numbers: Numbers, whole: Array, part: Array, *arrays: Array
    ) -> Sequence[Array]:
        value = term(xp, form, arrays)
        high = xp.subtract(xp.add(value, whole), whole)
        low = xp.subtract(xp.add(xp.subtract(value, high), part), part)
        return xp.sum(high, axis=-1), xp.sum(low, axis=-1)

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
