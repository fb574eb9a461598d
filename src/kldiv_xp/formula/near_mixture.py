"""The generalised Jensen-Shannon divergence of logits, exact where rows nearly agree.

With m = beta p + gamma q, every entry of beta p log(p / m) + gamma q log(q / m) is positive by
itself once 0 = m - beta p - gamma q is added to it.  Value above, derivative below.
"""

import math
from functools import partial
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import filled, over, times, times_square
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_derivatives import (
    weighted_derivative,
    weighted_deviation,
)
from kldiv_xp.formula.near_equal import (
    completed_ratio,
    expm1_ratio,
    is_in_logits,
    is_small,
    quotient_of_small,
    row_sum,
)
from kldiv_xp.formula.near_half import (
    Softmaxes,
    at_most,
    half_of_quotient,
    limited_differences,
    softmaxes_of,
)
from kldiv_xp.formula.near_pairs import largest, unrounded
from kldiv_xp.formula.near_references import level_of_mean, relative_difference
from kldiv_xp.formula.small_divisors import quotient_of_probabilities, small_share


class Logarithms(NamedTuple):
    """log(p / m) and log(q / m), and the same times the temperature."""

    p: Array
    q: Array
    p_in_logits: Array
    q_in_logits: Array


def logarithms(
    xp: Namespace, s: Softmaxes, weights: Weights, in_logits: bool, guard: Guard
) -> Logarithms:
    """Logarithms of two distributions over their mixture m = beta p + gamma q."""
    beta, gamma, _ = weights
    m = xp.add(xp.multiply(s.p, beta), xp.multiply(s.q, gamma))
    both = quotient_of_probabilities(xp, xp.add(s.p, s.q), m, guard)
    w = xp.multiply(both, s.tangent)  # (p - q) / m
    to_p, to_q = xp.multiply(w, gamma), xp.multiply(xp.negative(w), beta)
    near_p, near_q = (xp.greater_equal(one, -0.5) for one in (to_p, to_q))
    sides = ((to_p, near_p), (to_q, near_q))
    log_p, log_q = (xp.log1p(xp.where(near, one, 0.0)) for one, near in sides)
    first = xp.where(near_p, log_p, xp.add(s.log_ratio, log_q))
    last = xp.where(near_q, log_q, xp.subtract(log_p, s.log_ratio))
    if not in_logits:
        return Logarithms(first, last, first, last)
    steep = xp.multiply(s.in_logits, half_of_quotient(xp, s.tangent, s.log_ratio))
    w = xp.multiply(both, xp.where(xp.less(xp.abs(s.log_ratio), math.inf), steep, 0.0))
    scaled_p = xp.multiply(xp.multiply(w, gamma), quotient_of_small(xp, log_p, to_p))
    scaled_q = xp.multiply(xp.multiply(xp.negative(w), beta), quotient_of_small(xp, log_q, to_q))
    return Logarithms(
        first,
        last,
        xp.where(near_p, scaled_p, xp.add(s.in_logits, scaled_q)),
        xp.where(near_q, scaled_q, xp.subtract(scaled_p, s.in_logits)),
    )


