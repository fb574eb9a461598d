"""The namespace of programs for runtimes that know no log1p and expm1; the formula is the same.

ONNX writes log(1 + x) and exp(x) - 1 in their place, of which a small x leaves nothing.
"""

import math
from typing import Any

from kldiv_xp._typing import Array, Namespace


class ExactNearZero:
    """Namespace of a library, with both functions made of its logarithm and exponential."""

    def __init__(self, xp: Namespace) -> None:
        self.xp = xp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)

    def log1p(self, array: Array) -> Array:
        """log(1 + x): an error of the sum is that of the divisor, too (Goldberg, Theorem 4)."""
        xp = self.xp
        whole = xp.add(array, 1.0)
        rise = xp.subtract(whole, 1.0)
        itself = xp.logical_or(xp.equal(rise, 0), xp.equal(array, math.inf))
        quotient = xp.divide(array, xp.where(itself, 1.0, rise))
        return xp.where(itself, array, xp.multiply(xp.log(whole), quotient))

    def expm1(self, array: Array) -> Array:
        """exp(x) - 1 in the same way."""
        xp = self.xp
        whole = xp.exp(array)
        rise = xp.subtract(whole, 1.0)
        is_end = xp.logical_or(xp.equal(rise, -1), xp.equal(whole, math.inf))
        is_even = xp.logical_or(xp.equal(rise, 0), is_end)
        quotient = xp.divide(array, xp.log(xp.where(is_even, 2.0, whole)))
        exact = xp.where(is_end, rise, xp.multiply(rise, quotient))
        return xp.where(xp.equal(rise, 0), array, exact)
