"""Derivatives of divergences of rows of logits by a temperature and a beta that are learned.

Let l = log(p / m), or log(p / q) of the Kullback-Leibler divergence, and e the terms of the
divergence, written so that each is at least 0.  Then, with any c in place of log q,

    T dD/dT = -w Cov_p(log p - c, l) - sum((c - E_p c) e) + E (E_q c - E_p c),

where w is the weight of p and E what the terms of q add up to.  Where the rows nearly agree all of
it is of the second order, as the divergence is, so that nothing cancels.
"""

from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import times, times_square
from kldiv_xp.formula.kl_of_logits import KL
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logit_arrays import JSOfArray, ends_and_weights
from kldiv_xp.formula.logits import JS, Divergence, JSOfGiven
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_equal import is_small, row_sum
from kldiv_xp.formula.near_half import softmaxes_of
from kldiv_xp.formula.near_mixture import completed, logarithms
from kldiv_xp.formula.near_pairs import largest
from kldiv_xp.formula.softmax import log_softmax


class Terms(NamedTuple):
    """Two distributions, and the terms of their divergence."""

    p: Array
    q: Array
    weight: float | Array
    """That of p."""
    log: Array
    """log(p / m), or log(p / q)"""
    gap: Array
    """log p - c"""
    centre: Array
    """c"""
    of_p: Array
    of_q: Array


def terms_of(xp: Namespace, divergence: KL | JS | JSOfArray, input: Array, target: Array) -> Terms:
    """Terms of a divergence of two rows of logits."""
    temperature = divergence.temperature
    if isinstance(divergence, JSOfArray):
        return terms_at_array(xp, divergence, input, target)
    if isinstance(divergence, KL) or divergence.beta == 0:
        return terms_of_kl(xp, temperature, input, target)
    if divergence.gamma == 0:
        return terms_of_kl(xp, temperature, target, input)
    return terms_of_js(xp, temperature, divergence.weights, input, target)


def terms_of_kl(xp: Namespace, temperature: float | Array, input: Array, target: Array) -> Terms:
    """Terms of KL(p || q), and log q as c."""
    both = softmaxes_of(xp, input, target, temperature, Guard.FULL)
    log_p, log_q = (log_softmax(xp, one, temperature) for one in (target, input))
    near, present = is_small(xp, both.log_ratio), xp.greater(xp.add(both.p, both.q), 0)
    log_p, log_q = (xp.where(present, one, 0.0) for one in (log_p, log_q))
    of_p = xp.greater(both.p, 0)
    far = xp.where(of_p, xp.subtract(log_p, log_q), 0.0)
    log = xp.where(near, both.log_ratio, far)
    terms = completed(xp, both.p, (log, log), xp.subtract(both.q, both.p), 1.0, 1.0)
    return Terms(both.p, both.q, 1.0, log, log, log_q, terms, xp.zeros_like(terms))


def terms_of_js(
    xp: Namespace, temperature: float | Array, weights: Weights, input: Array, target: Array
) -> Terms:
    """Terms of a mixture, and log q as c, but log p where q is 0."""
    beta, gamma, _ = weights
    both = softmaxes_of(xp, input, target, temperature, Guard.FULL)
    logs = logarithms(xp, both, weights, in_logits=False, guard=Guard.FULL)
    of_q = xp.greater(both.q, 0)
    log_p, log_q = (log_softmax(xp, one, temperature) for one in (target, input))
    centre = xp.where(of_q, log_q, xp.where(xp.greater(both.p, 0), log_p, 0.0))
    gap, rise = xp.where(of_q, both.log_ratio, 0.0), xp.subtract(both.q, both.p)
    # m - p and m - q
    rise, fall = xp.multiply(rise, gamma), xp.multiply(xp.negative(rise), beta)
    first = completed(xp, both.p, (logs.p, logs.p), rise, 1.0, beta)
    last = completed(xp, both.q, (logs.q, logs.q), fall, 1.0, gamma)
    log = xp.where(xp.greater(both.p, 0), logs.p, 0.0)
    return Terms(both.p, both.q, beta, log, gap, centre, first, last)


