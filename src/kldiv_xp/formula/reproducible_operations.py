"""Operations of rows of logits with the same bits; a library may have faster ones."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.kl_of_logits import KL
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_pairs import largest
from kldiv_xp.formula.reproducible_functions import entered, exp, held, log_of_any
from kldiv_xp.formula.reproducible_namespace import ReproducibleNamespace
from kldiv_xp.formula.reproducible_sums import row_sum

Way = Callable[..., Array]
SMALL = 1 / 16

LARGEST_USUAL = 2.0**50
"""Of temperatures: up to here no product is changed by being held that a result shows."""


class Operations:
    """Operations of rows; a library may have faster ones with the same bits."""

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
        """The same of the exponentials of a row, whose largest is 1."""
        return self.row_sum(exponentials)

    def guard(self, divergence: KL, target: Array) -> Guard:
        """How far the terms of a target that is given look out for p = 0."""
        return Guard.FULL

    def where_positive(self, weights: Array, array: Array, other: float) -> Array:
        """Elements where weights are positive, and a number elsewhere."""
        return self.xp.where(self.xp.greater(weights, 0.0), array, other)

    def near_or_far(self, small: Array, near: Way, far: Way, *others: Array) -> Array:
        """near(*others, small) where a number is small, and far() elsewhere."""
        xp = self.xp
        is_small = xp.less(xp.abs(small), SMALL)
        return xp.where(is_small, near(*others, xp.where(is_small, small, 0.0)), far())

    def terms(self, weights: Array, d: Array, others: Array) -> Array:
        """Terms p h(d) of a divergence: of p, log p - log q and q, or of their multiples."""
        far = partial(far_terms, self, weights, d, others)
        return self.near_or_far(d, near_terms, far, weights)

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


def near_terms(weights: Array, d: Array) -> Array:
    """Terms of a small d."""
    root = d / (d + 6.0)
    return weights * (root * root * 18.0)


def far_terms(of: Operations, weights: Array, d: Array, others: Array) -> Array:
    """Terms of any other d."""
    return of.held(weights * (d - 1.0)) + others
