"""The namespace in which the formula has the same bits in every library; the formula is the same.

A function that is not listed here is none that obeys the rules of `reproducible_functions`.
"""

from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula import reproducible_functions

# Each is rounded once, or exact. Whoever multiplies and adds looks to the product's being exact.
COMPARED = {"equal", "greater", "greater_equal", "where"}
ROUNDED_ONCE = {"add", "astype", "divide", "multiply", "negative", "subtract"}


class ReproducibleNamespace:
    """Namespace of a library, for arrays of float64 that hold what float32 can hold."""

    def __init__(self, xp: Namespace) -> None:
        self.xp = xp

    def __getattr__(self, name: str) -> Any:
        if name not in COMPARED | ROUNDED_ONCE:
            raise AttributeError(f"{name} is not held to the same bits in every library.")
        return getattr(self.xp, name)

    def log(self, array: Array) -> Array:
        """Logarithm."""
        return reproducible_functions.log(self.xp, array)

    def exp(self, array: Array) -> Array:
        """Exponential."""
        return reproducible_functions.exp(self.xp, array)
