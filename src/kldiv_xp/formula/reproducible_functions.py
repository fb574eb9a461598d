"""Logarithm and exponential with the same bits in every library: rounded operations of float64.

Two rules make the bits the same, and the code below obeys them line by line. A product that feeds
a sum is exact, so that a fused multiply-add changes nothing. No two inexact steps with constants
follow each other, and nothing is divided by a constant, since XLA rewrites both. A library's own
logarithm and exponential serve as guesses, rounded to a grid on which all good guesses agree:
the folder `proofs` shows it for every number that comes in question.
"""

import math
from typing import NamedTuple

from kldiv_xp._typing import Array, DType, Namespace

# XLA on a CPU reads float32 below this as 0, so everybody does.
TINY = 2.0**-126
# The smallest float32 whose exponential is no less.
LOG_OF_TINY = -87.33654022216797
LARGEST_EXPONENT = 200.0
EPS_OF_FLOAT32 = 2.0**-23

# 44 bits: times an integer of 9 it is exact.
LN2 = 12193974156573 / 2**44
LN2_ROUNDED = 0.6931471805599453
LOG2_E = 1.4426950408889634

# log(m) / (m - 1) of no mantissa is nearer than 7.2 units of 2^-53 to a tie of this grid.
RATIO_GRID, RATIO_SHIFT = 2.0**30, 0.571160688996315
BELOW_ONE = 1 - 2.0**-53
# exp(k / 2^12) of no k that comes in question is nearer than 52 units of 2^-53 to a tie.
EXP_STEP, EXP_GRID = 2.0**12, 2.0**36


def entered(xp: Namespace, array: Array) -> Array:
    """Float64 array of the same numbers, with 0 for those that are subnormal in float32."""
    array = xp.astype(array, xp.float64)
    return xp.where(xp.less(xp.abs(array), TINY), 0.0, array)


def nearest_power_of_two(array: Array) -> Array:
    """Numbers rounded to one significant bit: powers p of two with ``0.75 <= x / p < 1.5``."""
    high = array * 2.0**52
    return (high + array) - high


def to_grid(xp: Namespace, array: Array, grid: float) -> Array:
    """Numbers rounded to multiples of 1 / grid, which is a power of two.

    Not by adding and subtracting a constant, which XLA leaves out.
    """
    return xp.round(array * grid) * (1 / grid)


def log(xp: Namespace, array: Array) -> Array:
    """Logarithm of what float32 can hold: with relative error 2^-30, and as IEEE 754 at its ends.

    It is e log 2 + f r, with two exact products, for 2^e (1 + f), r = log(1 + f) / f.
    """
    is_ordinary = xp.greater(array, 0.0) & xp.less(array, math.inf)
    ordinary = xp.where(is_ordinary, array, 1.0)
    power = nearest_power_of_two(ordinary)
    mantissa = ordinary / power
    exponent = xp.round(xp.log2(power))
    value = exponent * LN2 + (mantissa - 1.0) * log_ratio(xp, mantissa)
    infinite = xp.where(xp.greater(array, 0.0), array, math.nan)
    return xp.where(is_ordinary, value, xp.where(xp.equal(array, 0.0), -math.inf, infinite))


def log_ratio(xp: Namespace, mantissa: Array) -> Array:
    """log(m) / (m - 1), a multiple of 2^-30; of 1 it is any number."""
    guess = xp.log(mantissa) / (mantissa - BELOW_ONE)
    return xp.floor(guess * RATIO_GRID + RATIO_SHIFT) * (1 / RATIO_GRID)


def exp(xp: Namespace, array: Array) -> Array:
    """Exponential of what float32 can hold, with relative error 2^-36; 0 where it is subnormal.

    It is exp(k / 2^12) exp(d) 2^n, with exact products in the series of exp(d).
    """
    bounded = xp.clip(array, -LARGEST_EXPONENT, LARGEST_EXPONENT)
    n = xp.round(bounded * LOG2_E)
    rest = to_grid(xp, bounded - n * LN2, 2.0**38)
    coarse = to_grid(xp, rest, EXP_STEP)
    d = rest - coarse
    series = 1.0 + (d + d * (0.5 * d))
    # A little above 2^n: what is an ulp below would be taken for 2^(n - 1).
    power = nearest_power_of_two(xp.exp(n * LN2_ROUNDED) * (1 + 2.0**-20))
    value = to_grid(xp, xp.exp(coarse), EXP_GRID) * series * power
    return xp.where(xp.less(array, LOG_OF_TINY), 0.0, value)


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
