"""Softmax of rows of logits, and its logarithm."""

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.near_equal import largest, over, row_sum


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
