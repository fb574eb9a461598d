"""Jensen-Shannon divergences of rows of logits that differ, as those of `far_rows`."""

import math
from collections.abc import Callable
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over, times, times_square
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_equal import difference_of, row_sum
from kldiv_xp.formula.near_pairs import Pair, pair_of, unrounded_pair

NEAR_MIXTURE = 0.05
"""Divergences from here on need no care."""

NEAR_MIXTURE_DERIVATIVE = 0.05
"""The same of the square of p (log(p / m) - KL(p || m)), relative to p's and p log(p / m)'s."""


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
    """beta p (log(p / m) - KL(p || m)) / T with respect to the target (1), and that of q (0)."""
    pair = unrounded_pair(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    logs = logarithms(xp, pair, sums, weights, temperature, near=False)
    side = side_of(xp, pair, sums, logs, weights, place)
    least = xp.multiply(xp.add(side.squares, side.of_products), NEAR_MIXTURE_DERIVATIVE)
    return side.derivative(xp, least, temperature, scaled)


LARGEST_RATIO = 80.0
"""Logarithm of a quotient whose exponential overflows no type; p is of no weight there."""


class Side(NamedTuple):
    """One of the two distributions of a mixture, and what its derivative is made of."""

    weight: float | Array
    p: Array
    total: Array
    log: Array
    """log(p / m)."""
    mean: Array
    """KL(p || m)."""
    squares: Array
    """Sum of p**2; of what follows too, p is not divided by its total."""
    of_products: Array
    """Sum of (p log(p / m))**2."""
    length: Array
    """Sum of (p (log(p / m) - mean))**2."""

    def derivative(self, xp: Namespace, least: Array, temperature: float, scaled: bool) -> Array:
        """Derivative with respect to the logits, where its length is not too small."""
        is_long = xp.greater_equal(self.length, least)
        factor = xp.divide(xp.where(is_long, self.weight, math.nan), self.total)
        derivative = xp.multiply(xp.multiply(self.p, xp.subtract(self.log, self.mean)), factor)
        return times(xp, derivative, temperature) if scaled else over(xp, derivative, temperature)


def side_of(
    xp: Namespace,
    pair: Pair,
    sums: tuple[Array, Array],
    logs: tuple[Array, Array],
    weights: Weights,
    place: int,
) -> Side:
    """The side of the target (1), or of the input (0)."""
    if place:
        return measured(xp, weights.beta, pair.p, sums[0], logs[0])
    return measured(xp, weights.gamma, pair.q, sums[1], logs[1])


def measured(xp: Namespace, weight: float | Array, p: Array, total: Array, log: Array) -> Side:
    """A side, whose p is not divided by its total."""
    products = xp.multiply(p, log)
    mean = xp.divide(row_sum(xp, products), total)
    squares, of_products, length = squares_about(xp, p, products, mean)
    return Side(weight, p, total, log, mean, squares, of_products, length)


def squares_about(
    xp: Namespace, p: Array, products: Array, mean: Array
) -> tuple[Array, Array, Array]:
    """Sums of p**2, of (p v)**2, and of (p (v - mean))**2, from products p v."""
    squares, of_both = (row_sum(xp, xp.multiply(p, one)) for one in (p, products))
    of_products = row_sum(xp, xp.multiply(products, products))
    less = xp.multiply(xp.subtract(xp.multiply(squares, mean), xp.multiply(of_both, 2.0)), mean)
    return squares, of_products, xp.add(of_products, less)


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
