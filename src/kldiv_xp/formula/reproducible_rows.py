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
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import largest
from kldiv_xp.formula.reproducible_functions import entered, exp, held, log_of_any
from kldiv_xp.formula.reproducible_namespace import ReproducibleNamespace
from kldiv_xp.formula.reproducible_sums import row_sum

SMALL = 1 / 16


class Operations:
    """What rows are computed with; a library may have a faster way to the same bits."""

    def __init__(self, xp: Namespace) -> None:
        self.xp, self.functions = xp, ReproducibleNamespace(xp)

    def entered(self, logits: Array) -> Array:
        """Float64 array of the same numbers, without those that count as 0."""
        return entered(self.xp, logits)

    def exp(self, array: Array) -> Array:
        """Exponential of what is 0 or less."""
        return exp(self.xp, array)

    def log(self, array: Array) -> Array:
        """Logarithm of positive numbers of 53 bits."""
        return log_of_any(self.xp, array)

    def held(self, product: Array) -> Array:
        """Product that is rounded before it is added to something."""
        return held(self.xp, product)

    def row_sum(self, array: Array) -> Array:
        """Sum along the last axis, which stays."""
        return row_sum(self.xp, array)

    def total(self, exponentials: Array) -> Array:
        """The same of the exponentials of a row, of which the largest is 1."""
        return self.row_sum(exponentials)

    def guard(self, divergence: KL, target: Array) -> Guard:
        """How far the terms of a target that is given look out for p = 0."""
        return Guard.FULL

    def where_positive(self, weights: Array, array: Array, other: float) -> Array:
        """Elements where weights are positive, and a number elsewhere."""
        return self.xp.where(self.xp.greater(weights, 0.0), array, other)

    def terms(self, p: "Softmax", q: "Softmax", d: Array) -> Array:
        """Terms of a divergence, times the sum of the exponentials of p."""
        return terms_of(self, p, q, d)

    def softmax(self, logits: Array, temperature: float) -> "Softmax":
        """Softmax of rows, and what it is made of."""
        return softmax_of(self, logits, temperature)


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
    logits = of.entered(logits)
    shifted = logits - largest(of.xp, logits)
    exponentials = of.exp(over(shifted, temperature))
    return Softmax(shifted, exponentials, of.total(exponentials))


def over(logits: Array, temperature: float) -> Array:
    """Logits times the reciprocal: XLA would divide by a constant so, and others not."""
    return logits if temperature == 1 else logits * (1 / temperature)


def log_ratio(of: Operations, p: Softmax, q: Softmax, temperature: float) -> Array:
    """log p - log q, and -1 where p is 0."""
    differences = of.held(over(p.logits - q.logits, temperature))
    d = differences + of.log(q.total / p.total)
    return of.where_positive(p.exponentials, d, -1.0)


def kl(of: Operations, p: Softmax, q: Softmax, d: Array) -> Array:
    """Divergence of every row, whose axis stays."""
    xp = of.xp
    rows = of.row_sum(of.terms(p, q, d)) / p.total
    return xp.where(xp.less(rows, 0.0), 0.0, rows)


def terms_of(of: Operations, p: Softmax, q: Softmax, d: Array) -> Array:
    """p h(d), times the sum of the exponentials of p."""
    xp = of.xp
    is_small = xp.less(xp.abs(d), SMALL)
    near = near_terms(xp, p.exponentials, d, xp.where(is_small, d + 6.0, 1.0))
    return xp.where(is_small, near, far_terms(of, p, q, d))


def near_terms(xp: Namespace, weights: Array, d: Array, divisor: Array) -> Array:
    """Terms of a small d, where the divisor is d + 6."""
    return weights * (xp.square(d / divisor) * 18.0)


def far_terms(of: Operations, p: Softmax, q: Softmax, d: Array) -> Array:
    """Terms of any other d."""
    far = of.held(p.exponentials * (d - 1.0))
    return far + of.held(q.exponentials * (p.total / q.total))


def value(of: Operations, divergence: KL, input: Array, target: Array) -> Array:
    """Divergence of every row, whose axis stays, times the square of T if scaled."""
    temperature = divergence.temperature
    q = of.softmax(input, temperature)
    if divergence.is_of_logits:
        p = of.softmax(target, temperature)
        rows = kl(of, p, q, log_ratio(of, p, q, temperature))
    else:
        operands = given(of, divergence, q, target)
        term, guard = term_of(form_of(divergence)), of.guard(divergence, operands[1])
        rows = of.row_sum(term(of.functions, *operands, guard=guard))
    return rows * (temperature * temperature) if divergence.scaled else rows


def form_of(divergence: KL) -> Form:
    """Form of the terms of a target that is given."""
    return Form(log_input=True, log_target=divergence.target_is == "log_probabilities")


def given(of: Operations, divergence: KL, q: Softmax, target: Array) -> tuple[Array, Array]:
    """log q, and the target that is given."""
    log_q = of.held(over(q.logits, divergence.temperature)) - of.log(q.total)
    return log_q, of.entered(target)


def slope(
    place: int, of: Operations, divergence: KL, input: Array, target: Array, factor: Array
) -> Array:
    """Derivative with respect to input (0) or target (1), times a factor."""
    temperature, scaled = divergence.temperature, divergence.scaled
    q = of.softmax(input, temperature)
    if place and not divergence.is_of_logits:
        operands = given(of, divergence, q, target)
        gradient, guard = slope_of(form_of(divergence), 1), of.guard(divergence, operands[1])
        value = gradient(of.functions, *operands, guard=guard)
        return value * (factor * (temperature * temperature) if scaled else factor)
    value = by_target(of, divergence, q, target) if place else by_input(of, divergence, q, target)
    return value * (factor * (temperature if scaled else 1 / temperature))


def by_input(of: Operations, divergence: KL, q: Softmax, target: Array) -> Array:
    """q sum(p) - p."""
    if divergence.is_of_logits:
        p = of.softmax(target, divergence.temperature)
        return of.held(q.probabilities) - of.held(p.probabilities)
    p = of.entered(target)
    p = p if divergence.target_is == "probabilities" else of.functions.exp(p)
    return of.held(q.probabilities * of.row_sum(p)) - of.held(p)


def by_target(of: Operations, divergence: KL, q: Softmax, target: Array) -> Array:
    """p (e - sum(p e)) of logits, where e is d less that of the most probable class."""
    xp = of.xp
    p = of.softmax(target, divergence.temperature)
    weights = p.exponentials
    e = of.held(over(p.logits - q.logits, divergence.temperature))
    at_top = largest(xp, xp.where(xp.equal(weights, 1.0), e, -math.inf))
    e = of.where_positive(weights, e - at_top, 0.0)
    return p.probabilities * (e - of.row_sum(weights * e) / p.total)
