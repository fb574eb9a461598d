"""Parts of exact divergences of nearly equal distributions: differences, and the terms of h.

With D the differences of logits over the temperature, and M their mean under p, q is proportional
to p exp(-d) for d = D - M, so that, with h(d) = exp(-d) - 1 + d >= 0,

    KL(p || q) = log sum p exp(-d) = log1p(sum p h(d)).

Nothing cancels, an error of M enters squared, and no normaliser of q is needed.  Everything is
along the last axis.  Limits stand in functions: torch.compile(dynamic=True) takes a float of a
module for a number that changes, and fails on it in the second node of a graph.
"""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import filled
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_pairs import Pair


def is_in_logits(temperature: float | Array, scaled: bool) -> bool:
    """Whether squares are those of logits: of ratios they would be too small for their type."""
    return scaled and not (isinstance(temperature, float) and temperature <= 1)


def where_positive(xp: Namespace, p: Array, values: Array, guard: Guard) -> Array:
    """Values, with a guard 0 where p is not positive: infinite ones beside a p of 0."""
    return values if guard is Guard.NONE else xp.where(xp.greater(p, 0), values, 0.0)


def row_sum(xp: Namespace, terms: Array) -> Array:
    """Sum along the last axis, which stays."""
    return xp.sum(terms, axis=-1, keepdims=True)


def centre_of(xp: Namespace, p: Array, sum_p: Array, d: Array, temperature: float | Array) -> Array:
    """Mean of differences of logits, to which those beyond one temperature add less.

    It is exact at any T, and classes that q nearly lacks move it no further than they move q: a
    mean that is 20 times as far had an error of 2e-6.  From log p - log q they differ by the
    logarithm of a quotient of sums, at most the classes: of 2**30 classes one that is larger than
    24 temperatures is not small.
    """
    most, knee = temperature * 24.0, temperature * 1.0
    if isinstance(most, float):
        limit = float(xp.finfo(d.dtype).max)
        most, knee = min(most, limit), min(knee, limit)
    most, knee = filled(xp, d, most), filled(xp, sum_p, knee)
    less = xp.where(xp.greater(d, most), most, d)
    less = xp.add(xp.multiply(less, 1 / 32), xp.multiply(knee, 31 / 32))
    less = xp.where(xp.greater(d, knee), less, d)
    mean = xp.divide(row_sum(xp, xp.multiply(p, less)), sum_p)
    beyond = xp.subtract(mean, knee)
    return xp.where(xp.greater(beyond, 0), xp.add(xp.multiply(beyond, 32.0), knee), mean)


def quotient_of_small(xp: Namespace, dividend: Array, divisor: Array) -> Array:
    """Quotient of two numbers that are equal where they are small, subnormal, or 0."""
    # What is smaller makes no difference by its square, by which derivatives are divided.
    is_tiny = xp.less(xp.abs(divisor), 2.0**-60)
    return xp.where(is_tiny, 1.0, xp.divide(dividend, xp.where(is_tiny, 1.0, divisor)))


def is_small(xp: Namespace, d: Array) -> Array:
    """Whether the rational functions are exact: beyond, nothing cancels in what they stand for."""
    return xp.less_equal(xp.abs(d), 1.5)


def completed_ratio(xp: Namespace, d: Array) -> Array:
    """h(d) / d**2, where d is small: from d + expm1(-d) it would have the error eps / abs(d)."""
    even, odd, divisor = parts_of_quotients(xp, d)
    return xp.divide(xp.add(even, odd), divisor)


def expm1_ratio(xp: Namespace, d: Array) -> Array:
    """expm1(-d) / d, where d is small."""
    even, _, divisor = parts_of_quotients(xp, d)
    return xp.divide(xp.multiply(even, -2.0), divisor)


