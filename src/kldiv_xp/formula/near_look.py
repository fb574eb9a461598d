"""KL(p || q) of logits for those who look at what came out: no care where none is needed."""

import math
from collections.abc import Callable
from enum import IntEnum
from functools import partial

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import (
    Pair,
    over,
    pair_of,
    row_sum,
    times,
)
from kldiv_xp.formula.near_kl import NEAR, kl_of_pair


class Care(IntEnum):
    """What is done for rows that nearly agree; NaN stands for others."""

    NONE = 0
    """Nothing: they are NaN."""

    SMALL = 1
    """Rows with a log-ratio of more than SMALL are NaN."""

    FULL = 2


def attempts_at_kl(
    temperature: float | Array, scaled: bool, *, mirrored: bool
) -> list[Callable[..., Array]]:
    """Functions (xp, input, target) to KL(p || q), or to KL(q || p), from the cheapest one."""

    def attempt(care: Care, guard: Guard, xp: Namespace, input: Array, target: Array) -> Array:
        operands = (target, input) if mirrored else (input, target)
        return kl_with_a_look(xp, *operands, temperature, scaled, guard, care=care)

    return [
        partial(attempt, Care.NONE, Guard.NONE),
        partial(attempt, Care.SMALL, Guard.NONE),
        partial(attempt, Care.SMALL, Guard.FULL),
        partial(attempt, Care.FULL, Guard.FULL),
    ]


def kl_with_a_look(
    xp: Namespace,
    input: Array,
    target: Array,
    temperature: float,
    scaled: bool,
    guard: Guard,
    *,
    care: Care,
) -> Array:
    """KL(p || q) of every row, in which those that do not nearly agree need no care."""
    pair = pair_of(xp, input, target, temperature)
    value = kl_of_others(xp, pair, temperature, scaled, guard)
    if care is Care.NONE:
        return value
    only_small = care is Care.SMALL
    careful = kl_of_pair(xp, pair, temperature, scaled, guard, only_small=only_small).value
    return xp.where(xp.isnan(value), careful, value)


def kl_of_others(
    xp: Namespace, pair: Pair, temperature: float, scaled: bool, guard: Guard
) -> Array:
    """Sum p (log p - log q) where that is right to the last digits, NaN where it is not.

    Of the shifted logits, whose rounding has the same effect on both logarithms.
    """
    sum_p, sum_q = row_sum(xp, pair.p), row_sum(xp, pair.q)
    difference = xp.subtract(*pair.shifted)
    if guard is not Guard.NONE:
        difference = xp.where(xp.greater(pair.p, 0), difference, 0.0)
    mean = xp.divide(row_sum(xp, xp.multiply(difference, pair.p)), sum_p)
    constant = xp.log(xp.divide(sum_p, sum_q))
    value = xp.subtract(over(xp, mean, temperature), constant)
    is_other = xp.greater_equal(value, NEAR)
    if scaled:
        constant = times(xp, constant, temperature)
        value = times(xp, xp.subtract(mean, constant), temperature)
    return xp.where(is_other, value, math.nan)
