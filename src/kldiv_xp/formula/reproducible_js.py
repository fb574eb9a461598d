"""The Jensen-Shannon divergence of rows of logits with the same bits, and its derivatives.

With m = beta p + gamma q its terms are beta p h(u) + gamma q h(v), where u = log(p / m) and
v = log(q / m); h is that of `reproducible_rows`. Both logarithms are made of p - q, which is taken
from the logits where they nearly agree.
"""

from functools import partial
from typing import NamedTuple

from kldiv_xp._typing import Array
from kldiv_xp.formula import reproducible_rows
from kldiv_xp.formula.kl_of_logits import KL
from kldiv_xp.formula.logits import JS
from kldiv_xp.formula.reproducible_operations import Operations, Softmax, over


class Sides(NamedTuple):
    """Probabilities, their difference, and their mixture."""

    p: Array
    q: Array
    gap: Array
    """p - q."""

    mixture: Array


def sides(of: Operations, divergence: JS, p: Softmax, q: Softmax) -> Sides:
    """Both sides of the divergence."""
    left, right = of.held(p.probabilities), of.held(q.probabilities)
    mixture = of.held(left * divergence.beta) + of.held(right * divergence.gamma)
    differences = of.held(over(p.logits - q.logits, divergence.temperature))
    d = differences + (of.log(q.total) - of.log(p.total))
    gap = of.near_or_far(d, partial(near_gap, of), lambda: left - right, left, right)
    return Sides(left, right, gap, mixture)


def near_gap(of: Operations, p: Array, q: Array, d: Array) -> Array:
    """p - q of a small d: tanh(d / 2) of their sum, with a relative error of d^4 / 720."""
    return (p + q) * (d * 6.0 / (of.held(d * d) + 12.0))


def log_share(of: Operations, own: Array, gap: Array, mixture: Array, weight: float) -> Array:
    """log(own / mixture), where own is mixture + weight gap; -1 where it is 0."""
    xp = of.xp
    mixture = xp.where(xp.equal(mixture, 0.0), 1.0, mixture)
    rise, ratio = of.held(gap / mixture * weight), of.where_positive(own, own / mixture, 1.0)
    log = of.near_or_far(rise, partial(small_log, of), lambda: of.log(ratio))
    return of.where_positive(own, log, -1.0)


def small_log(of: Operations, x: Array) -> Array:
    """log(1 + x) of a small x, with a relative error of x^6 / 448: 2 atanh(x / (x + 2))."""
    z = x / (x + 2.0)
    square = of.held(z * z)
    return (z + z) + of.held(z * square * (of.held(square * 0.4) + 2 / 3))


def value(of: Operations, divergence: JS, input: Array, target: Array) -> Array:
    """Divergence of every row, whose axis stays, times the square of T if scaled."""
    if end := end_of(divergence):
        operands = (input, target) if divergence.beta == 0 else (target, input)
        return reproducible_rows.value(of, end, *operands)
    xp = of.xp
    temperature, beta, gamma = divergence.temperature, divergence.beta, divergence.gamma
    p, q = of.softmax(target, temperature), of.softmax(input, temperature)
    left, right, gap, mixture = sides(of, divergence, p, q)
    of_p = of.terms(left, log_share(of, left, gap, mixture, gamma), mixture)
    of_q = of.terms(right, log_share(of, right, xp.negative(gap), mixture, beta), mixture)
    rows = of.row_sum(of.held(of_p * beta) + of.held(of_q * gamma))
    return rows * (temperature * temperature) if divergence.scaled else rows


def end_of(divergence: JS) -> KL | None:
    """What it is at the ends of beta: of the operands, or of those in each other's place."""
    if divergence.beta != 0 and divergence.gamma != 0:
        return None
    return KL(divergence.temperature, "logits", divergence.scaled)


def derivative(
    place: int, of: Operations, divergence: JS, input: Array, target: Array, factor: Array
) -> Array:
    """Derivative with respect to input (0) or target (1), times a factor.

    By target it is beta p (u - sum(p u)) / T.
    """
    if end := end_of(divergence):
        if divergence.beta == 0:
            return reproducible_rows.derivative(place, of, end, input, target, factor)
        return reproducible_rows.derivative(1 - place, of, end, target, input, factor)
    temperature, weights = divergence.temperature, (divergence.gamma, divergence.beta)
    p, q = of.softmax(target, temperature), of.softmax(input, temperature)
    left, right, gap, mixture = sides(of, divergence, p, q)
    softmax, own, gap = (p, left, gap) if place else (q, right, of.xp.negative(gap))
    share = log_share(of, own, gap, mixture, weights[1 - place])
    scale = temperature if divergence.scaled else 1 / temperature
    value = reproducible_rows.centred(of, softmax, share)
    return value * (factor * (weights[place] * scale))
