"""Logarithm and exponential of ordinary float32 numbers, in place, with the bits of the formula's.

What is exact there is taken from bits of float32 and integers of 32 bits here, and what depends on
few numbers from tables that the formula's own functions fill.
"""

from functools import cache
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula import reproducible_functions as formula
from kldiv_xp.fused.choice import engine_for

DIGITS = 23
# Bits of 0.75, and of a sign and an exponent.
BITS_OF_LEAST, EXPONENT = 0x3F400000, -1 << DIGITS
BITS_OF_TINY, BITS_OF_INFINITY = 0x00800000, 0x7F800000

# Products of a mantissa and a step are multiples of 2^-24; g less half its square is a product of
# two such numbers, (2^16 - g) g / 2^16, which is rounded once.
MANTISSA = 2.0**24
TWICE_STEPS = 2 * formula.STEPS * MANTISSA
UNIT = formula.STEPS * MANTISSA * TWICE_STEPS
"""Logarithms are multiplied by it, which changes no bit of what follows."""

LARGEST_K = 1 << 15
LEAST_K = -1 << 16


class Memory:
    """Arrays for the numbers of a block, by name; one thread makes each once.

    It knows the compiled loops, if arrays of some size are to use them.
    """

    def __init__(self, xp: Namespace, size: int) -> None:
        engine = engine_for(size)
        self.xp = xp
        self.loops: Any = None if engine is None else engine.same_bits_loops
        self.arrays: dict[str, Array] = {}
        self.may_try = self.loops is not None
        """Whether loops may look at the operands, which no block has been in vain so far."""

    def has_worked(self, *results: Array) -> bool:
        """Whether loops have found all operands ordinary; if not, nobody tries again."""
        self.may_try = not any(self.xp.isnan(one.max()) for one in results)
        return self.may_try

    def get(self, name: str, dtype: str, count: int) -> Array:
        """Array of so many elements, which the next call of this name gets again."""
        if name not in self.arrays or self.arrays[name].size < count:
            self.arrays[name] = self.xp.empty(count, dtype=dtype)
        return self.arrays[name][:count]


@cache
def logs_of_steps(xp: Namespace) -> Array:
    """`UNIT` log(q / 2^15) for every q; those that no mantissa needs are 0."""
    least, most = int(formula.STEPS / 1.5), int(formula.STEPS / 0.75) + 1
    table = xp.zeros(most + 1)
    table[least:] = formula.log_of_step(xp, xp.arange(least, most + 1.0)) * UNIT
    return table


@cache
def powers_of_parts(xp: Namespace) -> Array:
    """2^(k / 2^8) / 2^35 for every k, in the order of indices from 0 and then from -1 down."""
    least = formula.PARTS * formula.LOG2_E * formula.LOG_OF_TINY
    k = xp.concatenate([xp.arange(LARGEST_K + 1.0), xp.arange(float(LEAST_K), 0.0)])
    with xp.errstate(under="ignore", over="ignore"):
        powers = formula.power_of_parts(xp, xp.where(k < least - 1, 0.0, k))
    return xp.where(k < least - 1, 0.0, powers)


def log(memory: Memory, x: Array, name: str) -> Array:
    """`UNIT` log(x) of positive normal numbers; of 0 some number."""
    xp, count = memory.xp, x.size
    exponent, mantissa = memory.get("exponent", "int32", count), memory.get("m", "int32", count)
    xp.subtract(x.view("int32"), BITS_OF_LEAST, out=exponent)
    xp.bitwise_and(exponent, EXPONENT, out=exponent)
    xp.subtract(x.view("int32"), exponent, out=mantissa)
    m, other = mantissa.view("float32"), memory.get("other", "float64", count)
    xp.copyto(other, m)
    xp.rint(xp.divide(formula.STEPS, other, out=other), out=other)
    xp.multiply(m, xp.float32(MANTISSA), out=m)
    xp.copyto(mantissa, m, casting="unsafe")
    step, place = memory.get("step", "int32", count), memory.get("place", "intp", count)
    xp.copyto(step, other, casting="unsafe")
    xp.copyto(place, step)
    xp.multiply(step, mantissa, out=step)  # less 2^39, which is 0 in 32 bits
    value = memory.get(name, "float64", count)
    xp.copyto(other, step)
    xp.subtract(TWICE_STEPS, other, out=value)
    xp.multiply(value, other, out=value)
    xp.subtract(value, logs_of_steps(xp).take(place, out=other, mode="clip"), out=value)
    xp.copyto(other, exponent)
    xp.multiply(other, formula.LN2 * UNIT / 2.0**DIGITS, out=other)
    return xp.add(other, value, out=value)


def exp(memory: Memory, x: Array, name: str) -> Array:
    """exp(x) of numbers from `LOG_OF_TINY` to `LOG_OF_LARGEST`, and 0 at `LOG_OF_ZERO`."""
    xp, count = memory.xp, x.size
    value, k = memory.get(name, "float64", count), memory.get("other", "float64", count)
    place = memory.get("place", "intp", count)
    xp.copyto(value, x)
    xp.rint(xp.multiply(value, formula.PARTS * formula.LOG2_E, out=k), out=k)
    xp.copyto(place, k, casting="unsafe")
    xp.subtract(value, xp.multiply(k, formula.LN2_OF_PARTS, out=k), out=value)
    xp.multiply(value, formula.EXPONENT_GRID * formula.THIRD_POWER, out=value)
    xp.rint(value, out=value)
    xp.multiply(value, value, out=k)
    xp.multiply(k, 0.5 / formula.EXPONENT_GRID, out=k)
    xp.add(value, k, out=value)
    xp.add(value, formula.EXPONENT_GRID, out=value)
    return xp.multiply(value, powers_of_parts(xp).take(place, out=k, mode="wrap"), out=value)
