"""KL(p || q) of rows of logits with the same bits in every library, and its derivatives.

Its terms are p h(d), where d = log p - log q and h(d) = d - 1 + exp(-d) >= 0: they add up to
sum(p d), since p and q add up to 1, and an error of d that all classes have in common enters
squared.  Where d is small, h is 18 (d / (d + 6))^2, with a relative error of d^3 / 540; elsewhere
it is p (d - 1) + q, in which little cancels.
"""

import math
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.form import Form, slope_of, term_of
from kldiv_xp.formula.kl_of_logits import KL
from kldiv_xp.formula.near_pairs import largest
from kldiv_xp.formula.reproducible_functions import entered, exp, held, log_of_any
from kldiv_xp.formula.reproducible_namespace import ReproducibleNamespace
from kldiv_xp.formula.reproducible_sums import row_sum

SMALL = 1 / 16


class Operations:
    """Functions that rows are computed with; a library may have a faster way to the same bits."""

    def __init__(self, xp: Namespace) -> None:
        self.xp = xp

    def exp(self, array: Array) -> Array:
        """Exponential."""
        return exp(self.xp, array)

    def row_sum(self, array: Array) -> Array:
        """Sum along the last axis, which stays."""
        return row_sum(self.xp, array)


class Softmax(NamedTuple):
    """A row of logits less its maximum, and its exponentials over the temperature."""

    logits: Array
    exponentials: Array
    total: Array
    """Their sum."""

    @property
    def probabilities(self) -> Array:
        """Exponentials times the reciprocal of their sum: XLA divides whole rows by it so."""
        return self.exponentials * (1.0 / self.total)


def softmax_of(of: Operations, logits: Array, temperature: float) -> Softmax:
    """Softmax of rows, and what it is made of."""
    logits = entered(of.xp, logits)
    shifted = logits - largest(of.xp, logits)
    exponentials = of.exp(over(shifted, temperature))
    return Softmax(shifted, exponentials, of.row_sum(exponentials))


def over(logits: Array, temperature: float) -> Array:
    """Logits times the reciprocal: XLA would divide by a constant so, and others not."""
    return logits if temperature == 1 else logits * (1 / temperature)


def log_ratio(xp: Namespace, p: Softmax, q: Softmax, temperature: float) -> Array:
    """log p - log q, and -1 where p is 0."""
    differences = held(xp, over(p.logits - q.logits, temperature))
    d = differences + log_of_any(xp, q.total / p.total)
    return xp.where(xp.greater(p.exponentials, 0.0), d, -1.0)


def kl(of: Operations, p: Softmax, q: Softmax, d: Array) -> Array:
    """Divergence of every row, whose axis stays."""
    xp = of.xp
    is_small = xp.less(xp.abs(d), SMALL)
    root = d / xp.where(is_small, d + 6.0, 1.0)
    near = p.exponentials * (xp.square(root) * 18.0)
    far = held(xp, p.exponentials * (d - 1.0))
    far = far + held(xp, q.exponentials * (p.total / q.total))
    rows = of.row_sum(xp.where(is_small, near, far)) / p.total
    return xp.where(xp.less(rows, 0.0), 0.0, rows)


def value(of: Operations, divergence: KL, input: Array, target: Array) -> Array:
    """Divergence of every row, whose axis stays, times the square of T if scaled."""
    xp, temperature = of.xp, divergence.temperature
    q = softmax_of(of, input, temperature)
    if divergence.is_of_logits:
        p = softmax_of(of, target, temperature)
        rows = kl(of, p, q, log_ratio(xp, p, q, temperature))
    else:
        term = term_of(form_of(divergence))
        rows = of.row_sum(term(ReproducibleNamespace(xp), *given(xp, divergence, q, target)))
    return rows * (temperature * temperature) if divergence.scaled else rows


def form_of(divergence: KL) -> Form:
    """Form of the terms of a target that is given."""
    return Form(log_input=True, log_target=divergence.target_is == "log_probabilities")


def given(xp: Namespace, divergence: KL, q: Softmax, target: Array) -> tuple[Array, Array]:
    """log q, and the target that is given."""
    log_q = held(xp, over(q.logits, divergence.temperature)) - log_of_any(xp, q.total)
    return log_q, entered(xp, target)


def slope(
    place: int, of: Operations, divergence: KL, input: Array, target: Array, factor: Array
) -> Array:
    """Derivative with respect to input (0) or target (1), times a factor."""
    xp = of.xp
    temperature, scaled = divergence.temperature, divergence.scaled
    q = softmax_of(of, input, temperature)
    if place and not divergence.is_of_logits:
        gradient = slope_of(form_of(divergence), 1)
        value = gradient(ReproducibleNamespace(xp), *given(xp, divergence, q, target))
        return value * (factor * (temperature * temperature) if scaled else factor)
    value = by_target(of, divergence, q, target) if place else by_input(of, divergence, q, target)
    return value * (factor * (temperature if scaled else 1 / temperature))


def by_input(of: Operations, divergence: KL, q: Softmax, target: Array) -> Array:
    """q sum(p) - p."""
    xp = of.xp
    if divergence.is_of_logits:
        p = softmax_of(of, target, divergence.temperature)
        return held(xp, q.probabilities) - held(xp, p.probabilities)
    p = entered(xp, target)
    p = p if divergence.target_is == "probabilities" else of.exp(p)
    return held(xp, q.probabilities * of.row_sum(p)) - held(xp, p)


def by_target(of: Operations, divergence: KL, q: Softmax, target: Array) -> Array:
    """p (e - sum(p e)) of logits, where e is d less that of the most probable class."""
    xp = of.xp
    p = softmax_of(of, target, divergence.temperature)
    weights = p.exponentials
    e = held(xp, over(p.logits - q.logits, divergence.temperature))
    at_top = largest(xp, xp.where(xp.equal(weights, 1.0), e, -math.inf))
    e = xp.where(xp.greater(weights, 0.0), e - at_top, 0.0)
    return p.probabilities * (e - of.row_sum(weights * e) / p.total)
