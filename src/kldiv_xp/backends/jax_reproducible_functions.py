"""JAX: logarithms and exponentials with the same bits that XLA computes in vectors.

It calls a function of the system's library for every logarithm and exponential of float64, which
takes most of the time; those of the compiled loops are made of sums, products and bits.
"""

from typing import Any

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array, Axes
from kldiv_xp.formula.reproducible_sums import Sums, sums_of_parts
from kldiv_xp.fused import reproducible_functions
from kldiv_xp.fused.reproducible_functions import SHIFT

BITS_OF_SHIFT = 0x4338 << 48
INFINITE = 1, 2
"""Bits of either infinity; together, and those of NaN, they make NaN."""


class LineOperations:
    """Operations of compiled loops on arrays of JAX."""

    integer_add, integer_subtract = jnp.add, jnp.subtract

    def __getattr__(self, name: str) -> Any:
        return getattr(jnp, name)

    def bits(self, x: Array) -> Array:
        """Numbers of float64 as integers."""
        return jax.lax.bitcast_convert_type(x, jnp.int64)

    def value(self, bits: Array) -> Array:
        """The numbers of such integers."""
        return jax.lax.bitcast_convert_type(bits, jnp.float64)

    def shift_left(self, bits: Array, digits: int) -> Array:
        """Bits moved up."""
        return bits << digits

    def shift_down(self, bits: Array, digits: int) -> Array:
        """Bits of positive integers moved down."""
        return bits >> digits

    def fma(self, x: Array, y: Array, z: Array) -> Array:
        """Product and sum, rounded once or twice."""
        return x * y + z

    def whole(self, x: Array) -> tuple[Array, Array]:
        """Number rounded to a whole one, and an integer that has it in its last bits.

        XLA leaves out what is added and subtracted again.
        """
        n = jnp.round(x)
        return n, self.bits(n + SHIFT)

    def polynomial(self, z: Array, first: float, *others: float) -> Array:
        """Polynomial with these coefficients, that of the highest power first."""
        value: Any = first
        for other in others:
            value = value * z + other
        return value


LINE_OPERATIONS = LineOperations()


class Functions:
    """The namespace of JAX with these functions, as far as the formula takes them."""

    def __getattr__(self, name: str) -> Any:
        return getattr(jnp, name)

    def log_of_normal(self, x: Array) -> Array:
        """Logarithm of positive normal numbers."""
        return reproducible_functions.log(LINE_OPERATIONS, x)

    def exp_of_bounded(self, x: Array) -> Array:
        """Exponential of numbers within the bounds of the formula."""
        return reproducible_functions.exp(LINE_OPERATIONS, x)

    def sums_of_parts(self, high: Array, low: Array, odd: Array, axis: Axes | None) -> Sums:
        """Sums in one loop, without a sum of floating-point numbers, for which XLA has no vectors.

        XLA would compute the terms in each of three loops.
        """
        if axis is not None:
            return sums_of_parts(jnp, high, low, odd, axis)
        axes = tuple(range(high.ndim))
        up, down = INFINITE
        kinds = jnp.where(odd > 0, up, jnp.where(odd < 0, down, up | down))
        kinds = jnp.where(odd == 0, 0, kinds)
        sums = jax.lax.reduce((high, low, kinds), (jnp.int64(0),) * 3, joined_parts, axes)
        high, low, kinds = (jnp.expand_dims(one, axes) for one in sums)
        odd = jnp.where(kinds == up, jnp.inf, jnp.where(kinds == down, -jnp.inf, jnp.nan))
        return Sums(high, low, jnp.where(kinds == 0, 0.0, odd))

    def astype(self, array: Array, dtype: Any) -> Array:
        """As JAX; whole numbers of at most 51 bits from their last bits."""
        if dtype == jnp.int64 and array.dtype == jnp.float64:
            return LINE_OPERATIONS.bits(array + SHIFT) - BITS_OF_SHIFT
        return jnp.astype(array, dtype)


def joined_parts(left: tuple[Array, ...], right: tuple[Array, ...]) -> tuple[Array, ...]:
    """Sums of integers, and kinds of odd numbers together."""
    return left[0] + right[0], left[1] + right[1], left[2] | right[2]


FUNCTIONS = Functions()