def terms_at_array(xp: Namespace, divergence: JSOfArray, input: Array, target: Array) -> Terms:
    """Terms of a mixture, or of a KL at either end of beta."""
    is_end, is_last, weights = ends_and_weights(xp, divergence.beta, input)
    mixture = terms_of_js(xp, divergence.temperature, weights, input, target)
    left, right = xp.where(is_last, target, input), xp.where(is_last, input, target)
    end = terms_of_kl(xp, divergence.temperature, left, right)
    return Terms(*(xp.where(is_end, *both) for both in zip(end, mixture, strict=True)))


def by_temperature(
    divergence: Divergence | JSOfArray, xp: Namespace, input: Array, target: Array
) -> Array:
    """Derivative of every row by the temperature; the axis stays."""
    if isinstance(divergence, JSOfGiven) or not divergence.is_of_logits:
        return beside_what_is_given(divergence, xp, input, target)
    p, q, weight, log, gap, centre, of_p, of_q = terms_of(xp, divergence, input, target)
    rows = row_sum(xp, xp.add(of_p, of_q))
    total = xp.multiply(xp.negative(covariance(xp, p, gap, log)), weight)
    mean = row_sum(xp, xp.multiply(p, centre))
    centre = xp.subtract(centre, mean)
    total = xp.subtract(total, row_sum(xp, xp.multiply(centre, xp.add(of_p, of_q))))
    other = xp.multiply(row_sum(xp, of_q), row_sum(xp, xp.multiply(q, centre)))
    total = xp.add(total, other)
    if not divergence.scaled:
        return xp.divide(total, divergence.temperature)
    return times(xp, xp.add(total, xp.multiply(rows, 2.0)), divergence.temperature)


def beside_what_is_given(
    divergence: Divergence | JSOfArray, xp: Namespace, input: Array, target: Array
) -> Array:
    """The same where p is given: input and T times a number make the same q (Euler's theorem)."""
    derivative = divergence.input_gradient(xp, input, target)
    level = xp.subtract(input, largest(xp, input))
    level = xp.where(xp.equal(derivative, 0), 0.0, level)
    total = xp.negative(row_sum(xp, xp.multiply(level, derivative)))
    if divergence.scaled:
        total = xp.add(total, xp.multiply(divergence.rows(xp, input, target), 2.0))
    return xp.divide(total, divergence.temperature)


def covariance(xp: Namespace, p: Array, left: Array, right: Array) -> Array:
    """Covariance under p."""
    mean = row_sum(xp, xp.multiply(p, left))
    left = xp.multiply(p, xp.subtract(left, mean))
    return row_sum(xp, xp.multiply(left, right))


def by_beta(divergence: JS | JSOfArray, xp: Namespace, input: Array, target: Array) -> Array:
    """KL(p || m) - KL(q || m) of every row; 0 at the ends of beta, which are other divergences."""
    if isinstance(divergence, JSOfArray):
        is_end, _, weights = ends_and_weights(xp, divergence.beta, input)
        return xp.where(is_end, 0.0, by_weights(xp, divergence, weights, input, target))
    if 0 in (divergence.beta, divergence.gamma):
        return xp.zeros_like(input[..., :1])
    return by_weights(xp, divergence, divergence.weights, input, target)


def by_weights(
    xp: Namespace, divergence: JS | JSOfArray, weights: Weights, input: Array, target: Array
) -> Array:
    """The same within the ends."""
    temperature, (beta, gamma, _) = divergence.temperature, weights
    terms = terms_of_js(xp, temperature, weights, input, target)
    of_p, of_q = row_sum(xp, terms.of_p), row_sum(xp, terms.of_q)
    rows = xp.subtract(xp.divide(of_p, beta), xp.divide(of_q, gamma))
    return times_square(xp, rows, temperature) if divergence.scaled else rows