def js(
    xp: Namespace,
    input: Array,
    target: Array,
    weights: Weights,
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> Array:
    """Divergence of every row, whose axis stays."""
    beta, gamma, most = weights
    in_logits = is_in_logits(temperature, scaled)
    both = softmaxes_of(xp, input, target, temperature, guard)
    logs = logarithms(xp, both, weights, in_logits, guard)
    rise = xp.subtract(both.q, both.p)  # m - p = gamma (q - p)
    scale = temperature if in_logits else 1.0
    rise, fall = xp.multiply(rise, gamma), xp.multiply(xp.negative(rise), beta)
    of_p = completed(xp, both.p, (logs.p, logs.p_in_logits), rise, scale, beta)
    of_q = completed(xp, both.q, (logs.q, logs.q_in_logits), fall, scale, gamma)
    return at_most(xp, row_sum(xp, xp.add(of_p, of_q)), most, temperature, scaled)


def completed(
    xp: Namespace,
    p: Array,
    logs: tuple[Array, Array],
    rise: Array,
    scale: float | Array,
    weight: float | Array,
) -> Array:
    """P log(p / m) + m - p, where `rise` is m - p; times a weight and the square of the scale."""
    log, in_logits = logs
    positive = xp.greater(p, 0)
    small = xp.logical_and(is_small(xp, log), positive)
    short = xp.where(small, in_logits, 0.0)  # whose square may overflow
    square = xp.multiply(xp.multiply(short, p), xp.multiply(short, weight))
    near = xp.multiply(square, completed_ratio(xp, xp.where(small, log, 0.0)))
    far = xp.add(xp.multiply(p, xp.where(positive, log, 0.0)), rise)
    return xp.where(small, near, times_square(xp, far, scale, weight))


def js_target_gradient(
    xp: Namespace,
    input: Array,
    target: Array,
    weights: Weights,
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> Array:
    """Beta p (l - sum(p l)) / T, where l = log(p / m); times T**2 if scaled.

    l is that of one class, the most probable or a mean one, plus log1p(gamma (q / m) expm1(e)),
    where e says how much larger log p - log q is: so it is exact where rows nearly agree and where
    they share nothing, and l the same log(1 / beta) everywhere.
    """
    beta, gamma, _ = weights
    in_logits = is_in_logits(temperature, scaled)
    both = softmaxes_of(xp, input, target, temperature, guard)
    exponentials = both.exponentials
    p, q = both.p, both.q
    m = xp.add(xp.multiply(p, beta), xp.multiply(q, gamma))
    over_m = partial(quotient_of_probabilities, xp, divisor=m, guard=guard)
    share = small_share(xp, q, m, gamma, guard)
    top = largest(xp, target)
    mean_of = partial(level_of_mean, xp, both, largest(xp, input), weights, temperature)
    moved, least = relative_difference(xp, input, target, top, mean_of, guard, temperature)
    # q / p: not the exponential of its logarithm, whose rounding made an error of 1e-6.
    at_top = unrounded(xp, least, largest(xp, input), temperature)
    inverse = xp.multiply(at_top, both.quotient)
    if guard is not Guard.NONE:
        moved = limited_differences(xp, moved, xp.add(p, q), temperature)
    e = over(xp, moved, temperature)
    small = is_small(xp, e)
    short = xp.where(small, e, 0.0)
    kernel = xp.multiply(expm1_ratio(xp, xp.negative(short)), xp.negative(share))
    gap = xp.subtract(xp.multiply(p, inverse), q)
    rise = small_share(xp, gap, m, gamma, guard)
    x = xp.where(small, xp.multiply(kernel, short), rise)
    near = xp.greater_equal(x, -0.5)
    at_p = xp.add(xp.multiply(inverse, gamma), beta)  # m / p of the top
    y = xp.multiply(p, at_p)
    # Of y / m, or gamma q / m: of q / m, as of log p - log q, a small gamma took the digits.
    # Where XLA makes 0 of a subnormal y it is not direct: the logarithm of 0 would be infinite.
    direct = xp.logical_and(xp.greater_equal(y, xp.multiply(m, 1 / 16)), xp.greater(y, 0))
    far = xp.where(direct, xp.subtract(y, m), xp.multiply(p, -beta))
    log = xp.log1p(xp.where(near, x, over_m(far)))
    # Of two that are the same but for a number of the row, the smaller.
    is_q = xp.greater(xp.multiply(inverse, gamma), beta)
    at_q = xp.divide(at_p, xp.where(is_q, inverse, 1.0))
    part = filled(xp, at_p, gamma)
    part = xp.where(xp.greater(part, 0), part, 1.0)
    to_top = xp.log(xp.divide(xp.where(is_q, at_q, at_p), part))
    indirect = xp.add(xp.add(log, xp.where(is_q, e, both.log_ratio)), to_top)
    value = xp.where(xp.logical_or(near, direct), log, indirect)
    if guard is Guard.NONE:  # no choice may hide that this form is not enough
        value = xp.where(xp.equal(e, e), value, math.nan)
    if in_logits:
        curve = quotient_of_small(xp, log, x)
        exact = xp.multiply(xp.multiply(kernel, xp.where(small, moved, 0.0)), curve)
        value = xp.where(xp.logical_and(near, small), exact, times(xp, value, temperature))
    value = xp.where(xp.greater(p, 0), value, 0.0)
    if not in_logits:
        return weighted_derivative(xp, exponentials, value, beta, temperature, scaled)
    return xp.multiply(weighted_deviation(xp, exponentials, value), beta)
