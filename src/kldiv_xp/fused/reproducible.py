"""Logarithm and exponential of `formula.reproducible_functions` as lines, for ordinary float32.

What is exact there may be made of bits here. Their guesses are of other series, which no
contraction can make wrong; nothing else is contracted.
"""

from collections.abc import Callable, Sequence

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula import reproducible_functions as formula
from kldiv_xp.fused.elementary import LAYOUTS, bits_of_shift, rest
from kldiv_xp.tracing.losses import Function

DIGITS, BIAS, SHIFT, _ = LAYOUTS["float64"]
BITS_OF_LEAST = 0x3FE8 << 48
"""Of 0.75."""

# Of log(1 + f) / f = 2 / (2 + f) (1 + z / 3 + z^2 / 5 + ...), z = (f / (2 + f))^2 <= 1 / 25.
SERIES = [1 / number for number in range(21, 0, -2)]


def log(xp: Namespace, x: Array, unit: float) -> Array:
    """A unit times log(x) of positive normal numbers; of 0 some number."""
    bits = xp.bits(x)
    exponent = xp.shift_right(xp.integer_subtract(bits, BITS_OF_LEAST), DIGITS)
    m = xp.value(xp.integer_subtract(bits, xp.shift_left(exponent, DIGITS)))
    quotient = xp.divide(formula.STEPS, m)
    high = xp.multiply(quotient, formula.BITS_OF_FLOAT32)
    q = xp.round(xp.subtract(xp.add(high, quotient), high))
    g = xp.subtract(xp.multiply(m, q), formula.STEPS)
    small = xp.subtract(g, xp.multiply(xp.multiply(g, g), 0.5 / formula.STEPS))
    small = xp.multiply(small, unit / formula.STEPS)
    e = xp.subtract(xp.value(xp.integer_add(exponent, bits_of_shift(DIGITS))), SHIFT)
    value = xp.subtract(small, log_of_step(xp, q, unit))
    return xp.add(xp.multiply(e, formula.LN2 * unit), value)


def log_of_step(xp: Namespace, q: Array, unit: float) -> Array:
    """A unit times log(q / 2^15)."""
    steps = xp.subtract(q, formula.STEPS)
    f = xp.multiply(steps, 1 / formula.STEPS)
    inverse = xp.divide(1.0, xp.add(f, 2.0))
    s = xp.multiply(f, inverse)
    series = xp.polynomial(xp.multiply(s, s), *SERIES)
    guess = xp.multiply(xp.multiply(inverse, 2 * formula.RATIO_GRID), series)
    return xp.multiply(
        steps, xp.multiply(xp.round(guess), unit / formula.RATIO_GRID / formula.STEPS)
    )


def exp(xp: Namespace, x: Array, unit: float) -> Array:
    """A unit times exp(x), up to `LOG_OF_LARGEST`."""
    k = xp.round(xp.multiply(x, formula.PARTS * formula.LOG2_E))
    d = xp.subtract(x, xp.multiply(k, formula.LN2_OF_PARTS))
    d = xp.round(xp.multiply(d, formula.EXPONENT_GRID * formula.THIRD_POWER))
    square = xp.multiply(xp.multiply(d, d), 0.5 / formula.EXPONENT_GRID)
    series = xp.add(xp.add(d, square), formula.EXPONENT_GRID)
    value = xp.multiply(power_of_parts(xp, k, unit), series)
    return xp.where(xp.less(x, formula.LOG_OF_TINY), 0.0, value)


def power_of_parts(xp: Namespace, k: Array, unit: float) -> Array:
    """A unit times 2^(k / 2^8) / 2^35."""
    n = xp.round(xp.multiply(k, 1 / formula.PARTS))
    j = xp.subtract(k, xp.multiply(n, formula.PARTS))
    r = xp.multiply(j, formula.LN2_ROUNDED / formula.PARTS)
    guess = xp.add(xp.fma(rest(xp, r), xp.multiply(r, r), r), 1.0)
    part = xp.round(xp.multiply(guess, formula.EXP_GRID))
    power = xp.shift_left(xp.integer_add(xp.bits(xp.add(n, SHIFT)), BIAS), DIGITS)
    scale = unit / formula.EXP_GRID / formula.EXPONENT_GRID
    return xp.multiply(part, xp.multiply(xp.value(power), scale))


FUNCTIONS: dict[str, Callable[..., Array]] = {"exp": exp, "log": log}


def traced(name: str, unit: float) -> Function:
    """Function of one array, to be traced."""

    def function(xp: Namespace, numbers: object, x: Array) -> Sequence[Array]:
        return (FUNCTIONS[name](xp, x, unit),)

    return function
