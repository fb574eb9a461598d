"""Bounds of the factors of terms, from which a sum with the same bits takes its units."""

import math

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.scale import as_float
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import LOG_OF_TINY, entered

# Of a normal float32.
LARGEST_LOG = 89.0
# Of logarithms that are no larger together nobody needs to know which terms they belong to.
LEAST_RATIO = 256.0
# Its exponential is 0.
LOG_OF_NOTHING = -200.0


def largest(form: Form, axis: Axes | None, xp: Namespace, *arrays: Array) -> Arrays:
    """The largest p, or log p, and |log p| + |log q|, and the number of terms, with all axes.

    The product of the first two bounds all terms that are finite and not 0.
    """
    shape = arrays[0].shape
    most = xp.sum if 0 in shape else xp.max  # there is none of nothing
    weight, ratio = (most(one, axis=axis, keepdims=True) for one in bounds(xp, form, *arrays))
    count = math.prod(shape if axis is None else [shape[place] for place in axis])
    count = xp.ones_like(weight) * as_float(count)
    return weight, ratio, count


def bounds(
    xp: Namespace, form: Form, input: Array, target: Array, *where: Array
) -> tuple[Array, Array]:
    """|p|, or log p, and |log p| + |log q|; the least where p is 0 or one is not finite."""
    x, t = entered(xp, input), entered(xp, target)
    counts = xp.isfinite(x) & xp.isfinite(t)
    counts = counts & (t >= LOG_OF_TINY if form.log_target else t != 0.0)
    for mask in where:
        counts = counts & mask
    of_input = xp.abs(x) if form.log_input else LARGEST_LOG
    of_target = xp.abs(t) if form.log_target else LARGEST_LOG
    weight = t if form.log_target else xp.abs(t)
    ratio = of_input + of_target + xp.zeros_like(x)
    ratio = xp.where(counts & (ratio > LEAST_RATIO), ratio, LEAST_RATIO)
    return xp.where(counts, weight, least_weight(form)), ratio


def least_weight(form: Form) -> float:
    """Weight of what does not count."""
    return LOG_OF_NOTHING if form.log_target else 0.0
