"""Logarithm and exponential with the same bits in every library: rounded operations of float64.

Two rules make the bits the same, and the code below obeys them line by line. A product that feeds
a sum is exact, so that a fused multiply-add changes nothing. No two inexact steps with constants
follow each other, and nothing is divided by a constant, since XLA rewrites both. A library's own
logarithm and exponential serve as guesses, rounded to a grid on which all good guesses agree:
the folder `proofs` shows it for every number that comes in question.
"""

import math
from functools import partial
from typing import NamedTuple

from kldiv_xp._typing import Array, DType, Namespace

# XLA on a CPU reads float32 below this as 0, so everybody does.
TINY = 2.0**-126
# The smallest float32 whose exponential is no less.
LOG_OF_TINY = -87.33654022216797
# The largest of which it is no more than float32 can hold; above, any number beyond that serves.
LOG_OF_LARGEST = 88.72283172607422
BEYOND = 2.0**300
EPS_OF_FLOAT32 = 2.0**-23

# 44 bits: times an integer of 9 it is exact.
LN2 = 12193974156573 / 2**44
LN2_ROUNDED = 0.6931471805599453
LOG2_E = 1.4426950408889634

# Products that are not exact, and are added to something, are rounded to a grid so fine that it
# changes none of those that matter: no compiler can fuse them then.
HELD = 2.0**400

# Mantissas m are multiplied by an integer q near 2^15 / m, whose logarithm is (q - 2^15) r. No r
# is nearer than 18 units of 2^-53 to a tie of this grid.
STEPS = 2.0**15
RATIO_GRID = 2.0**32
LITTLE = 2.0**-1000
"""Added to a number of 53 bits, it makes only 0 another one."""


# Exponents are k log(2) / 2^8 + d. 38 bits: times an integer of 15, or 2^15, it is exact.
PARTS = 2.0**8
LN2_OF_PARTS = 190530846196 / 2**38 / PARTS
# The square of a d on this grid is exact. The factor makes up for d^3 / 6, up to 2^-33.
EXPONENT_GRID = 2.0**35
THIRD_POWER = 1 + 0.001354 * 0.001354 / 8
# Nor is 2^(k / 2^8) nearer than 55.
EXP_GRID = 2.0**36


def entered(xp: Namespace, array: Array) -> Array:
    """Float64 array of the same numbers, with 0 for those that are subnormal in float32."""
    array = xp.astype(array, xp.float64)
    return xp.where(xp.less(xp.abs(array), TINY), 0.0, array)


def nearest_power_of_two(array: Array) -> Array:
    """Numbers rounded to one significant bit: powers p of two with ``0.75 <= x / p < 1.5``."""
    high = array * 2.0**52
    return (high + array) - high


def held(xp: Namespace, product: Array) -> Array:
    """Product that is rounded before it is added to something: a multiple of 2^-400."""
    return to_grid(xp, product, HELD)


def to_grid(xp: Namespace, array: Array, grid: float) -> Array:
    """Numbers rounded to multiples of 1 / grid, which is a power of two.

    Not by adding and subtracting a constant, which XLA leaves out.
    """
    return xp.round(array * grid) * (1 / grid)


def log(xp: Namespace, array: Array) -> Array:
    """Logarithm of what float32 can hold: with relative error 2^-31, and as IEEE 754 at its ends.

    It is e log 2 - log(q / 2^15) + log(1 + g), for 2^e m and 1 + g = m q / 2^15.
    """
    is_ordinary = xp.greater(array, 0.0) & xp.less(array, math.inf)
    ordinary = xp.where(is_ordinary, array, 1.0)
    value = getattr(xp, "log_of_normal", partial(log_of_normal, xp))(ordinary)
    infinite = xp.where(xp.greater(array, 0.0), array, math.nan)
    return xp.where(is_ordinary, value, xp.where(xp.equal(array, 0.0), -math.inf, infinite))


def log_of_normal(xp: Namespace, array: Array) -> Array:
    """Logarithm of positive normal numbers; a namespace may have another with the same bits."""
    power = nearest_power_of_two(array)
    mantissa = array / power
    exponent = xp.round(xp.log2(power))
    return exponent * LN2 + log_of_mantissa(xp, mantissa)


