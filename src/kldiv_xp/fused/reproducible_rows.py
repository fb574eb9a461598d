"""Rows of logits that have the same bits everywhere as lines, of float64.

Where a row is no ordinary one its divergence is NaN, and so is every element of its derivatives.
"""

import math
from collections.abc import Sequence
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.evaluate_reproducible_rows import Divergence, formula_of
from kldiv_xp.formula.reproducible_functions import LOG_OF_LARGEST, nearest_power_of_two
from kldiv_xp.formula.reproducible_namespace import ReproducibleNamespace
from kldiv_xp.formula.reproducible_operations import Operations
from kldiv_xp.formula.reproducible_sums import MOST_UNITS
from kldiv_xp.fused.reproducible import Asked, rounded
from kldiv_xp.fused.reproducible_functions import SHIFT, exp, log
from kldiv_xp.tracing.losses import Function, Numbers, at_temperature


class Functions(ReproducibleNamespace):
    """Logarithm and exponential that are NaN of what they are not made for."""

    def log(self, x: Array) -> Array:
        """Logarithm of positive numbers of float32."""
        is_ordinary = self.xp.greater(x, 0.0) & self.xp.less(x, math.inf)
        return self.xp.where(is_ordinary, log(self.xp, x), math.nan)

    def exp(self, x: Array) -> Array:
        """Exponential."""
        value = exp(self.xp, x)
        return self.xp.where(self.xp.greater(x, LOG_OF_LARGEST), math.nan, value)


class InLines(Operations):
    """Operations whose every step is a line: no compiler contracts them."""

    def __init__(self, xp: Namespace) -> None:
        self.xp, self.functions = xp, Functions(xp)

    def exp(self, array: Array) -> Array:
        """As of the formula."""
        return self.xp.apart(exp(self.xp, array))

    def log(self, array: Array) -> Array:
        """As of the formula."""
        high = array * 2.0**29
        head = (high + array) - high
        return log(self.xp, head) + (array - head) / head

    def held(self, product: Array) -> Array:
        """The product: none is so small, at a temperature that has one code with others."""
        return product

    def row_sum(self, array: Array) -> Array:
        """As of the formula, in rows of so many units."""
        most = self.xp.max(self.xp.abs(array), axis=-1, keepdims=True)
        return self.sum_below(nearest_power_of_two(most) * 4.0, array)

    def total(self, exponentials: Array) -> Array:
        """As of the formula, given the bound."""
        return self.sum_below(4.0, exponentials)

    def sum_below(self, bound: Any, array: Array) -> Array:
        """Sum of the two integers, in their units: both are exact."""
        whole = bound * (SHIFT / MOST_UNITS)
        part = whole * (1 / MOST_UNITS)
        high = (array + whole) - whole
        low = ((array - high) + part) - part
        return self.xp.sum(high, axis=-1) + self.xp.sum(low, axis=-1)


def divergences(divergence: Divergence) -> Function:
    """A divergence of each row."""

    def function(xp: Namespace, numbers: Numbers, x: Array, t: Array) -> Sequence[Array]:
        at: Any = at_temperature(divergence, numbers)
        return (formula_of(divergence).value(InLines(xp), at, x, t),)

    return function


def derivatives(divergence: Divergence, asked: tuple[Asked, ...]) -> Function:
    """Derivatives times a factor, each rounded."""

    def function(
        xp: Namespace, numbers: Numbers, x: Array, t: Array, factor: Array
    ) -> Sequence[Array]:
        at: Any = at_temperature(divergence, numbers)
        of = InLines(xp)
        return [
            rounded(xp, formula_of(divergence).derivative(place, of, at, x, t, factor), rounding)
            for place, rounding in asked
        ]

    return function
