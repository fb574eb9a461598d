"""KL(p || q) of rows of logits, exact where they nearly agree."""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over, over_square, times, times_square
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import (
    completed_ratio,
    difference,
    is_in_logits,
    is_small,
    quotient_of_small,
    row_sum,
    where_positive,
)
from kldiv_xp.formula.near_pairs import Pair, unrounded_pair


def kl_rows(
    xp: Namespace,
    input: Array,
    target: Array,
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> Array:
    """Divergence of every row, whose axis stays; times the square of the temperature if scaled."""
    pair = unrounded_pair(xp, input, target, temperature)
    p, d = pair.p, difference(xp, pair, guard)
    d = where_positive(xp, p, d, guard)
    sum_p = row_sum(xp, p)
    mean = xp.divide(row_sum(xp, xp.multiply(p, d)), sum_p)
    return by_mean(xp, (pair, d, sum_p, mean), temperature, scaled, guard)


def by_mean(
    xp: Namespace,
    parts: tuple[Pair, Array, Array, Array],
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> Array:
    """The same of the differences of the logits, the sum of p, and the mean of the differences.

    An error of the mean enters squared.
    """
    pair, d, sum_p, mean = parts
    p, shift = pair.p, over(xp, mean, temperature)
    # Means whose exponential may overflow are not subtracted: no log1p is needed there.
    is_far = xp.greater(shift, 8.0)
    numbers = mean, shift, is_far
    squares, rest = sums(xp, (p, pair.q, d), numbers, temperature, scaled, guard)
    squares, rest = xp.divide(squares, sum_p), xp.divide(rest, sum_p)
    near = near_value(xp, squares, xp.where(is_far, 0.0, rest), temperature, scaled)
    # Of rows that are far the rest is sum(q) / sum(p), whose logarithm the shift has not had.
    far = xp.add(mean, times(xp, xp.log(xp.where(is_far, rest, 1.0)), temperature))
    far = times(xp, far, temperature) if scaled else over(xp, far, temperature)
    return xp.where(is_far, far, near)


def near_value(
    xp: Namespace,
    squares: Array,
    rest: Array | None,
    temperature: float | Array,
    scaled: bool,
) -> Array:
    """log1p of the two sums of `sums`, times the square of the temperature if scaled."""
    in_nats = squares
    if is_in_logits(temperature, scaled):
        in_nats = over_square(xp, squares, temperature)
    excess = in_nats if rest is None else xp.add(in_nats, rest)
    log = xp.log1p(excess)
    if not is_in_logits(temperature, scaled):
        return times_square(xp, log, temperature) if scaled else log
    # Squares beyond the type are infinite, and so is the value.
    bend = xp.where(xp.less(excess, math.inf), quotient_of_small(xp, log, excess), 1.0)
    value = xp.multiply(squares, bend)
    if rest is None:
        return value
    bent = times(xp, xp.multiply(times(xp, rest, temperature), bend), temperature)
    return xp.add(value, bent)


def sums(
    xp: Namespace,
    arrays: tuple[Array, Array, Array],
    numbers: tuple[Array, Array, Array],
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> tuple[Array, Array]:
    """Sum of p h(d) where d is small, in logits times T**2, and of the rest; else both as one.

    The rest is p (d - 1) + p exp(-d), and of rows that are far the last alone, without the shift.
    """
    p, q, differences = arrays
    mean, shift, is_far = numbers
    centred = xp.subtract(differences, xp.where(is_far, 0.0, mean))
    d = over(xp, centred, temperature)
    factor = xp.exp(xp.where(is_far, 0.0, shift))
    small = xp.logical_and(is_small(xp, d), xp.logical_not(is_far))
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
    # The choice comes last: else XLA sums up within a kernel that takes coefficients as arrays.
    # 1024 x 32000 float32 with their gradient took 1250 MiB and 0.9 s, and take 500 and 0.45.
    squares = xp.multiply(kernel, xp.multiply(bent, bent))
    squares = row_sum(xp, xp.where(small, squares, 0.0))
    return squares, row_sum(xp, xp.where(small, 0.0, rest))
