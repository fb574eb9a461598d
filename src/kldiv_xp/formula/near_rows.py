"""Divergences of rows that nearly agree, for kernels: they share the sums of `far_rows`.

Functions (xp, input, target) to rows, or to their derivatives, NaN where they are not enough.
"""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import times, times_square
from kldiv_xp.formula.far_mixtures import (
    LARGEST_RATIO,
    log_ratio_of,
    logarithms,
)
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.mixture_sides import side_of, squares_about
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_derivatives import relative_rise
from kldiv_xp.formula.near_equal import completed_ratio, difference, is_small, row_sum
from kldiv_xp.formula.near_kl import by_mean
from kldiv_xp.formula.near_pairs import Pair, pair_of, short_pair, unrounded_pair

LEAST, LEAST_MIXTURE = 1e-6, 1e-7
"""Divergences from here on, of KL in logits: an error of 1e-6, of all classes, enters squared."""

LEAST_WEIGHT = 0.05
"""Of the two of a mixture: one logarithm has an error of eps over the smaller."""

LEAST_SHARE = 0.07
"""Of the square of a derivative, relative to that without the mean over the classes."""

SHORTEST = 5e-12
"""And relative to that of p, below which an error of the normalisers is as large."""


def near_kl(
    xp: Namespace, input: Array, target: Array, *, temperature: float, scaled: bool
) -> Array:
    """KL, centred by the mean of the shifted logits: its rounding enters squared."""
    pair = pair_of(xp, input, target, temperature)
    sum_p = row_sum(xp, pair.p)
    products = xp.multiply(xp.subtract(*pair.shifted), pair.p)
    mean = xp.divide(row_sum(xp, products), sum_p)
    parts = pair, difference(xp, pair, Guard.NONE), sum_p, mean
    value = by_mean(xp, parts, temperature, scaled, Guard.NONE)
    in_logits = value if scaled else times_square(xp, value, temperature)
    return xp.where(xp.greater_equal(in_logits, LEAST), value, math.nan)


def near_derivative(
    xp: Namespace, input: Array, target: Array, *, temperature: float, scaled: bool
) -> Array:
    """Derivative of KL with respect to the input, p (q / p - 1), less an error of all classes."""
    pair = short_pair(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    log_ratio = log_ratio_of(xp, pair, sums, temperature)
    rise = xp.multiply(xp.expm1(xp.negative(log_ratio)), pair.p)
    # A subnormal p, which q may be much larger than, has few digits.
    gap = xp.subtract(xp.multiply(pair.q, xp.divide(*sums)), pair.p)
    rise = xp.where(xp.less(log_ratio, -2.0), gap, rise)
    mean = xp.divide(row_sum(xp, rise), sums[0])
    squares, of_rises, length = squares_about(xp, pair.p, rise, mean)
    is_long = xp.greater_equal(length, least(xp, of_rises, squares))
    mean = xp.where(is_long, mean, math.nan)
    if scaled:
        rise, mean = (times(xp, one, temperature) for one in (rise, mean))
    return relative_rise(xp, pair.p, sums[0], (rise, mean, 1.0), temperature, scaled)


def least(xp: Namespace, of_rises: Array, squares: Array) -> Array:
    """Square of a derivative that is long enough."""
    return xp.add(xp.multiply(of_rises, LEAST_SHARE), xp.multiply(squares, SHORTEST))


def near_js(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    weights: Weights,
    temperature: float,
    scaled: bool,
) -> Array:
    """Sum of beta p h(log(p / m)) + gamma q h(log(q / m)), where h(r) = exp(-r) - 1 + r."""
    pair = pair_of(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    logs = logarithms(xp, pair, sums, weights, temperature, near=True)
    return rows_of_completed(xp, pair, sums, logs, weights, temperature, scaled)


def near_js_beside(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    weights: Weights,
    temperature: float,
    scaled: bool,
) -> Array:
    """The same from the exponentials and logarithms of `near_js_derivative`."""
    pair = unrounded_pair(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    log_ratio = log_ratio_of(xp, pair, sums, temperature)
    logs = of_side(xp, log_ratio, weights, 1), of_side(xp, log_ratio, weights, 0)
    return rows_of_completed(xp, pair, sums, logs, weights, temperature, scaled)


def rows_of_completed(
    xp: Namespace,
    pair: Pair,
    sums: tuple[Array, Array],
    logs: tuple[Array, Array],
    weights: Weights,
    temperature: float,
    scaled: bool,
) -> Array:
    """Rows of `near_js`."""
    ones = (xp.divide(xp.ones_like(total), total) for total in sums)
    p, q = (xp.multiply(one, inverse) for one, inverse in zip((pair.p, pair.q), ones, strict=True))
    rise = xp.subtract(q, p)  # m - p = gamma (q - p)
    of_p = completed(xp, p, logs[0], xp.multiply(rise, weights.gamma))
    of_q = completed(xp, q, logs[1], xp.multiply(xp.negative(rise), weights.beta))
    rows = row_sum(xp, xp.add(xp.multiply(of_p, weights.beta), xp.multiply(of_q, weights.gamma)))
    rows = xp.minimum(rows, weights.most)
    rows = xp.where(xp.greater_equal(rows, LEAST_MIXTURE), rows, math.nan)
    return times_square(xp, rows, temperature) if scaled else rows


def completed(xp: Namespace, p: Array, log: Array, rise: Array) -> Array:
    """p h(log), which is m - p + p log where nothing cancels in it."""
    small = is_small(xp, log)
    short = xp.where(small, log, 0.0)
    square = xp.multiply(completed_ratio(xp, short), xp.multiply(short, short))
    return xp.where(small, xp.multiply(p, square), xp.add(rise, xp.multiply(p, log)))


def near_js_derivative(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    place: int,
    weights: Weights,
    temperature: float,
    scaled: bool,
) -> Array:
    """As `far_js_derivative`: errors of the normalisers are those of all classes, and cancel."""
    pair = unrounded_pair(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    log_ratio = log_ratio_of(xp, pair, sums, temperature)
    log = of_side(xp, log_ratio, weights, place)
    side = side_of(xp, pair, sums, log, weights, place)
    return side.derivative(xp, least(xp, side.of_products, side.squares), temperature, scaled)


def of_side(xp: Namespace, log_ratio: Array, weights: Weights, place: int) -> Array:
    """log(p / m) of the target (1), or log(q / m) of the input (0).

    Of the side alone: from the other logarithm less the ratio it lost the digits of its weight.
    """
    ratio, other = (xp.negative(log_ratio), weights.gamma) if place else (log_ratio, weights.beta)
    less = xp.multiply(xp.expm1(xp.minimum(ratio, LARGEST_RATIO)), other)  # m / p - 1
    return xp.negative(xp.log1p(less))
