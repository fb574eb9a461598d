"""Softmax of rows of logits, and its logarithm."""

from collections.abc import Callable

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over
from kldiv_xp.formula.near_equal import row_sum
from kldiv_xp.formula.near_pairs import largest


def log_softmax(xp: Namespace, logits: Array, temperature: float | Array) -> Array:
    """Logarithm of softmax(logits / temperature); -inf stays, and a row of nothing else is NaN."""
    shifted = scaled(xp, logits, temperature)
    return xp.subtract(shifted, xp.log(row_sum(xp, xp.exp(shifted))))


def softmax(xp: Namespace, logits: Array, temperature: float | Array) -> Array:
    """softmax(logits / temperature): 0 where a logit is -inf; a row of nothing else is NaN."""
    exponentials = xp.exp(scaled(xp, logits, temperature))
    return xp.divide(exponentials, row_sum(xp, exponentials))


def scaled(xp: Namespace, logits: Array, temperature: float | Array) -> Array:
    """Logits over the temperature, the largest of them 0.

    It is subtracted first, so that no logit is too large to be divided.
    """
    return over(xp, xp.subtract(logits, largest(xp, logits)), temperature)


def softened(
    xp: Namespace,
    logits: Array,
    temperature: Array,
    where: Array | None = None,
    *,
    constant: Callable[[Array], Array],
) -> Array:
    """Logits, the largest of them 0, over a temperature that is an array; 0 without a sample.

    An infinite logit stays what it is, so by the temperature it has no derivative.
    """
    if where is not None:
        logits = xp.where(where, logits, 0.0)
    shifted = xp.subtract(logits, constant(largest(xp, logits)))
    infinite = xp.isinf(shifted)
    unbounded = xp.divide(shifted, constant(temperature))
    bounded = xp.divide(xp.where(infinite, 0.0, shifted), temperature)
    return xp.where(infinite, unbounded, bounded)


def centred(xp: Namespace, p: Array, log_ratio: Array, temperature: float | Array) -> Array:
    """p (log_ratio - sum(p log_ratio)) / T: the derivative, by the logits of p, of that sum."""
    mean = row_sum(xp, xp.multiply(p, log_ratio))
    return over(xp, xp.multiply(p, xp.subtract(log_ratio, mean)), temperature)
