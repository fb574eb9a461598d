"""KL(p || q) of rows of logits, exact where they nearly agree."""

import math
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import (
    SMALL,
    Pair,
    completed_ratio,
    difference,
    is_in_logits,
    largest,
    over,
    pair_of,
    quotient_of_small,
    row_sum,
    times,
)

NEAR = 0.0625
"""Divergences from here on need no care: those of float32 have errors of up to 5e-6."""

FAR = 8.0
"""Means from here on, whose exponential may overflow, are not subtracted: no log1p is needed."""


class Rows(NamedTuple):
    """What value and derivatives have in common: two rows, and numbers of each row."""

    p: Array
    q: Array
    difference: Array
    sum_p: Array
    is_far: Array
    mean: Array
    """Mean of the differences, in the unit of the logits."""
    log_ratio: Array
    """Divergence of rows that are near, in nats; log(sum q / sum p) of those that are far."""
    value: Array
    """Divergence, in nats or times the square of the temperature."""


def kl_rows(
    xp: Namespace,
    input: Array,
    target: Array,
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> Rows:
    """Divergence of every row, and what its derivatives need."""
    return kl_of_pair(xp, pair_of(xp, input, target, temperature), temperature, scaled, guard)


def kl_of_pair(
    xp: Namespace,
    pair: Pair,
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
    *,
    only_small: bool = False,
) -> Rows:
    """Divergence of two rows of logits that are known with their exponentials."""
    p, q, d = pair.p, pair.q, difference(xp, pair, guard)
    if guard is not Guard.NONE:
        d = xp.where(xp.greater(p, 0), d, 0.0)
    sum_p = row_sum(xp, p)
    mean = xp.divide(row_sum(xp, xp.multiply(p, d)), sum_p)
    shift = over(xp, mean, temperature)
    is_far = xp.greater(shift, FAR)
    squares, rest = sums(
        xp, (p, q, d), (mean, shift, is_far), temperature, scaled, guard, only_small
    )
    squares, rest = xp.divide(squares, sum_p), xp.divide(rest, sum_p)
    in_nats = squares
    if is_in_logits(temperature, scaled):
        in_nats = over(xp, over(xp, squares, temperature), temperature)
    excess = xp.where(is_far, 0.0, xp.add(in_nats, rest))
    log_far, log_near = xp.log(xp.where(is_far, rest, 1.0)), xp.log1p(excess)
    log_ratio = xp.where(is_far, log_far, log_near)
    if not scaled:
        value = xp.where(is_far, xp.add(shift, log_far), log_near)
        return Rows(p, q, d, sum_p, is_far, mean, log_ratio, value)
    far = times(xp, xp.add(mean, times(xp, log_far, temperature)), temperature)
    near = times(xp, times(xp, log_near, temperature), temperature)
    if is_in_logits(temperature, scaled):
        bend = quotient_of_small(xp, log_near, excess)
        there = times(xp, xp.multiply(times(xp, rest, temperature), bend), temperature)
        near = xp.add(xp.multiply(squares, bend), there)
    return Rows(p, q, d, sum_p, is_far, mean, log_ratio, xp.where(is_far, far, near))


def sums(
    xp: Namespace,
    arrays: tuple[Array, Array, Array],
    numbers: tuple[Array, Array, Array],
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
    only_small: bool,
) -> tuple[Array, Array]:
    """Sum of p h(d) where d is small, in logits times T**2, and of the rest; else both as one.

    The rest is p (d - 1) + p exp(-d), and of rows that are far the last alone, without the shift.
    """
    p, q, differences = arrays
    mean, shift, is_far = numbers
    centred = xp.subtract(differences, xp.where(is_far, 0.0, mean))
    d = over(xp, centred, temperature)
    factor = xp.exp(xp.where(is_far, 0.0, shift))
    if only_small:
        squares = sum_of_small(xp, p, centred, d, temperature, scaled)
        # What has no probability has d = 0 here, and p exp(-d) is not 0.
        rest = xp.where(xp.greater(p, 0), 0.0, q) if guard is not Guard.NONE else None
        zeros = xp.multiply(factor, 0.0)
        return squares, zeros if rest is None else xp.multiply(row_sum(xp, rest), factor)
    small = xp.logical_and(xp.less_equal(xp.abs(d), SMALL), xp.logical_not(is_far))
    if guard is not Guard.NONE:
        small = xp.logical_and(small, xp.greater(p, 0))
    first = xp.where(is_far, 0.0, xp.multiply(p, xp.subtract(d, 1.0)))
    rest = xp.add(first, xp.multiply(q, factor))
    short = xp.where(small, d, 0.0)
    kernel = xp.multiply(completed_ratio(xp, short), p)
    if not is_in_logits(temperature, scaled):
        squares = xp.multiply(kernel, xp.multiply(short, short))
        every = row_sum(xp, xp.where(small, squares, rest))
        # The factor, 1 there, is used twice: else Inductor computes it again for every entry.
        alone = xp.where(is_far, xp.multiply(every, factor), 0.0)
        return xp.where(is_far, 0.0, every), alone
    bent = xp.where(small, centred, 0.0)
    squares = row_sum(xp, xp.multiply(kernel, xp.multiply(bent, bent)))
    return squares, row_sum(xp, xp.where(small, 0.0, rest))


def sum_of_small(
    xp: Namespace, p: Array, centred: Array, d: Array, temperature: float | Array, scaled: bool
) -> Array:
    """Sum of p h(d) of rows in which every d is small, in logits times T**2; NaN of others."""
    kernel = xp.multiply(completed_ratio(xp, d), p)
    bent = centred if is_in_logits(temperature, scaled) else d
    squares = row_sum(xp, xp.multiply(xp.multiply(kernel, bent), bent))
    least = xp.min(d, axis=-1, keepdims=True)
    too_large = xp.logical_or(xp.greater(largest(xp, d), SMALL), xp.less(least, -SMALL))
    return xp.where(too_large, math.nan, squares)
