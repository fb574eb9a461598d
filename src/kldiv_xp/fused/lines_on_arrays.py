"""Lines of the compiled loops on arrays of libraries whose compilers make vectors of them.

These call a function of the system's library for every logarithm and exponential of float64, or a
long series; those of the loops are made of sums, products and bits.
"""

from collections.abc import Callable
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.fused import reproducible_functions
from kldiv_xp.fused.reproducible_functions import SHIFT

BITS_OF_SHIFT = 0x4338 << 48
Bits = Callable[[Array], Array]


class LinesOnArrays:
    """Operations of lines, given how a library takes numbers of float64 as integers, and back."""

    def __init__(self, xp: Namespace, bits: Bits, value: Bits) -> None:
        self.xp, self.bits, self.value = xp, bits, value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)

    def add(self, x: Any, y: Any) -> Any:
        """Sum, of integers as well."""
        return x + y

    def subtract(self, x: Any, y: Any) -> Any:
        """Difference, of integers as well."""
        return x - y

    integer_add, integer_subtract = add, subtract

    def multiply(self, x: Any, y: Any) -> Any:
        """Product."""
        return x * y

    def divide(self, x: Any, y: Any) -> Any:
        """Quotient."""
        return x / y

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        """Product and sum, rounded once or twice."""
        return x * y + z

    def shift_left(self, bits: Array, digits: int) -> Array:
        """Bits moved up."""
        return bits << digits

    def shift_down(self, bits: Array, digits: int) -> Array:
        """Bits of positive integers moved down."""
        return bits >> digits

    def whole(self, x: Array) -> tuple[Array, Array]:
        """Number rounded to a whole one, and an integer that has it in its last bits.

        XLA leaves out what is added and subtracted again.
        """
        n = self.xp.round(x)
        return n, self.bits(n + SHIFT)

    def polynomial(self, z: Array, first: Any, *others: float) -> Any:
        """Polynomial with these coefficients, that of the highest power first."""
        value = first
        for other in others:
            value = value * z + other
        return value


class VectorFunctions:
    """A library's namespace with these functions, which the formula takes."""

    def __init__(self, xp: Namespace, bits: Bits, value: Bits) -> None:
        self.xp, self.lines = xp, LinesOnArrays(xp, bits, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)

    def log_of_normal(self, x: Array) -> Array:
        """Logarithm of positive normal numbers."""
        return reproducible_functions.log(self.lines, x)

    def exp_of_bounded(self, x: Array) -> Array:
        """Exponential of numbers within the bounds of the formula."""
        return reproducible_functions.exp(self.lines, x)

    def astype(self, array: Array, dtype: Any) -> Array:
        """As the library; whole numbers of at most 51 bits from their last bits."""
        if dtype == self.xp.int64 and array.dtype == self.xp.float64:
            return self.lines.bits(array + SHIFT) - BITS_OF_SHIFT
        return self.xp.astype(array, dtype)
