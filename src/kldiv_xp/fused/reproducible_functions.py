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

# Of 2^33 atanh(s) / s: 2^32 log(1 + f) / f is 1 / (2 + f) times it, where s is f / (2 + f).
SERIES = tuple(2 * formula.RATIO_GRID * one for one in formula.ATANH_SERIES)

# Of 2^36 2^(j / 2^8) for j up to 2^7, with an error of 3 units of 2^-53: Chebyshev's.
POWERS = (
    *(4.0202996554337593e-22, 1.4855599583764424e-18, 4.923136006266508e-15),
    *(1.4546067486000859e-11, 3.760627549251965e-08, 8.333473893853109e-05),
    *(0.1538900657217102, 227.34482908957787, 251895.74976114626, 186065279.4887245),
    formula.EXP_GRID,
)
BITS_OF_UNIT = 71
"""Of 2^36 and 2^35."""


def log(xp: Namespace, x: Array) -> Array:
    """Logarithm of positive normal numbers of float32; of 0 some number."""
    lifted = xp.integer_add(xp.bits(x), (BIAS << DIGITS) - BITS_OF_LEAST)
    exponent = xp.shift_down(lifted, DIGITS)  # the smallest is that of 0
    shifted = xp.shift_left(exponent, DIGITS)
    m = xp.value(xp.integer_subtract(xp.integer_add(xp.bits(x), BIAS << DIGITS), shifted))
    q = xp.round(xp.divide(formula.STEPS, m))
    g = xp.fma(m, q, -formula.STEPS)
    small = xp.multiply(xp.fma(xp.multiply(g, -0.5 / formula.STEPS), g, g), 1 / formula.STEPS)
    value = less_log_of_step(xp, q, small)
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
    f = xp.multiply(xp.subtract(q, formula.STEPS), 1 / formula.STEPS)
    inverse = xp.divide(1.0, xp.add(f, 2.0))
    s = xp.multiply(f, inverse)
    guess = xp.multiply(inverse, polynomial(xp, xp.multiply(s, s), SERIES))
    return xp.fma(xp.multiply(f, -1 / formula.RATIO_GRID), xp.round(guess), value)


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
    n = xp.round(xp.multiply(k, 1 / formula.PARTS))
    part = xp.round(xp.polynomial(xp.fma(n, -formula.PARTS, k), *POWERS))
    bits = xp.bits(xp.add(n, SHIFT))
    power = xp.value(xp.shift_left(xp.integer_add(bits, BIAS - BITS_OF_UNIT), DIGITS))
    return xp.multiply(part, power)
