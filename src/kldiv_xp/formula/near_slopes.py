"""Derivatives of KL(p || q) by logits, exact of rows that nearly agree or are peaked."""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import (
    SMALL,
    difference,
    expm1_ratio,
    largest,
    over,
    pair_of,
    row_sum,
    times,
)
from kldiv_xp.formula.near_kl import NEAR, kl_rows


def at_the_top(xp: Namespace, weights: Array, values: Array) -> Array:
    """Value in each row that has the largest weight, which is 1."""
    return largest(xp, xp.where(xp.equal(weights, 1), values, -math.inf))


def weighted_deviation(xp: Namespace, weights: Array, values: Array) -> Array:
    """W (v - sum(W v)), where W are weights over their sum.

    Values are those relative to the one of the largest weight, whose own deviation would cancel
    otherwise: of peaked rows it had an error of 8e-3.
    """
    total = row_sum(xp, weights)
    mean = xp.divide(row_sum(xp, xp.multiply(weights, values)), total)
    return xp.multiply(xp.divide(weights, total), xp.subtract(values, mean))


def kl_input_gradient(
    xp: Namespace,
    input: Array,
    target: Array,
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> Array:
    """(q - p) / T = p expm1(-r) / T, where r = log p - log q; times T**2 if scaled."""
    rows = kl_rows(xp, input, target, temperature, scaled, guard)
    p, q, differences = rows.p, rows.q, rows.difference
    sum_q = row_sum(xp, q)
    # The constant of r: of near rows by the mean, which is small, of others by the normalisers.
    near = xp.less(rows.log_ratio, NEAR)
    near = xp.logical_and(near, xp.logical_not(rows.is_far))
    constant = xp.subtract(log_sum(xp, q, sum_q), log_sum(xp, p, rows.sum_p))
    constant = xp.where(near, rows.log_ratio, constant)
    centred = xp.subtract(differences, xp.where(near, rows.mean, 0.0))
    r = xp.add(over(xp, centred, temperature), constant)
    small = xp.less_equal(xp.abs(r), SMALL)
    if guard is not Guard.NONE:
        small = xp.logical_and(small, xp.greater(p, 0))
    p = xp.divide(p, rows.sum_p)
    beyond = xp.subtract(xp.divide(q, sum_q), p)
    short = xp.where(small, r, 0.0)
    kernel = xp.multiply(expm1_ratio(xp, short), p)
    if not scaled:
        return over(xp, xp.where(small, xp.multiply(kernel, short), beyond), temperature)
    lift = xp.where(near, over(xp, rows.value, temperature), times(xp, constant, temperature))
    moved = xp.where(small, xp.add(centred, lift), 0.0)
    return xp.where(small, xp.multiply(kernel, moved), times(xp, beyond, temperature))


def log_sum(xp: Namespace, weights: Array, total: Array) -> Array:
    """Logarithm of the sum of weights, of which the largest is 1, exact where it is near 0."""
    others = row_sum(xp, xp.where(xp.equal(weights, 1), 0.0, weights))
    return xp.log1p(xp.where(xp.less(total, 1.5), others, xp.subtract(total, 1.0)))


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
    pair = pair_of(xp, input, target, temperature)
    p, differences = pair.p, difference(xp, pair, guard)
    relative = xp.subtract(differences, at_the_top(xp, p, differences))
    if guard is not Guard.NONE:
        relative = xp.where(xp.greater(p, 0), relative, 0.0)
    slope = weighted_deviation(xp, p, relative)
    return slope if scaled else over(xp, over(xp, slope, temperature), temperature)
