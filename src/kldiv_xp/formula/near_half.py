"""Two softmax distributions and their Jensen-Shannon divergence, exact where they nearly agree.

Every entry of the divergence is positive by itself, given log p - log q with a constant that is
right: one step of Newton's from that of the normalisers makes sum (p + q) tanh(log(p / q) / 2),
which is sum(p) - sum(q), 0.
"""

import math
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import filled, over, times, times_square
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import (
    centre_of,
    difference,
    is_in_logits,
    quotient_of_small,
    row_sum,
)
from kldiv_xp.formula.near_pairs import unrounded_pair
from kldiv_xp.formula.small_divisors import quotient_of_probabilities


class Softmaxes(NamedTuple):
    """Two softmax distributions, and how they differ."""

    exponentials: Array
    """Those that p is made of."""
    quotient: Array
    """Sum of those of p over that of q, the largest of each 1."""
    p: Array
    q: Array
    log_ratio: Array
    """log p - log q"""
    in_logits: Array
    """The same times the temperature, without a loss of small ones."""
    tangent: Array
    """(p - q) / (p + q) = tanh(log_ratio / 2)"""
    mean: Array
    """Mean under p of the differences of logits, less that of their maxima; 24 T is most.

    By `centre_of`: by a class that q lacks, and p has 3 % of, it was 0.7 T further, and derivatives
    of others, which nearly agree, had errors of 3e-6.
    """


def softmaxes_of(
    xp: Namespace, input: Array, target: Array, temperature: float | Array, guard: Guard
) -> Softmaxes:
    """Distributions of two rows of logits; bit for bit odd where they change places."""
    pair = unrounded_pair(xp, input, target, temperature)
    differences = difference(xp, pair, guard)
    sums = row_sum(xp, pair.p), row_sum(xp, pair.q)
    p, q = xp.divide(pair.p, sums[0]), xp.divide(pair.q, sums[1])
    # Not p + q: where a compiler fuses a product with a sum, that is not q + p.
    high, low = xp.maximum(p, q), xp.minimum(p, q)
    both, gap = xp.add(high, low), xp.subtract(high, low)
    gap = xp.where(xp.greater(p, q), gap, xp.negative(gap))
    if guard is not Guard.NONE:
        differences = limited_differences(xp, differences, both, temperature)
    # A class that one row lacks is of no more weight than tanh gives it; 24 as in `centre_of`.
    to_mean = limited(xp, differences, temperature, 24.0)
    mean = xp.multiply(row_sum(xp, xp.multiply(both, to_mean)), 0.5)
    of_p = centre_of(xp, pair.p, sums[0], to_mean, temperature)
    spread = over(xp, row_sum(xp, xp.multiply(gap, differences)), temperature)
    # Centred at the mean, which is no worse there than the normalisers and exact at any T.
    close = xp.less(spread, float(xp.finfo(p.dtype).eps))
    centred = xp.subtract(differences, xp.where(close, mean, 0.0))
    constant = xp.where(close, 0.0, xp.subtract(xp.log(sums[1]), xp.log(sums[0])))
    if guard is Guard.NONE:  # no choice may hide that this form is not enough
        constant = xp.where(xp.equal(spread, spread), constant, math.nan)
    ratio = xp.add(over(xp, centred, temperature), constant)
    tangent = xp.tanh(xp.multiply(ratio, 0.5))
    derivative = xp.add(xp.negative(xp.multiply(tangent, tangent)), 1.0)
    weight = row_sum(xp, xp.multiply(both, derivative))
    overlap = xp.greater(weight, 1.0)
    step = xp.divide(row_sum(xp, xp.multiply(both, tangent)), xp.where(overlap, weight, 1.0))
    step = xp.where(overlap, xp.multiply(step, -2.0), 0.0)
    step = xp.where(close, 0.0, step)  # smaller than the last digit, and T times its rounding not
    in_logits = xp.add(centred, times(xp, xp.add(constant, step), temperature))
    tangent = xp.add(tangent, xp.multiply(derivative, xp.multiply(step, 0.5)))
    return Softmaxes(pair.p, xp.divide(*sums), p, q, xp.add(ratio, step), in_logits, tangent, of_p)


