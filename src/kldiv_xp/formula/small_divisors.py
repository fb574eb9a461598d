"""Quotients by probabilities that may be 0 or subnormal, which leave their derivatives finite."""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.log_probabilities import Guard


def quotient_of_probabilities(
    xp: Namespace, dividend: Array, divisor: Array, guard: Guard
) -> Array:
    """Quotient whose divisor is a probability, and of no weight where that is 0 or subnormal.

    Lifted, since automatic differentiation divides by the square of the divisor, which would be 0.
    """
    if guard is Guard.NONE:
        return xp.divide(dividend, xp.where(xp.greater(divisor, 0), divisor, 1.0))
    root = root_of_least(xp, divisor)
    low = xp.less(divisor, 8 * root)
    dividend, divisor = (
        xp.where(low, xp.multiply(one, 2 / root), one) for one in (dividend, divisor)
    )
    return xp.divide(dividend, xp.where(xp.greater_equal(divisor, 2 * root), divisor, 1.0))


def root_of_least(xp: Namespace, array: Array) -> float:
    """Square root of the least normal number of a type, a power of two as that is."""
    # That of a long double is no float.
    return math.sqrt(max(float(xp.finfo(array.dtype).smallest_normal), 2.0**-1022))


def small_share(
    xp: Namespace, dividend: Array, divisor: Array, share: float | Array, guard: Guard
) -> Array:
    """The same quotient times a share, which is at most 1.

    A small one comes first where the divisor is nearly 0: second derivatives of a quotient of 1e30
    overflowed.  Elsewhere it comes last, since the product may be subnormal.
    """
    if guard is Guard.NONE or not isinstance(share, float) or share > 2.0**-20:
        return xp.multiply(quotient_of_probabilities(xp, dividend, divisor, guard), share)
    lift = 1 / root_of_least(xp, divisor)
    low = xp.less(divisor, 16 / lift)
    dividend = xp.where(low, xp.multiply(dividend, lift * share), dividend)
    divisor = xp.where(low, xp.multiply(divisor, lift), divisor)
    quotient = xp.divide(dividend, xp.where(xp.greater_equal(divisor, 1 / lift), divisor, 1.0))
    return xp.where(low, quotient, xp.multiply(quotient, share))
