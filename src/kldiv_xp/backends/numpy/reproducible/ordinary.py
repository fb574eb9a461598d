"""Blocks that hold ordinary numbers alone, and their operands as float32 in a row."""

import math
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.numpy.reproducible.functions import (
    BITS_OF_INFINITY,
    BITS_OF_TINY,
    Memory,
)
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import LOG_OF_LARGEST, LOG_OF_TINY, TINY
from kldiv_xp.fused.reproducible import FAR_FROM_ZERO, LARGEST, LOG_OF_ZERO


class Block(NamedTuple):
    """Ordinary operands of float32, in a row; those that do not count make a term of 0."""

    x: Array
    t: Array
    has_zeros: bool
    """Whether p is 0 somewhere, and given as it is."""

    is_whole: bool
    """Whether the operands are as they were given."""

    largest_x: float
    """The largest number of the input, without its sign."""


def ordinary(memory: Memory, form: Form, x: Array, t: Array, *where: Array) -> Block | None:
    """Operands of a block, if all numbers that count are ordinary."""
    xp = memory.xp
    if not math.prod(x.shape):
        return None
    given = x, t = flat_operands(memory, x, t)
    of_one = 0.0 if form.log_input else 1.0
    nothing = LOG_OF_ZERO if form.log_target else 0.0
    for one in where:
        mask = one.reshape(-1)
        x, t = xp.where(mask, x, xp.float32(of_one)), xp.where(mask, t, xp.float32(nothing))
    has_zeros = False
    if form.log_target:
        least, most = t.min(), t.max()
        if least < LOG_OF_TINY:
            t = xp.where(t < LOG_OF_TINY, xp.float32(nothing), t)
        if not most <= FAR_FROM_ZERO and not (
            most <= LOG_OF_LARGEST and no_subnormal(xp, t) and no_subnormal(xp, x)
        ):
            return None
    else:
        bits = t.view("int32")
        least = bits.min()
        if not least >= 0 or not bits.max() < BITS_OF_INFINITY:
            return None
        has_zeros = bool(least == 0)
        if least < BITS_OF_TINY and not no_subnormal(xp, t):
            return None
    least, most = x.min(), x.max()
    if least == (-math.inf if form.log_input else 0.0):
        x = without_infinite(xp, form, x, t, nothing, of_one)
        least = x.min()
    if form.log_input:
        is_ordinary = least > -LARGEST and most < LARGEST
    else:
        is_ordinary = least >= TINY and most < math.inf
    is_whole = x is given[0] and t is given[1]
    return Block(x, t, has_zeros, is_whole, max(-least, most)) if is_ordinary else None


def as_noted(memory: Memory, note: bool | None, x: Array, t: Array, *where: Array) -> Block | None:
    """Operands of a block that was found to be ordinary as it is, if there is such a note."""
    if note is None or where:
        return None
    return Block(
        flat(memory, x, "x"), flat(memory, t, "t"), note, is_whole=True, largest_x=math.inf
    )


def without_infinite(
    xp: Namespace, form: Form, x: Array, t: Array, nothing: float, of_one: float
) -> Array:
    """Inputs, without what is infinite, or 0, where p is 0."""
    is_out = x == (-math.inf if form.log_input else 0.0)
    return xp.where(is_out & (t == nothing), xp.float32(of_one), x)


def flat_operands(memory: Memory, x: Array, t: Array) -> tuple[Array, Array]:
    """Operands in a row, in float32."""
    return flat(memory, x, "x"), flat(memory, t, "t")


def flat(memory: Memory, operand: Array, name: str) -> Array:
    """Numbers in a row, in float32, if loops do not widen them."""
    if hasattr(operand, "lent"):
        return operand.reshape(-1)
    if operand.dtype == "float32" and operand.dtype.isnative and operand.flags.c_contiguous:
        return operand.reshape(-1)
    place = memory.get(name, "float32", operand.size)
    memory.xp.copyto(place.reshape(operand.shape), operand)
    return place


def no_subnormal(xp: Namespace, array: Array) -> bool:
    """Whether no number of float32 is subnormal."""
    bits = xp.bitwise_and(array.view("int32"), 0x7FFFFFFF)
    return bool(xp.add(bits, BITS_OF_INFINITY, out=bits).max() <= BITS_OF_INFINITY)


def widened(block: Block) -> Block:
    """The same as arrays of NumPy, where the loops have not taken what torch lends them."""
    if not hasattr(block.t, "lent"):
        return block
    x, t = (one[...].reshape(-1) for one in (block.x, block.t))
    return block._replace(x=x, t=t)
