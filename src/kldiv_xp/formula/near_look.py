"""Divergences of logits where values may be looked at: each row in the cheapest right form.

Functions (xp, input, target) to rows, or to their derivatives, NaN where a form is not enough.  The
form that a row gets depends on that row alone.
"""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over, times_square
from kldiv_xp.formula.far_mixtures import NEAR_MIXTURE
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_derivatives import relative_rise
from kldiv_xp.formula.near_equal import (
    completed_ratio,
    difference_about,
    difference_of,
    expm1_ratio,
    is_in_logits,
    is_small,
    row_sum,
    where_positive,
)
from kldiv_xp.formula.near_kl import near_value
from kldiv_xp.formula.near_pairs import Pair, computed_anew, largest, pair_of, unrounded

SEEN, WIDEST, WIDEST_MIXTURE = 256, 2.5, 3.5
"""Classes that are looked at, and how far apart the log-ratios of a close row may be there.

Normal log-ratios whose KL is 1/16 are 2.0 apart, those whose Jensen-Shannon is 1/20 are 3.5.
"""


def looks_close(
    xp: Namespace, input: Array, target: Array, temperature: float, widest: float = WIDEST
) -> Array:
    """Whether a row is worth an attempt at `close_kl`."""
    seen = xp.subtract(target[..., :SEEN], input[..., :SEEN])
    width = xp.subtract(xp.max(seen, axis=-1), xp.min(seen, axis=-1))
    return xp.less_equal(over(xp, width, temperature), widest)


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


def close_derivative(
    xp: Namespace, input: Array, target: Array, *, temperature: float, scaled: bool
) -> Array:
    """Derivative with respect to the input, as that of `near_derivatives`."""
    p, sum_p, centred, d = close_parts(xp, input, target, temperature)
    rise = xp.multiply(xp.multiply(expm1_ratio(xp, d), centred if scaled else d), p)
    mean_rise = xp.divide(row_sum(xp, rise), sum_p)
    mean_rise = if_small(xp, d, mean_rise)
    return relative_rise(xp, p, sum_p, (rise, mean_rise, 1.0), temperature, scaled)


def close_parts(
    xp: Namespace, input: Array, target: Array, temperature: float
) -> tuple[Array, Array, Array, Array]:
    """Unnormalised p, its sum, the centred differences of the logits, and those over T."""
    top = largest(xp, target)
    p = unrounded(xp, target, top, temperature)
    sum_p = row_sum(xp, p)
    logits, tops = (target, input), (top, largest(xp, input))
    differences = difference_of(xp, logits, tops, Guard.NONE)
    mean = xp.divide(row_sum(xp, xp.multiply(p, differences)), sum_p)
    centred, subtracted = difference_about(xp, logits, tops, mean, Guard.NONE)
    # What is left of the mean enters the value as its square does: 2e-5 of a divergence of 5e-9.
    centred = xp.subtract(centred, xp.subtract(mean, subtracted))
    return p, sum_p, centred, over(xp, centred, temperature)


def if_small(xp: Namespace, d: Array, numbers: Array) -> Array:
    """Numbers of rows; NaN where a log-ratio is too large for the rational functions."""
    least = xp.min(d, axis=-1, keepdims=True)
    small = xp.logical_and(is_small(xp, largest(xp, d)), is_small(xp, least))
    return xp.where(small, numbers, math.nan)


def js_of_logarithms(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    weights: Weights,
    temperature: float,
    scaled: bool,
    near: float = NEAR_MIXTURE,
    guard: Guard = Guard.NONE,
    anew: bool = False,
) -> Array:
    """beta KL(p || m) + gamma KL(q || m) as `far_js` has it, in fewer steps over whole arrays."""
    pair = pair_of(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    pair = computed_anew(xp, pair, temperature) if anew else pair
    both, log_m = mixed(xp, pair, sums, weights)
    sides = [
        row_sum(xp, xp.multiply(log_over(xp, *side, log_m, temperature, guard), side[1]))
        for side in zip(pair.shifted, both, sums, strict=True)
    ]
    rows = xp.add(xp.multiply(sides[0], weights.beta), xp.multiply(sides[1], weights.gamma))
    # Infinite where half of a subnormal number is 0, which has no logarithm.
    is_right = xp.logical_and(xp.greater_equal(rows, near), xp.less(rows, math.inf))
    # Not the minimum, for which array-api-compat asks torch.compile for the type of a number.
    most = xp.where(xp.less(rows, weights.most), rows, weights.most)
    rows = xp.where(is_right, most, math.nan)
    return times_square(xp, rows, temperature) if scaled else rows


def mixed(
    xp: Namespace, pair: Pair, sums: tuple[Array, Array], weights: Weights
) -> tuple[tuple[Array, Array], Array]:
    """Two distributions, of exponentials and their sums, and the logarithm of their mixture."""
    p, q = xp.divide(pair.p, sums[0]), xp.divide(pair.q, sums[1])
    log_m = xp.log(xp.add(xp.multiply(p, weights.beta), xp.multiply(q, weights.gamma)))
    return (p, q), log_m


def log_over(
    xp: Namespace,
    shifted: Array,
    p: Array,
    total: Array,
    log_m: Array,
    temperature: float,
    guard: Guard,
) -> Array:
    """log(p / m), of the shifted logits of p."""
    log = xp.subtract(xp.subtract(over(xp, shifted, temperature), xp.log(total)), log_m)
    return where_positive(xp, p, log, guard)
