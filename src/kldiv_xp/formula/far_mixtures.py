"""Jensen-Shannon divergences of rows of logits that differ, as those of `far_rows`."""

import math
from collections.abc import Callable

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over, times, times_square
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.mixture_sides import side_of
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_equal import difference_of, row_sum
from kldiv_xp.formula.near_pairs import Pair, pair_of, unrounded_pair

NEAR_MIXTURE = 0.05
"""Divergences from here on need no care."""

LEAST_LENGTH = 0.2
"""The same of the square of p (v - mean), relative to those of p v and of p times the mean."""


def far_js(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    weights: Weights,
    temperature: float,
    scaled: bool,
    exponentials: Callable[..., Pair] = pair_of,
) -> Array:
    """beta KL(p || m) + gamma KL(q || m) where that is right to the last digits."""
    pair = exponentials(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    logs = logarithms(xp, pair, sums, weights, temperature, near=False)
    of_p, of_q = (
        xp.divide(row_sum(xp, xp.multiply(one, log)), total)
        for one, log, total in zip((pair.p, pair.q), logs, sums, strict=True)
    )
    rows = xp.add(xp.multiply(of_p, weights.beta), xp.multiply(of_q, weights.gamma))
    rows = xp.minimum(rows, weights.most)
    rows = xp.where(xp.greater_equal(rows, NEAR_MIXTURE), rows, math.nan)
    return times_square(xp, rows, temperature) if scaled else rows


def far_js_derivative(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    place: int,
    weights: Weights,
    temperature: float,
    scaled: bool,
) -> Array:
    """beta p (log(p / m) - KL(p || m)) / T with respect to the target (1), and that of q (0).

    Log(beta p / m) is as good, and small where the other lacks a class: so rows that share little
    lose no digits.
    """
    pair = unrounded_pair(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    log = log_of_share(xp, pair, sums, weights, place)
    side = side_of(xp, pair, sums, log, weights, place)
    of_mean = xp.multiply(xp.multiply(side.mean, side.mean), side.squares)
    least = xp.multiply(xp.add(side.of_products, of_mean), LEAST_LENGTH)
    return side.derivative(xp, least, temperature, scaled)


def log_of_share(
    xp: Namespace, pair: Pair, sums: tuple[Array, Array], weights: Weights, place: int
) -> Array:
    """log(beta p / m) of the target (1), log(gamma q / m) of the input (0); 0 where that is 0."""
    own, other = (pair.p, pair.q) if place else (pair.q, pair.p)
    total, of_other = sums if place else sums[::-1]
    weight, rest = (weights.beta, weights.gamma) if place else (weights.gamma, weights.beta)
    is_none = xp.equal(own, 0)
    ratio = xp.divide(xp.where(is_none, 0.0, other), xp.where(is_none, 1.0, own))
    # Not the minimum, for which array-api-compat asks torch.compile for the type of a number.
    ratio = xp.where(xp.greater(ratio, MOST_RATIO), MOST_RATIO, ratio)
    factor = xp.multiply(xp.divide(total, of_other), rest / weight)
    return xp.negative(xp.log1p(xp.multiply(ratio, factor)))


MOST_RATIO = 1e30
"""Largest quotient of two probabilities; from here on the divisor is negligible."""

LARGEST_RATIO = 80.0
"""Logarithm of a quotient whose exponential overflows no type; p is of no weight there."""


def logarithms(
    xp: Namespace,
    pair: Pair,
    sums: tuple[Array, Array],
    weights: Weights,
    temperature: float,
    *,
    near: bool,
) -> tuple[Array, Array]:
    """log(p / m) and log(q / m), both from the smaller of p / q and q / p, so that none cancels.

    With `near` they are relatively exact, but for the same error of all classes.
    """
    log_ratio = log_ratio_of(xp, pair, sums, temperature)
    is_more, width = xp.greater_equal(log_ratio, 0), xp.abs(log_ratio)
    beta, gamma, _ = weights
    if near:  # m / p = 1 + gamma (q / p - 1)
        less = xp.expm1(xp.negative(width))
        less = xp.where(is_more, xp.multiply(less, gamma), xp.multiply(less, beta))
        larger = xp.negative(xp.log1p(less))
    else:
        share = xp.exp(xp.negative(width))
        of_p, of_q = (
            xp.add(xp.multiply(share, one), other) for one, other in ((gamma, beta), (beta, gamma))
        )
        larger = xp.negative(xp.log(xp.where(is_more, of_p, of_q)))
    smaller = xp.subtract(larger, width)
    return xp.where(is_more, larger, smaller), xp.where(is_more, smaller, larger)


def log_ratio_of(xp: Namespace, pair: Pair, sums: tuple[Array, Array], temperature: float) -> Array:
    """log(p / q), with the opposite sign, to the bit, where the two change places; none infinite.

    Each of the two maxima is moved by half of the centre, for that.
    """
    of_sums = xp.subtract(*(xp.log(one) for one in sums))
    half = times(xp, xp.multiply(of_sums, 0.5), temperature)
    (top_p, top_q), tops = pair.tops, (xp.add(pair.tops[0], half), xp.subtract(pair.tops[1], half))
    differences = difference_of(xp, pair.logits, tops, Guard.NONE)
    centre = xp.add(xp.subtract(tops[0], top_p), xp.subtract(top_q, tops[1]))
    rest = xp.subtract(over(xp, centre, temperature), of_sums)
    log_ratio = xp.add(over(xp, differences, temperature), rest)
    log_ratio = xp.where(xp.equal(pair.p, 0), -LARGEST_RATIO, log_ratio)
    return xp.where(xp.equal(pair.q, 0), LARGEST_RATIO, log_ratio)
