"""Products, quotients and limits by a number, which the type of an array may not hold."""

import math

from kldiv_xp._typing import Array, Namespace


def over(xp: Namespace, array: Array, divisor: float | Array) -> Array:
    """Array over a number, which may be too small or too large for the type of the array."""
    if not isinstance(divisor, float):
        # By the divisor, an infinite element has no derivative.
        is_finite = xp.less(xp.abs(array), math.inf)
        bounded = xp.divide(xp.where(is_finite, array, 0.0), divisor)
        return xp.where(is_finite, bounded, array)
    if divisor == 1:
        return array
    power = 1.0  # Beyond these, float32 holds a divisor or its reciprocal as no normal number.
    if divisor < 2.0**-100:
        power = 2.0**100
    elif divisor > 2.0**100:
        power = 2.0**-100
    if power != 1:
        array = xp.multiply(array, power)
    if divisor > 2.0**126:  # XLA would multiply by the reciprocal, which is 0 if it is subnormal
        array = unmerged(xp, array)
    return xp.divide(array, divisor * power)


def times(xp: Namespace, array: Array, factor: float | Array) -> Array:
    """Array times a number, which may be too small or too large for the type: 0 stays 0."""
    if not isinstance(factor, float):
        return xp.where(xp.equal(array, 0), 0.0, xp.multiply(array, factor))
    if factor == 1:
        return array
    if 2.0**-100 <= factor <= 2.0**100:
        return xp.multiply(array, factor)
    root = math.sqrt(factor)
    return xp.multiply(unmerged(xp, xp.multiply(array, root)), root)


def over_square(xp: Namespace, array: Array, divisor: float | Array) -> Array:
    """Array over the square of a number, which may be no number of the type."""
    once = over(xp, array, divisor)
    return over(xp, once if has_square(divisor) else unmerged(xp, once), divisor)


def times_square(
    xp: Namespace, array: Array, factor: float | Array, weight: float | Array = 1.0
) -> Array:
    """Array times the square of a number, which may be no number of the type, and a weight.

    The weight is at most 1: between both factors, where their product may be too large.
    """
    once = times(xp, array, factor)
    if has_square(factor):
        return weighted(xp, times(xp, once, factor), weight)
    return times(xp, unmerged(xp, weighted(xp, once, weight)), factor)


def weighted(xp: Namespace, array: Array, weight: float | Array) -> Array:
    """Array times a weight, which is most often 1."""
    return array if isinstance(weight, float) and weight == 1 else xp.multiply(array, weight)


def has_square(number: float | Array) -> bool:
    """Whether float32 holds the square of a number and its reciprocal, with room for a factor."""
    return isinstance(number, float) and 2.0**-60 < number < 2.0**60


def unmerged(xp: Namespace, array: Array) -> Array:
    """The array; XLA makes one number of two factors, be it 0 or infinite, but not through this."""
    return xp.where(xp.equal(array, array), array, math.nan)


def filled(xp: Namespace, like: Array, number: float | Array) -> Array:
    """Number, where it is none of the array's, as an array that stands beside one in `where`.

    By a product, since torch.compile makes a new program for each value of a number that `where`
    is given, and one for all values of a number that an array is multiplied with.
    """
    if not isinstance(number, float):
        return number
    return xp.multiply(xp.ones_like(like), number)


def number_of_rows(xp: Namespace, like: Array, number: float | Array) -> Array:
    """Number, as an array with an element for each row of `like`, NaN beside NaN.

    To be added and subtracted again: XLA makes one sum of an array and two constants, and nothing
    is rounded, but not of a number that depends on the row.
    """
    return xp.where(xp.equal(like, like), filled(xp, like, number), math.nan)
