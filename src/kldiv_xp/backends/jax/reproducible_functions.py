"""JAX: the namespace in which reproducible losses are computed, with what XLA vectorises."""

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array, Axes
from kldiv_xp.formula.reproducible_sums import Sums, sums_of_parts
from kldiv_xp.fused.lines_on_arrays import VectorFunctions

INFINITE = 1, 2
"""Bits of either infinity; together, and those of NaN, they make NaN."""


def bits_of(array: Array) -> Array:
    """Numbers of float64 as integers."""
    return jax.lax.bitcast_convert_type(array, jnp.int64)


def numbers_of(bits: Array) -> Array:
    """The numbers of such integers."""
    return jax.lax.bitcast_convert_type(bits, jnp.float64)


class JaxFunctions(VectorFunctions):
    """The namespace of JAX with functions of its own, as far as the formula takes them."""

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


def joined_parts(left: tuple[Array, ...], right: tuple[Array, ...]) -> tuple[Array, ...]:
    """Sums of integers, and kinds of odd numbers together."""
    return left[0] + right[0], left[1] + right[1], left[2] | right[2]


FUNCTIONS = JaxFunctions(jnp, bits_of, numbers_of)
