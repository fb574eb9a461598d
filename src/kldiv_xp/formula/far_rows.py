"""Divergences of rows of logits that differ: cheap, and NaN where they are not enough.

Functions (xp, input, target) to rows, or to their derivatives.  The form that a row gets depends
on that row alone.
"""

import math
from collections.abc import Callable

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over, times
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import row_sum, where_positive
from kldiv_xp.formula.near_pairs import Pair, largest, pair_of, short_pair, smallest

NEAR = 0.0625
"""Divergences from here on need no care: those of float32 have errors of up to 5e-6."""

NEAR_DERIVATIVE = 0.125
"""The same of the square of a derivative with respect to the input, relative to that of p."""

WIDTH_OF_NARROW = 8.0
"""Quotients up to here have errors of no more than 2.4e-7, and so have their exponentials."""


def far_kl(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    temperature: float,
    scaled: bool,
    near: float = NEAR,
    guard: Guard = Guard.NONE,
) -> Array:
    """Sum p (log p - log q) where that is right to the last digits; unguarded, NaN beside -inf.

    Of the shifted logits, whose rounding has the same effect on both logarithms.
    """
    pair = pair_of(xp, input, target, temperature)
    sum_p, sum_q = row_sum(xp, pair.p), row_sum(xp, pair.q)
    differences = where_positive(xp, pair.p, xp.subtract(*pair.shifted), guard)
    products = xp.multiply(differences, pair.p)
    mean = xp.divide(row_sum(xp, products), sum_p)
    constant = xp.log(xp.divide(sum_p, sum_q))
    value = xp.subtract(over(xp, mean, temperature), constant)
    is_far = xp.greater_equal(value, near)
    if scaled:
        value = xp.subtract(mean, times(xp, constant, temperature))
        value = times(xp, value, temperature)
    return xp.where(is_far, value, math.nan)


def is_narrow(xp: Namespace, input: Array, target: Array, temperature: float) -> Array:
    """Whether the quotients of a row by the temperature are rounded by no more than 2.4e-7."""
    widths = (xp.subtract(largest(xp, one), smallest(xp, one)) for one in (input, target))
    widths = (over(xp, width, temperature)[..., 0] for width in widths)
    return xp.logical_and(*(xp.less_equal(width, WIDTH_OF_NARROW) for width in widths))


def far_derivative(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    temperature: float,
    scaled: bool,
    paired: Callable[..., Pair] = short_pair,
) -> Array:
    """(q - p) / T where that is right to the last digits, for it is not much shorter than p."""
    pair = paired(xp, input, target, temperature)
    p, q = pair.p, pair.q
    of_p, of_q = (xp.divide(xp.ones_like(one), one) for one in (row_sum(xp, p), row_sum(xp, q)))
    squares = xp.multiply(row_sum(xp, xp.multiply(p, p)), xp.multiply(of_p, of_p))
    of_both = xp.multiply(row_sum(xp, xp.multiply(p, q)), xp.multiply(of_p, of_q))
    length = xp.multiply(row_sum(xp, xp.multiply(q, q)), xp.multiply(of_q, of_q))
    length = xp.add(xp.subtract(length, xp.multiply(of_both, 2.0)), squares)
    is_far = xp.greater_equal(length, xp.multiply(squares, NEAR_DERIVATIVE))
    derivative = xp.subtract(xp.multiply(q, xp.where(is_far, of_q, math.nan)), xp.multiply(p, of_p))
    return times(xp, derivative, temperature) if scaled else over(xp, derivative, temperature)