def parts_of_quotients(xp: Namespace, d: Array) -> tuple[Array, Array, Array]:
    """B, d A, and (2 + d) B + z A, where d coth(d / 2) = 2 + z A / B and z = d**2.

    From the continued fraction 2 + z / (6 + z / (10 + ...)), as far as float32 needs (an error of
    2e-8 at 1.5), or float64 (5e-16).
    """
    z = xp.multiply(d, d)
    if xp.finfo(d.dtype).eps < 2.0**-23:
        a = polynomial(xp, z, 1.0, 2376.0, 720720.0, 43243200.0)
        b = polynomial(xp, z, 72.0, 55440.0, 8648640.0, 259459200.0)
    else:
        a = polynomial(xp, z, 28.0, 2520.0)
        b = polynomial(xp, z, 1.0, 420.0, 15120.0)
    divisor = xp.add(xp.multiply(xp.add(d, 2.0), b), xp.multiply(z, a))
    return b, xp.multiply(a, d), divisor


def polynomial(xp: Namespace, z: Array, first: float, *others: float) -> Array:
    """Polynomial with these coefficients, that of the highest power first."""
    value = z if first == 1 else xp.multiply(z, first)
    for number, other in enumerate(others):
        value = xp.add(xp.multiply(value, z) if number else value, other)
    return value


def difference(xp: Namespace, pair: Pair, guard: Guard) -> Array:
    """Target - input less the difference of their maxima, without the rounding of either."""
    return difference_of(xp, pair.logits, pair.tops, guard)


def difference_of(
    xp: Namespace, logits: tuple[Array, Array], tops: tuple[Array, Array], guard: Guard
) -> Array:
    """The same of logits and their maxima.

    Of logits that are offset by 30 the rounding is 1e-6, and a divergence of 1e-13 wrong by 6 %.
    """
    full = guard >= Guard.FULL
    # A difference of logits whose maxima are further apart may overflow.
    fits = xp.less(xp.abs(xp.subtract(*tops)), 1e30)
    x, y = logits
    if full:
        x, y = (
            xp.subtract(one, xp.where(fits, 0.0, top))
            for one, top in zip(logits, tops, strict=True)
        )
    rounded, lost = guarded_parts(xp, x, y) if full else two_parts(xp, x, y)
    unfit = 0.0 if full else math.nan
    offset, lost_offset = (xp.where(fits, part, unfit) for part in two_parts(xp, *tops))
    lost = xp.subtract(lost, lost_offset)
    if full:  # of a difference that overflows
        lost = xp.where(xp.equal(lost, lost), lost, 0.0)
    return xp.add(xp.subtract(rounded, offset), lost)


def difference_about(
    xp: Namespace,
    logits: tuple[Array, Array],
    tops: tuple[Array, Array],
    centre: Array,
    guard: Guard,
) -> tuple[Array, Array]:
    """The same less a number of each row, and that number as it was subtracted, without rounding.

    What was rounded before has lost the digits of differences that are near the centre: where the
    largest class alone differs, derivatives had errors of 1e-5.
    """
    other = xp.subtract(tops[1], centre)
    about = difference_of(xp, logits, (tops[0], other), guard)
    return about, xp.subtract(tops[1], other)


def guarded_parts(xp: Namespace, x: Array, y: Array) -> tuple[Array, Array]:
    """The same without inf - inf, which JAX's debuggers report; of equal infinities it is 0."""
    endless_x, endless_y = (xp.equal(xp.abs(one), math.inf) for one in (x, y))
    of_x = xp.where(xp.equal(x, y), 0.0, x)
    of_y = xp.negative(y)
    finite_x, finite_y = xp.where(endless_x, 0.0, x), xp.where(endless_y, 0.0, y)
    rounded, lost = two_parts(xp, finite_x, finite_y)
    rounded = xp.where(endless_x, of_x, xp.where(endless_y, of_y, rounded))
    return rounded, xp.where(endless_x | endless_y, 0.0, lost)


def two_parts(xp: Namespace, x: Array, y: Array) -> tuple[Array, Array]:
    """X - y, and what its rounding has lost (Knuth's two-sum)."""
    rounded = xp.subtract(x, y)
    virtual = xp.subtract(rounded, x)
    kept = xp.subtract(x, xp.subtract(rounded, virtual))
    return rounded, xp.subtract(kept, xp.add(y, virtual))
