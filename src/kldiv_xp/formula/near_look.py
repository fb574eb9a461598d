"""Divergences of logits where values may be looked at: each row in the cheapest right form.

Functions (xp, input, target) to rows, or to their derivatives, NaN where a form is not enough.  The
form that a row gets depends on that row alone.
"""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import (
    Pair,
    completed_ratio,
    difference_of,
    expm1_ratio,
    is_in_logits,
    is_small,
    largest,
    over,
    pair_of,
    row_sum,
    times,
)
from kldiv_xp.formula.near_kl import near_value
from kldiv_xp.formula.near_mixture import Weights
from kldiv_xp.formula.near_slopes import relative_rise

SEEN, WIDEST = 256, 2.5
"""Classes that are looked at, and how far apart the log-ratios of a close row may be there."""

NEAR = 0.0625
"""Divergences from here on need no care: those of float32 have errors of up to 5e-6."""

NEAR_MIXTURE = 0.01
"""The same of Jensen-Shannon divergences, whose logarithms are larger than their differences."""

NEAR_SLOPE = 0.0625
"""The same of the square of a derivative with respect to the input, relative to that of p."""

NEAR_MIXTURE_SLOPE = 0.05
"""The same of that of p (log(p / m) - KL(p || m)), relative to that of p log(p / m)."""

SHORTEST = 1e-10
"""And relative to that of p, below which an error of the normalisers is as large."""


def looks_close(xp: Namespace, input: Array, target: Array, temperature: float) -> Array:
    """Whether a row is worth an attempt at `close_kl`."""
    seen = xp.subtract(target[..., :SEEN], input[..., :SEEN])
    width = xp.subtract(xp.max(seen, axis=-1), xp.min(seen, axis=-1))
    return xp.less_equal(over(xp, width, temperature), WIDEST)


def close_kl(
    xp: Namespace, input: Array, target: Array, *, temperature: float, scaled: bool
) -> Array:
    """KL of rows whose log-ratios are all small: no exponential of the input is needed."""
    p, sum_p, centred, d = close_parts(xp, input, target, temperature)
    kernel = xp.multiply(completed_ratio(xp, d), p)
    square = (
        xp.multiply(centred, centred) if is_in_logits(temperature, scaled) else xp.multiply(d, d)
    )
    squares = xp.divide(row_sum(xp, xp.multiply(kernel, square)), sum_p)
    return near_value(xp, if_small(xp, d, squares), None, temperature, scaled)


def close_slope(
    xp: Namespace, input: Array, target: Array, *, temperature: float, scaled: bool
) -> Array:
    """Derivative with respect to the input, as that of `near_slopes`."""
    p, sum_p, centred, d = close_parts(xp, input, target, temperature)
    rise = xp.multiply(xp.multiply(expm1_ratio(xp, d), centred), p)
    mean_rise = xp.divide(row_sum(xp, rise), sum_p)
    mean_rise = if_small(xp, d, mean_rise)
    return relative_rise(xp, p, sum_p, rise, mean_rise, temperature, scaled)


def close_parts(
    xp: Namespace, input: Array, target: Array, temperature: float
) -> tuple[Array, Array, Array, Array]:
    """Unnormalised p, its sum, the centred differences of the logits, and those over T."""
    top = largest(xp, target)
    p = xp.exp(over(xp, xp.subtract(target, top), temperature))
    sum_p = row_sum(xp, p)
    differences = difference_of(xp, (target, input), (top, largest(xp, input)), Guard.NONE)
    mean = xp.divide(row_sum(xp, xp.multiply(p, differences)), sum_p)
    centred = xp.subtract(differences, mean)
    return p, sum_p, centred, over(xp, centred, temperature)


def if_small(xp: Namespace, d: Array, numbers: Array) -> Array:
    """Numbers of rows; NaN where a log-ratio is too large for the rational functions."""
    least = xp.min(d, axis=-1, keepdims=True)
    small = xp.logical_and(is_small(xp, largest(xp, d)), is_small(xp, least))
    return xp.where(small, numbers, math.nan)


def far_kl(
    xp: Namespace, input: Array, target: Array, *, temperature: float, scaled: bool
) -> Array:
    """Sum p (log p - log q) where that is right to the last digits.

    Of the shifted logits, whose rounding has the same effect on both logarithms.
    """
    pair = pair_of(xp, input, target, temperature)
    sum_p, sum_q = row_sum(xp, pair.p), row_sum(xp, pair.q)
    products = xp.multiply(xp.subtract(*pair.shifted), pair.p)
    mean = xp.divide(row_sum(xp, products), sum_p)
    constant = xp.log(xp.divide(sum_p, sum_q))
    value = xp.subtract(over(xp, mean, temperature), constant)
    is_far = xp.greater_equal(value, NEAR)
    if scaled:
        value = xp.subtract(mean, times(xp, constant, temperature))
        value = times(xp, value, temperature)
    return xp.where(is_far, value, math.nan)