def limited_differences(
    xp: Namespace, differences: Array, both: Array, temperature: float | Array
) -> Array:
    """Differences to be multiplied by p + q: finite, and 0 where that is 0.

    Beyond 1e4 temperatures one probability is 0, of which automatic differentiation makes 0 inf.
    """
    return limited(xp, xp.where(xp.greater(both, 0), differences, 0.0), temperature, 1e4)


def limited(
    xp: Namespace, differences: Array, temperature: float | Array, temperatures: float
) -> Array:
    """Differences of logits, none further from 0 than so many temperatures."""
    limit = temperature * temperatures
    if isinstance(limit, float):
        most = float(xp.finfo(differences.dtype).max)
        limit = most if limit > most else limit
    lowest = -limit if isinstance(limit, float) else xp.negative(limit)
    lowest, limit = filled(xp, differences, lowest), filled(xp, differences, limit)
    differences = xp.where(xp.greater(differences, limit), limit, differences)
    return xp.where(xp.less(differences, lowest), lowest, differences)


def js_at_half(
    xp: Namespace,
    input: Array,
    target: Array,
    temperature: float | Array,
    scaled: bool,
    guard: Guard,
) -> Array:
    """Jensen-Shannon divergence of every row, whose axis stays; symmetric bit for bit."""
    _, _, p, q, d, in_logits, v, _ = softmaxes_of(xp, input, target, temperature, guard)
    low, high = xp.minimum(p, q), xp.maximum(p, q)
    both = xp.add(high, low)
    near = xp.less_equal(xp.abs(d), 2.0)
    square = xp.multiply(v, v)
    quotient = quotient_of_probabilities(xp, low, high, guard)
    log = xp.log1p(xp.where(near, xp.negative(square), quotient))
    lost = xp.multiply(low, xp.where(xp.greater(low, 0), xp.abs(d), 0.0))
    far = xp.subtract(xp.multiply(both, xp.add(xp.negative(log), math.log(2))), lost)
    far = xp.multiply(far, 0.5)
    short = xp.where(near, d, 0.0)
    if is_in_logits(temperature, scaled):
        small = xp.where(near, in_logits, 0.0)
        steep = xp.multiply(small, half_of_quotient(xp, v, short))
        bend = quotient_of_small(xp, log, xp.where(near, xp.negative(square), 0.0))
        # No square without its weight, which may overflow.
        inner = xp.subtract(small, xp.multiply(steep, bend))
        inner = xp.multiply(xp.multiply(both, steep), inner)
        far = times_square(xp, far, temperature)
    else:
        inner = xp.multiply(both, xp.add(xp.multiply(v, short), log))
    rows = row_sum(xp, xp.where(near, xp.multiply(inner, 0.25), far))
    return at_most(xp, rows, math.log(2), temperature, scaled)


def half_of_quotient(xp: Namespace, tangent: Array, d: Array) -> Array:
    """tanh(d / 2) / d, and 1/2 at 0."""
    return xp.multiply(quotient_of_small(xp, xp.multiply(tangent, 2.0), d), 0.5)


def at_most(
    xp: Namespace, rows: Array, most: float | Array, temperature: float | Array, scaled: bool
) -> Array:
    """Rows times the square of the temperature, if they are not yet, and none above the most."""
    if is_in_logits(temperature, scaled):
        most = most * temperature * temperature
        # torch says "value cannot be converted to type float without overflow".
        if isinstance(most, float) and most > xp.finfo(rows.dtype).max:
            return rows
    most = filled(xp, rows, most)
    rows = xp.where(xp.greater(rows, most), most, rows)
    if not scaled or is_in_logits(temperature, scaled):
        return rows
    return times_square(xp, rows, temperature)
