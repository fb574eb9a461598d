"""Divergences of rows in a type with twice the digits of their logits: one form for nearly all.

The forms of rows that differ lose as many digits as a divergence is small; of float64 there are 29
binary ones to lose before float32 misses any.  Functions (xp, input, target), NaN where those are
not enough.
"""

import math
from functools import partial

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over, times
from kldiv_xp.formula.far_mixtures import NEAR_MIXTURE
from kldiv_xp.formula.far_rows import NEAR, NEAR_DERIVATIVE, far_kl
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.mixture_sides import Side, measured
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_equal import row_sum, where_positive
from kldiv_xp.formula.near_look import js_of_logarithms, log_over, mixed
from kldiv_xp.formula.near_pairs import largest, pair_of

LEAST_VALUE, LEAST_DERIVATIVE = 2.0**-24, 2.0**-40
"""How much smaller a divergence may be, and the square of a derivative: errors of 1e-7."""

LEAST_SQUARE = 0.05 * LEAST_DERIVATIVE
"""Square of a derivative of a mixture, relative to those of p and p log(p / m)."""

wide_kl = partial(far_kl, near=NEAR * LEAST_VALUE)
wide_js = partial(js_of_logarithms, near=NEAR_MIXTURE * LEAST_VALUE)


def wide_input_derivative(
    xp: Namespace, input: Array, target: Array, *, temperature: float, scaled: bool
) -> Array:
    """(q - p) / T, which is long enough in itself."""
    pair = pair_of(xp, input, target, temperature)
    p, q = xp.divide(pair.p, row_sum(xp, pair.p)), xp.divide(pair.q, row_sum(xp, pair.q))
    derivative = xp.subtract(q, p)
    squares = row_sum(xp, xp.multiply(p, p))
    length = row_sum(xp, xp.multiply(derivative, derivative))
    is_long = xp.greater_equal(length, xp.multiply(squares, NEAR_DERIVATIVE * LEAST_DERIVATIVE))
    derivative = xp.where(is_long, derivative, math.nan)
    return times(xp, derivative, temperature) if scaled else over(xp, derivative, temperature)


def wide_target_derivative(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    temperature: float,
    scaled: bool,
    guard: Guard = Guard.NONE,
) -> Array:
    """p (log(p / q) - KL(p || q)) / T, for which a number of the whole row makes no difference."""
    of_p, of_q = xp.subtract(target, largest(xp, target)), xp.subtract(input, largest(xp, input))
    p = xp.exp(over(xp, of_p, temperature))
    log_ratio = where_positive(xp, p, over(xp, xp.subtract(of_p, of_q), temperature), guard)
    side = measured(xp, 1.0, p, row_sum(xp, p), log_ratio)
    return long_derivative(xp, side, temperature, scaled)


def wide_js_derivative(
    xp: Namespace,
    input: Array,
    target: Array,
    *,
    place: int,
    weights: Weights,
    temperature: float,
    scaled: bool,
    guard: Guard = Guard.NONE,
) -> Array:
    """As `far_js_derivative`, by the logarithm of the mixture."""
    pair = pair_of(xp, input, target, temperature)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    _, log_m = mixed(xp, pair, sums, weights)
    own = 1 - place
    weight, p = (weights.beta, pair.p) if place else (weights.gamma, pair.q)
    log = log_over(xp, pair.shifted[own], p, sums[own], log_m, temperature, guard)
    return long_derivative(xp, measured(xp, weight, p, sums[own], log), temperature, scaled)


def long_derivative(xp: Namespace, side: Side, temperature: float, scaled: bool) -> Array:
    """Derivative of a side, where its length is not too small."""
    least = xp.multiply(xp.add(side.squares, side.of_products), LEAST_SQUARE)
    return side.derivative(xp, least, temperature, scaled)
