"""KL(p || q) of rows of logits with the same bits in every library, and its derivatives.

Its terms are p h(d), where d = log p - log q and h(d) = d - 1 + exp(-d) >= 0: they add up to
sum(p d), since p and q add up to 1, and an error of d that all classes have in common enters
squared.  Where d is small, h is 18 (d / (d + 6))^2, with a relative error of d^3 / 540; elsewhere
it is p (d - 1) + q, in which little cancels.
"""

import math

from kldiv_xp._typing import Array
from kldiv_xp.formula.form import Form, derivative_of, term_of
from kldiv_xp.formula.kl_of_logits import KL
from kldiv_xp.formula.near_pairs import largest
from kldiv_xp.formula.reproducible_operations import Operations, Softmax, over


def log_ratio(of: Operations, p: Softmax, q: Softmax, temperature: float) -> Array:
    """log p - log q, and -1 where p is 0."""
    differences = of.held(over(p.logits - q.logits, temperature))
    d = differences + of.log(q.total / p.total)
    return of.where_positive(p.exponentials, d, -1.0)


def kl(of: Operations, p: Softmax, q: Softmax, d: Array) -> Array:
    """Divergence of every row, whose axis stays."""
    xp = of.xp
    others = of.held(q.exponentials * (p.total / q.total))
    rows = of.row_sum(of.terms(p.exponentials, d, others)) / p.total
    return xp.where(xp.less(rows, 0.0), 0.0, rows)


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


def derivative(
    place: int, of: Operations, divergence: KL, input: Array, target: Array, factor: Array
) -> Array:
    """Derivative with respect to input (0) or target (1), times a factor."""
    temperature, scaled = divergence.temperature, divergence.scaled
    q = of.softmax(input, temperature)
    if place and not divergence.is_of_logits:
        operands = given(of, divergence, q, target)
        gradient, guard = derivative_of(form_of(divergence), 1), of.guard(divergence, operands[1])
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
    """p (d - sum(p d)) of logits."""
    p = of.softmax(target, divergence.temperature)
    return centred(of, p, of.held(over(p.logits - q.logits, divergence.temperature)))


def centred(of: Operations, p: Softmax, e: Array) -> Array:
    """p (e - sum(p e)), where e is less that of the most probable class."""
    xp, weights = of.xp, p.exponentials
    at_top = largest(xp, xp.where(xp.equal(weights, 1.0), e, -math.inf))
    e = of.where_positive(weights, e - at_top, 0.0)
    return p.probabilities * (e - of.row_sum(weights * e) / p.total)
