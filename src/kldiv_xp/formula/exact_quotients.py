"""Exponentials of quotients by a temperature, without the rounding of the quotient."""

import math
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import filled, number_of_rows, over, times
from kldiv_xp.formula.open_numbers import is_open

USUAL = 2.0**100
"""Temperatures up to here, and down to its reciprocal, leave room for the numbers below."""


def exponential_over(xp: Namespace, array: Array, temperature: float | Array, like: Array) -> Array:
    """exp(array / temperature), where the quotient is at most 64; -inf gives 0.

    The rounding of x / T is an error of eps / 2 for each unit of it: at a T of 3 derivatives of
    peaked rows had errors of 5e-6.  So k is the quotient rounded to 12 binary places, and the rest
    (x - k T) / T, of exact products and differences, is a factor of 1 + rest.  `like` is an array
    of one number for each row.
    """
    if xp.finfo(array.dtype).eps < 2.0**-23 or is_exact(xp, temperature):
        return xp.exp(over(xp, array, temperature))
    array, parts = divisor_parts(xp, array, temperature, like)
    array = xp.where(xp.less(array, parts.least), parts.least, array)
    coarse = xp.subtract(xp.add(parts.quotient(xp, array), parts.grid), parts.grid)
    rest = xp.subtract(array, xp.multiply(coarse, parts.first))
    if not isinstance(parts.last, float) or parts.last != 0:
        rest = xp.subtract(rest, xp.multiply(coarse, parts.last))
    value = xp.exp(coarse)
    return xp.add(value, xp.multiply(value, xp.multiply(rest, parts.inverse)))


class DivisorParts(NamedTuple):
    """A temperature, and what a quotient by it is made of."""

    temperature: float | Array
    inverse: float | Array
    first: float | Array
    """Its first five digits, whose products with numbers of 19 digits are exact."""
    last: float | Array
    """Its other digits."""
    grid: Array
    """A number which, added and subtracted, leaves a quotient 12 binary places."""
    least: Array
    """A number whose exponential is 0."""

    def quotient(self, xp: Namespace, array: Array) -> Array:
        """The array over the temperature, rounded."""
        if isinstance(self.inverse, float):
            return xp.multiply(array, self.inverse)
        return xp.divide(array, self.temperature)


def divisor_parts(
    xp: Namespace, array: Array, temperature: float | Array, like: Array
) -> tuple[Array, DivisorParts]:
    """An array and the parts of a temperature; both times a power of two, if it is no usual one."""
    grid = number_of_rows(xp, like, 1.5 * 2**11)
    is_usual = isinstance(temperature, float) and 1 / USUAL < temperature < USUAL
    if is_usual and is_open(xp, temperature):
        temperature = filled(xp, like, temperature)
    if not isinstance(temperature, float):
        return array, parts_of_array(xp, temperature, grid)
    exponent = math.floor(math.log2(temperature))
    if not is_usual:
        exponent -= exponent % 2  # the power is a product of two equal ones
        array, temperature = times(xp, array, 2.0**-exponent), temperature * 2.0**-exponent
        exponent = math.floor(math.log2(temperature))
    unit = 2.0 ** (exponent - 4)
    first = math.floor(temperature / unit) * unit
    least = filled(xp, like, temperature * -128.0)
    return array, DivisorParts(
        temperature, 1 / temperature, first, temperature - first, grid, least
    )


def parts_of_array(xp: Namespace, temperature: Array, grid: Array) -> DivisorParts:
    """The same of a temperature that is an array; without digits, if it is no usual one."""
    usual = xp.logical_and(xp.less(temperature, USUAL), xp.greater(temperature, 1 / USUAL))
    number = xp.where(usual, temperature, 1.0)
    large = xp.multiply(number, 2.0**19)
    first = xp.subtract(xp.add(large, number), large)
    last = xp.add(xp.subtract(number, first), rest_of(temperature))
    limit = xp.where(xp.less(temperature, 2.0**120), temperature, 2.0**120)
    inverse, first, last, grid = (
        xp.where(usual, one, 0.0)
        for one in (xp.divide(xp.ones_like(number), number), first, last, grid)
    )
    return DivisorParts(temperature, inverse, first, last, grid, xp.multiply(limit, -128.0))


def rest_of(temperature: Array) -> Any:
    """What a number lacks that stands for one of more digits, as those of kernels do."""
    return getattr(temperature, "rest", 0.0)


def is_exact(xp: Namespace, temperature: float | Array) -> bool:
    """Whether a temperature is known to be a power of two, by which no quotient is rounded."""
    if not isinstance(temperature, float):
        return bool(getattr(temperature, "is_power_of_two", False))
    return not is_open(xp, temperature) and is_power_of_two(temperature)


def is_power_of_two(number: float) -> bool:
    """Whether a product with this number is not rounded."""
    return math.frexp(number)[0] * 2 == 1
