"""JAX: guesses of logarithms and exponentials that XLA computes in vectors.

It calls a function of the system's library for every logarithm and exponential of float64, which
takes most of the time. The formula rounds its guesses to a grid, so that other ones change no bit.
"""

from typing import Any

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array
from kldiv_xp.formula.reproducible_functions import ATANH_SERIES, LOG2_E

DIGITS, BIAS = 52, 1023
# Added to a whole number, it leaves it in the last bits.
SHIFT, BITS_OF_SHIFT = 1.5 * 2.0**DIGITS, 0x4338 << 48
# log(2) in two parts: times an integer of 11 bits the first is exact.
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
# 1 / k! down to 1: up to log(2) / 2 the next one is 2^-58.
POWERS = (
    *(1.1470745597729725e-11, 1.6059043836821613e-10, 2.08767569878681e-09, 2.505210838544172e-08),
    *(2.755731922398589e-07, 2.7557319223985893e-06, 2.48015873015873e-05, 0.0001984126984126984),
    *(0.001388888888888889, 0.008333333333333333, 0.041666666666666664, 0.16666666666666666),
    *(0.5, 1.0, 1.0),
)


class Guesses:
    """The namespace of JAX with these functions, as far as the formula takes them."""

    def __getattr__(self, name: str) -> Any:
        return getattr(jnp, name)

    def log(self, x: Array) -> Array:
        """Logarithm of numbers from 2 / 3 to 4 / 3."""
        s = (x - 1.0) / (x + 1.0)
        return (s + s) * polynomial(s * s, ATANH_SERIES)

    def log2(self, power: Array) -> Array:
        """Logarithm of powers of two that are normal numbers."""
        return value_of((bits_of(power) >> DIGITS) + BITS_OF_SHIFT) - (SHIFT + BIAS)

    def exp(self, x: Array) -> Array:
        """Exponential of numbers up to 300, with its sign or without."""
        k = jnp.round(x * LOG2_E)
        value = polynomial((x - k * LN2_HIGH) - k * LN2_LOW, POWERS)
        return value * value_of((bits_of(k + SHIFT) + BIAS) << DIGITS)

    def astype(self, array: Array, dtype: Any) -> Array:
        """As JAX; whole numbers of at most 51 bits from their last bits."""
        if dtype == jnp.int64 and array.dtype == jnp.float64:
            return bits_of(array + SHIFT) - BITS_OF_SHIFT
        return jnp.astype(array, dtype)


def bits_of(array: Array) -> Array:
    """Numbers of float64 as integers."""
    return jax.lax.bitcast_convert_type(array, jnp.int64)


def value_of(bits: Array) -> Array:
    """The numbers of such integers."""
    return jax.lax.bitcast_convert_type(bits, jnp.float64)


def polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    """Polynomial, by pairs: so that steps need not wait for one another."""
    terms: list[Any] = list(reversed(coefficients))
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        left = terms[len(terms) // 2 * 2 :]
        terms = [*(low + high * x for low, high in pairs), *left]
        x = x * x
    return terms[0]


GUESSES = Guesses()
