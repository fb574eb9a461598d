"""Logarithm and exponential with the same bits everywhere as lines, of float64.

What is exact there may be made of bits here. Their guesses are of other series, which no
contraction can make wrong; products that are exact may be contracted, and no others are.
"""

from collections.abc import Sequence
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula import reproducible_functions as formula
from kldiv_xp.fused.elementary import LAYOUTS, bits_of_shift

DIGITS, BIAS, SHIFT, _ = LAYOUTS["float64"]
BITS_OF_LEAST = 0x3FE8 << 48
"""Of 0.75."""

# Of 2^48 atanh(s) / s in s^2: by linear programming, for every q of a mantissa, with errors that
# leave 18 units of 2^-53 to the ties of the grid of logarithms.
SERIES = tuple(
    2 * formula.RATIO_GRID * formula.STEPS * one
    for one in (
        *(0.09074879731852666, 0.08990653562800753, 0.11114447499646626, 0.14285659760836553),
        *(0.20000000472121435, 0.3333333333126327, 1.0000000000000082),
    )
)

# Of 2^36 2^(j / 2^8) for j up to 2^7, by the same way; 54 units are left.
POWERS = (
    *(9.528725000899013e-19, 4.923986607878833e-15, 1.4565362068480844e-11),
    *(3.7606420958637295e-08, 8.333450428911052e-05, 0.15389006455424967, 227.344830164034),
    *(251895.7497614281, 186065279.48738194, 68719476736.00635),
)
STEP_DIGITS = 15
BITS_OF_UNIT = 71
"""Of 2^36 and 2^35."""


def log(xp: Namespace, x: Array) -> Array:
    """Logarithm of positive normal numbers of float32; of 0 some number."""
    lifted = xp.integer_add(xp.bits(x), (BIAS << DIGITS) - BITS_OF_LEAST)
    exponent = xp.shift_down(lifted, DIGITS)  # the smallest is that of 0
    rest = xp.integer_subtract(lifted, xp.shift_left(exponent, DIGITS))
    m = xp.value(xp.integer_add(rest, BITS_OF_LEAST - (STEP_DIGITS << DIGITS)))  # over 2^15
    q = xp.round(xp.divide(1.0, m))
    g = xp.fma(m, q, -1.0)
    value = less_log_of_step(xp, q, xp.fma(xp.multiply(g, -0.5), g, g))
    e = xp.subtract(xp.value(xp.integer_add(exponent, bits_of_shift(DIGITS))), SHIFT + BIAS)
    return xp.fma(e, formula.LN2, value)


def polynomial(xp: Namespace, z: Array, coefficients: Sequence[float]) -> Array:
    """Polynomial of z, the highest power first, by pairs: so that steps need not wait."""
    terms: list[Any] = list(reversed(coefficients))
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        left = terms[len(terms) // 2 * 2 :]
        terms = [*(xp.fma(high, z, low) for low, high in pairs), *left]
        z = xp.multiply(z, z)
    return terms[0]


def less_log_of_step(xp: Namespace, q: Array, value: Array) -> Array:
    """A number less log(q / 2^15)."""
    steps = xp.subtract(q, formula.STEPS)
    inverse = xp.divide(1.0, xp.add(q, formula.STEPS))
    s = xp.multiply(steps, inverse)
    guess = xp.multiply(inverse, polynomial(xp, xp.multiply(s, s), SERIES))
    unit = -1 / (formula.RATIO_GRID * formula.STEPS)
    return xp.fma(xp.multiply(steps, unit), xp.round(guess), value)


def exp(xp: Namespace, x: Array) -> Array:
    """Exponential, up to `LOG_OF_LARGEST`."""
    k = xp.round(xp.multiply(x, formula.PARTS * formula.LOG2_E))
    d = xp.fma(k, -formula.LN2_OF_PARTS, x)
    d = xp.round(xp.multiply(d, formula.EXPONENT_GRID * formula.THIRD_POWER))
    series = xp.add(
        xp.fma(xp.multiply(d, 0.5 / formula.EXPONENT_GRID), d, d), formula.EXPONENT_GRID
    )
    value = xp.multiply(power_of_parts(xp, k), series)
    return xp.where(xp.less(x, formula.LOG_OF_TINY), 0.0, value)


def power_of_parts(xp: Namespace, k: Array) -> Array:
    """2^(k / 2^8) / 2^35."""
    n, bits = xp.whole(xp.multiply(k, 1 / formula.PARTS))
    part = xp.round(xp.polynomial(xp.fma(n, -formula.PARTS, k), *POWERS))
    power = xp.value(xp.shift_left(xp.integer_add(bits, BIAS - BITS_OF_UNIT), DIGITS))
    return xp.multiply(part, power)