def far_slope(
    xp: Namespace, input: Array, target: Array, *, temperature: float, scaled: bool
) -> Array:
    """(q - p) / T where that is right to the last digits, for it is not much shorter than p."""
    pair = pair_of(xp, input, target, temperature)
    p, q = pair.p, pair.q
    of_p, of_q = (xp.divide(xp.ones_like(one), one) for one in (row_sum(xp, p), row_sum(xp, q)))
    squares = xp.multiply(row_sum(xp, xp.multiply(p, p)), xp.multiply(of_p, of_p))
    of_both = xp.multiply(row_sum(xp, xp.multiply(p, q)), xp.multiply(of_p, of_q))
    length = xp.multiply(row_sum(xp, xp.multiply(q, q)), xp.multiply(of_q, of_q))
    length = xp.add(xp.subtract(length, xp.multiply(of_both, 2.0)), squares)
    is_far = xp.greater_equal(length, xp.multiply(squares, NEAR_SLOPE))
    slope = xp.subtract(xp.multiply(q, xp.where(is_far, of_q, math.nan)), xp.multiply(p, of_p))
    return times(xp, slope, temperature) if scaled else over(xp, slope, temperature)


def far_js(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    weights: Weights,
    temperature: float,
    scaled: bool,
) -> Array:
    """beta KL(p || m) + gamma KL(q || m) where that is right to the last digits."""
    pair = pair_of(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    logs = logarithms(xp, pair, sums, weights, temperature)
    of_p, of_q = (
        xp.divide(row_sum(xp, xp.multiply(one, log)), total)
        for one, log, total in zip((pair.p, pair.q), logs, sums, strict=True)
    )
    rows = xp.add(xp.multiply(of_p, weights.beta), xp.multiply(of_q, weights.gamma))
    rows = xp.minimum(rows, weights.most)
    rows = xp.where(xp.greater_equal(rows, NEAR_MIXTURE), rows, math.nan)
    return times(xp, times(xp, rows, temperature), temperature) if scaled else rows


def far_js_slope(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    weights: Weights,
    temperature: float,
    scaled: bool,
) -> Array:
    """beta p (log(p / m) - KL(p || m)) / T, the derivative with respect to the target.

    An error of the normalisers is the same for all classes and cancels.
    """
    pair = pair_of(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    log_p, _ = logarithms(xp, pair, sums, weights, temperature)
    products = xp.multiply(pair.p, log_p)
    mean = xp.divide(row_sum(xp, products), sums[0])
    squares = row_sum(xp, xp.multiply(pair.p, pair.p))
    both = row_sum(xp, xp.multiply(products, pair.p))
    of_products = row_sum(xp, xp.multiply(products, products))
    # The sum of the squares of p (log(p / m) - mean).
    less = xp.multiply(xp.subtract(xp.multiply(squares, mean), xp.multiply(both, 2.0)), mean)
    least = xp.multiply(xp.add(of_products, xp.multiply(squares, SHORTEST)), NEAR_MIXTURE_SLOPE)
    is_far = xp.greater_equal(xp.add(of_products, less), least)
    factor = xp.divide(xp.where(is_far, weights.beta, math.nan), sums[0])
    slope = xp.multiply(xp.multiply(pair.p, xp.subtract(log_p, mean)), factor)
    return times(xp, slope, temperature) if scaled else over(xp, slope, temperature)


def logarithms(
    xp: Namespace,
    pair: Pair,
    sums: tuple[Array, Array],
    weights: Weights,
    temperature: float,
) -> tuple[Array, Array]:
    """log(p / m) and log(q / m), both from the smaller of p / q and q / p, so that none cancels."""
    of_sums = xp.subtract(*(xp.log(one) for one in sums))
    log_ratio = over(xp, difference_of(xp, pair.logits, pair.tops, Guard.NONE), temperature)
    log_ratio = xp.subtract(log_ratio, of_sums)
    is_more, width = xp.greater_equal(log_ratio, 0), xp.abs(log_ratio)
    less = xp.expm1(xp.negative(width))  # and m / p = 1 + gamma (q / p - 1)
    less = xp.where(is_more, xp.multiply(less, weights.gamma), xp.multiply(less, weights.beta))
    larger = xp.negative(xp.log1p(less))
    smaller = xp.subtract(larger, width)
    return xp.where(is_more, larger, smaller), xp.where(is_more, smaller, larger)