def log_of_any(xp: Namespace, array: Array) -> Array:
    """Logarithm of positive numbers of 53 bits, whose first 24 are those of another number."""
    high = array * 2.0**29
    head = (high + array) - high
    return log(xp, head) + (array - head) / head


def log_of_mantissa(xp: Namespace, mantissa: Array) -> Array:
    """Logarithm of numbers of 24 bits between 0.75 and 1.5: all products here are exact."""
    q = xp.round(STEPS / mantissa)
    g = mantissa * q - STEPS
    return (g - xp.square(g) * (0.5 / STEPS)) * (1 / STEPS) - log_of_step(xp, q)


def log_of_step(xp: Namespace, q: Array) -> Array:
    """log(q / 2^15) of integers near 2^15."""
    steps = q - STEPS
    guess = xp.log(q * (1 / STEPS)) / (steps * (1 / STEPS) + LITTLE)
    return steps * (to_grid(xp, guess, RATIO_GRID) * (1 / STEPS))


def exp(xp: Namespace, array: Array) -> Array:
    """Exponential of what float32 can hold, with relative error 2^-31; 0 where it is subnormal.

    It is 2^(k / 2^8) exp(d), with exact products in the series of exp(d).
    """
    bounded = xp.clip(array, LOG_OF_TINY, LOG_OF_LARGEST)
    value = getattr(xp, "exp_of_bounded", partial(exp_of_bounded, xp))(bounded)
    value = xp.where(xp.less(array, LOG_OF_TINY), 0.0, value)
    return xp.where(xp.greater(array, LOG_OF_LARGEST), BEYOND, value)


def exp_of_bounded(xp: Namespace, array: Array) -> Array:
    """Exponential between these bounds; a namespace may have another with the same bits."""
    k = xp.round(array * (PARTS * LOG2_E))
    d = xp.round((array - k * LN2_OF_PARTS) * (EXPONENT_GRID * THIRD_POWER))
    series = EXPONENT_GRID + (d + d * d * (0.5 / EXPONENT_GRID))
    return power_of_parts(xp, k) * series


def power_of_parts(xp: Namespace, k: Array) -> Array:
    """2^(k / 2^8) / 2^35 for integers k."""
    n = xp.round(k * (1 / PARTS))
    guess = xp.exp((k - n * PARTS) * (LN2_ROUNDED / PARTS))
    # A little above 2^n: what is an ulp below would be taken for 2^(n - 1).
    power = nearest_power_of_two(xp.exp(n * LN2_ROUNDED) * (1 + 2.0**-20))
    return to_grid(xp, guess, EXP_GRID) * (power * (1 / EXPONENT_GRID))


class Rounding(NamedTuple):
    """A type of at most 32 bits, and the limits that numbers are rounded to."""

    dtype: DType
    eps: float
    smallest_normal: float


def rounded(xp: Namespace, array: Array, rounding: Rounding) -> Array:
    """Numbers of float64 in another type, rounded once; 0 where float32 would be subnormal.

    Libraries convert float64 to 16 bits by way of float32, or not. What is converted here is a
    number of the type itself. NaN has one pattern of bits.
    """
    array = xp.where(xp.less(xp.abs(array), TINY), 0.0, array)
    array = xp.where(xp.isnan(array), math.nan, array)
    if rounding.eps > EPS_OF_FLOAT32:
        array = to_precision(xp, array, rounding)
    return xp.astype(array, rounding.dtype)


def to_precision(xp: Namespace, array: Array, rounding: Rounding) -> Array:
    """Numbers rounded to a precision of fewer bits than float32 has, and to its subnormals."""
    high = array * (rounding.eps * 2.0**52)
    step = rounding.smallest_normal * rounding.eps
    subnormal = xp.round(array * (1 / step)) * step
    is_subnormal = xp.less(xp.abs(array), rounding.smallest_normal)
    value = xp.where(is_subnormal, subnormal, (high + array) - high)
    return xp.where(xp.isfinite(array), value, array)
