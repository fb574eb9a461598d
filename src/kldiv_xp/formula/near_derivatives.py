"""Derivatives of KL(p || q) by logits, exact of rows that nearly agree or are peaked."""

import math
from functools import partial

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over, times
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import (
    centre_of,
    difference,
    difference_about,
    expm1_ratio,
    is_small,
    row_sum,
    where_positive,
)
from kldiv_xp.formula.near_pairs import largest, unrounded, unrounded_pair
from kldiv_xp.formula.near_references import level_of_weights, relative_difference


def kl_input_gradient(
    xp: Namespace,
    input: Array,
    target: Array,
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> Array:
    """(q - p) / T; times T**2 if scaled.

    With e = expm1(-d), about any centre of d, q is proportional to p (1 + e), so that q - p =
    p (e - s) / (1 + s), where s = sum(p e): of rows that nearly agree nothing cancels.
    """
    pair = unrounded_pair(xp, input, target, temperature)
    p, q, d = pair.p, pair.q, difference(xp, pair, guard)
    d = where_positive(xp, p, d, guard)
    sum_p = row_sum(xp, p)
    mean = centre_of(xp, p, sum_p, d, temperature)
    centred, mean = difference_about(xp, pair.logits, pair.tops, mean, guard)
    centred = where_positive(xp, p, centred, guard)
    d = over(xp, centred, temperature)
    small = is_small(xp, d)
    if guard is not Guard.NONE:
        small = xp.logical_and(small, xp.greater(p, 0))
    # As q is: so no product of T overflows, and no sum of all q is needed.
    factor = xp.exp(over(xp, xp.negative(mean), temperature))
    part = xp.multiply(p, factor)
    short = xp.where(small, d, 0.0)
    # In logits T p e, in which no small difference is lost; over T twice XLA would divide by T**2.
    exact = xp.multiply(expm1_ratio(xp, short), part)
    exact = xp.multiply(exact, xp.where(small, centred, 0.0) if scaled else short)
    rise = xp.subtract(q, part)
    rise = xp.where(small, exact, times(xp, rise, temperature) if scaled else rise)
    mean_rise = xp.divide(row_sum(xp, rise), sum_p)
    return relative_rise(xp, p, sum_p, (rise, mean_rise, factor), temperature, scaled)


def relative_rise(
    xp: Namespace,
    p: Array,
    sum_p: Array,
    rises: tuple[Array, Array, float | Array],
    temperature: float | Array,
    scaled: bool,
) -> Array:
    """P (e - s) / (1 + s), from p e, s and 1, all of them times a factor: over T, or times T.

    P e and s are times T already if scaled.
    """
    rise, mean_rise, factor = rises
    share = over(xp, mean_rise, temperature) if scaled else mean_rise
    divisor = xp.multiply(sum_p, xp.add(share, factor))
    derivative = xp.divide(xp.subtract(rise, xp.multiply(p, mean_rise)), divisor)
    return derivative if scaled else over(xp, derivative, temperature)


def kl_target_gradient(
    xp: Namespace,
    input: Array,
    target: Array,
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> Array:
    """p (r - KL) / T, where r = log p - log q; times T**2 if scaled.

    Neither a normaliser of q nor the divergence is needed.
    """
    top = largest(xp, target)
    p = unrounded(xp, target, top, temperature)
    mean_of = partial(level_of_weights, xp, p, guard)
    relative, _ = relative_difference(xp, input, target, top, mean_of, guard)
    relative = where_positive(xp, p, relative, guard)
    if scaled:
        return weighted_deviation(xp, p, relative)
    # Over T twice at the end XLA would divide by T**2.
    derivative = weighted_deviation(xp, p, over(xp, relative, temperature))
    return over(xp, derivative, temperature)


def weighted_deviation(xp: Namespace, weights: Array, values: Array) -> Array:
    """W (v - sum(W v)), where W are weights over their sum.

    Values are those relative to the one of the largest weight, if that is more than a half: its own
    deviation would cancel otherwise, of peaked rows it had an error of 8e-3.
    """
    total = row_sum(xp, weights)
    mean = xp.divide(row_sum(xp, xp.multiply(weights, values)), total)
    return xp.multiply(xp.divide(weights, total), xp.subtract(values, mean))


def weighted_derivative(
    xp: Namespace,
    weights: Array,
    values: Array,
    share: float | Array,
    temperature: float | Array,
    scaled: bool,
) -> Array:
    """A share of `weighted_deviation` over T, or times T."""
    if not (isinstance(share, float) and isinstance(temperature, float)):
        derivative = xp.multiply(weighted_deviation(xp, weights, values), share)
        return times(xp, derivative, temperature) if scaled else over(xp, derivative, temperature)
    # A share, or a weight, may leave nothing of what a small temperature makes large.
    factor = share * temperature if scaled else share / temperature
    first = math.sqrt(factor) if factor > 2.0**60 else 1.0
    derivative = weighted_deviation(xp, weights, times(xp, values, first))
    return times(xp, derivative, factor / first)
