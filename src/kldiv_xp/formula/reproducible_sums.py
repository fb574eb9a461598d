"""Sums that no order, no number of threads and no cutting into blocks can change: of integers.

Numbers are scaled by a power of two, which a bound that has no order either provides, and each
becomes two integers of int64. Their sums are exact.
"""

from functools import partial
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.formula.reproducible_functions import nearest_power_of_two

# Sums of 2^16 whole units are exact in float64, too.
MOST_UNITS = 2.0**36


class Steps(NamedTuple):
    """Powers of two: a bound of all numbers, and the units that the bound is divided into.

    There are no units where all numbers are 0.
    """

    power: Array
    units: Array


class Sums(NamedTuple):
    """Sums of what can be added up in any order."""

    high: Array
    """Whole units, in int64."""

    low: Array
    """Remainder of the terms, in units of its own, in int64."""

    odd: Array
    """0, or what infinities and NaN add up to."""


def steps_of(xp: Namespace, weight: Array, ratio: Array, count: Array) -> Steps:
    """Steps for the products of so many weights and ratios, which are no larger than these."""
    power = nearest_power_of_two(weight) * nearest_power_of_two(ratio) * 4.0
    is_zero = xp.equal(power, 0.0)
    units = 2.0**62 / nearest_power_of_two(count + 1.0)
    units = xp.where(xp.greater(units, MOST_UNITS), MOST_UNITS, units)
    units = xp.where(is_zero, 0.0, units)
    return Steps(xp.where(is_zero, 1.0, power), units)


def integers(xp: Namespace, numbers: Array, steps: Steps) -> tuple[Array, Array]:
    """Finite numbers as two integers each."""
    scaled = numbers * (steps.units / steps.power)
    high = xp.round(scaled)
    low = xp.round((scaled - high) * steps.units)
    return xp.astype(high, xp.int64), xp.astype(low, xp.int64)


def sums_of(xp: Namespace, numbers: Array, steps: Steps, axis: Axes | None) -> Sums:
    """Sums of any numbers over some axes or all, with all axes."""
    is_finite = xp.isfinite(numbers)
    parts = integers(xp, xp.where(is_finite, numbers, 0.0), steps)
    odd = xp.where(is_finite, 0.0, numbers)
    return getattr(xp, "sums_of_parts", partial(sums_of_parts, xp))(*parts, odd, axis)


def sums_of_parts(xp: Namespace, high: Array, low: Array, odd: Array, axis: Axes | None) -> Sums:
    """Sums of all three, with all axes; a namespace may have another way to them."""
    return Sums(*(xp.sum(one, axis=axis, keepdims=True) for one in (high, low, odd)))


def row_sum(xp: Namespace, numbers: Array) -> Array:
    """Sum along the last axis, which stays, between bounds of its own."""
    sizes = xp.where(xp.isfinite(numbers), xp.abs(numbers), 0.0)
    largest = xp.sum if 0 in sizes.shape else xp.max  # there is none of nothing
    most = largest(sizes, axis=-1, keepdims=True)
    steps = row_steps(xp, most, numbers.shape[-1])
    return total_of(xp, sums_of(xp, numbers, steps, (-1,)), steps)


def row_steps(xp: Namespace, most: Array, count: int) -> Steps:
    """Steps for so many numbers that are no larger than this."""
    ones = xp.ones_like(most)
    return steps_of(xp, most, ones, ones * float(count))


def total_of(xp: Namespace, sums: Sums, steps: Steps) -> Array:
    """Sum in float64: of the finite numbers rounded twice, to 53 bits."""
    high, low = (xp.astype(one, xp.float64) for one in sums[:2])
    units = xp.where(xp.equal(steps.units, 0.0), 1.0, steps.units)
    total = (high + low / units) * (steps.power / units)
    return xp.where(xp.equal(sums.odd, 0.0), total, sums.odd)


def quotient(xp: Namespace, dividend: Array, divisor: Any) -> Array:
    """Dividend over a number, or an array of numbers.

    XLA multiplies by the reciprocal of a constant, so none is divided by.
    """
    is_nan = xp.isnan(dividend)
    return dividend / xp.where(is_nan, dividend, xp.ones_like(dividend) * divisor)
