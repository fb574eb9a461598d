"""Terms, derivatives and sums of blocks of ordinary numbers, with the bits of the plain expression.

Blocks that hold others, such as NaN, are left to that expression.
"""

from collections.abc import Mapping

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.backends.numpy.reproducible.by_loops import derivatives_by_loops, terms_by_loops
from kldiv_xp.backends.numpy.reproducible.functions import (
    BITS_OF_INFINITY,
    UNIT,
    Memory,
    exp,
    log,
)
from kldiv_xp.backends.numpy.reproducible.ordinary import Block, widened
from kldiv_xp.core.reproducible_bounds import LARGEST_LOG, LEAST_RATIO
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import (
    EPS_OF_FLOAT32,
    TINY,
    Rounding,
    rounded,
)
from kldiv_xp.formula.reproducible_sums import Steps

# Of float64, a number that brings integers into the last bits of a sum.
SHIFT = 1.5 * 2.0**52


def ratio_unit(form: Form) -> float:
    """Factor of the differences of logarithms."""
    return 1.0 if form.log_input and form.log_target else UNIT


def probabilities(memory: Memory, form: Form, block: Block) -> Array:
    """p in float64."""
    if form.log_target:
        return exp(memory, block.t, "p")
    p = memory.get("p", "float64", block.t.size)
    memory.xp.copyto(p, block.t)
    return p


def ratio(memory: Memory, form: Form, block: Block) -> Array:
    """log p - log q, times `ratio_unit`, in memory of its own."""
    xp, (x, t, *_) = memory.xp, block
    value = memory.get("ratio", "float64", t.size)
    if form.log_target:
        scaled(memory, t, ratio_unit(form), value)
    else:
        log(memory, t, "ratio")
    other = memory.get("other", "float64", t.size)
    if form.log_input:
        scaled(memory, x, ratio_unit(form), other)
    else:
        other = log(memory, x, "log q")
    return xp.subtract(value, other, out=value)


def scaled(memory: Memory, operand: Array, unit: float, result: Array) -> None:
    """Write numbers times a power of two into float64."""
    xp = memory.xp
    if unit != 1.0:
        place = memory.get("scaled", "float32", operand.size)
        operand = xp.multiply(operand, xp.float32(unit), out=place)
    xp.copyto(result, operand)


def terms(memory: Memory, form: Form, block: Block) -> Array:
    """Terms, times `ratio_unit`."""
    block = widened(block)
    value = ratio(memory, form, block)
    return memory.xp.multiply(value, probabilities(memory, form, block), out=value)


def derivative(memory: Memory, place: int, form: Form, block: Block, factor: Array) -> Array:
    """Derivative of every term with respect to one operand, times a factor."""
    xp, unit, block = memory.xp, ratio_unit(form), widened(block)
    if place == 0:
        value = probabilities(memory, form, block)
        if not form.log_input:
            divisor = memory.get("other", "float64", value.size)
            xp.copyto(divisor, block.x)
            xp.divide(value, divisor, out=value)
        return xp.multiply(value, -factor, out=value)
    value = ratio(memory, form, block)
    xp.add(value, unit, out=value)
    if form.log_target:
        xp.multiply(value, probabilities(memory, form, block), out=value)
    if block.has_zeros:
        xp.multiply(value, block.t != 0, out=value)
    return xp.multiply(value, factor / unit, out=value)


def rounded_terms(memory: Memory, form: Form, rounding: Rounding, block: Block) -> Array:
    """Terms in float32, rounded to a type."""
    if memory.loops is not None:
        return terms_by_loops(memory, form, rounding, block.x, block.t)
    value = terms(memory, form, block)
    memory.xp.multiply(value, 1 / ratio_unit(form), out=value)
    return rounded_to(memory, value, rounding)


def rounded_derivatives(
    memory: Memory, form: Form, block: Block, factor: Array, places: Mapping[int, Rounding]
) -> dict[int, Array]:
    """Derivatives with respect to some operands times a factor, in float32, rounded to types."""
    if memory.loops is not None:
        return derivatives_by_loops(memory, form, places, (block.x, block.t, factor))
    return {
        place: rounded_to(memory, derivative(memory, place, form, block, factor), rounding, place)
        for place, rounding in places.items()
    }


def rounded_to(memory: Memory, value: Array, rounding: Rounding, place: int = 0) -> Array:
    """Numbers in float32, rounded to a type; the next result of this place takes its memory."""
    xp, exact = memory.xp, value
    if rounding.eps > EPS_OF_FLOAT32:
        if rounding.smallest_normal > TINY:
            return rounded(xp, value, rounding._replace(dtype=xp.float32))
        high, exact = (memory.get(name, "float64", value.size) for name in ("other", "log q"))
        xp.multiply(value, rounding.eps * 2.0**52, out=high)
        xp.subtract(xp.add(high, value, out=exact), high, out=exact)
    result = memory.get(f"result {place}", "float32", value.size)
    xp.copyto(result, exact, casting="same_kind")
    bits = xp.bitwise_and(
        result.view("int32"), 0x7FFFFFFF, out=memory.get("m", "int32", value.size)
    )
    # Up to the least normal number, to which a smaller one may have been rounded.
    if xp.add(bits, BITS_OF_INFINITY - 1, out=bits).max() >= BITS_OF_INFINITY:
        return rounded(xp, value, rounding._replace(dtype=xp.float32))
    return xp.add(result, xp.float32(0), out=result)  # none is -0


def largest(form: Form, axis: Axes, shape: tuple[int, ...], block: Block) -> Array | None:
    """The largest target over some axes; None if logarithms may be large."""
    of_input = block.largest_x if form.log_input else LARGEST_LOG
    if of_input + LARGEST_LOG > LEAST_RATIO:
        return None
    return block.t.reshape(shape).max(axis=axis)


def sums(memory: Memory, form: Form, block: Block, rows: int, steps: Steps) -> tuple[Array, Array]:
    """Sums of rows of terms as integers: shifts leave them in the last bits."""
    xp, units, unit = memory.xp, steps.units.reshape(-1, 1), ratio_unit(form)
    whole = SHIFT * (steps.power.reshape(-1, 1) / units)
    part = whole / units
    if memory.loops is not None:
        operands = block.x.reshape(rows, -1), block.t.reshape(rows, -1)
        shifts = whole[:, 0], part[:, 0]
        found: tuple[Array, Array] | None
        found = memory.loops.sums(xp, form, operands, shifts, memory.loops.one_thread)
        if found is not None:
            return found
    value = terms(memory, form, block).reshape(rows, -1)
    whole, part = whole * unit, part * unit
    other = memory.get("p", "float64", value.size).reshape(value.shape)
    high = last_bits(xp, xp.add(value, whole, out=other), whole)
    xp.subtract(value, xp.subtract(other, whole, out=other), out=value)
    return high, last_bits(xp, xp.add(value, part, out=value), part)


def last_bits(xp: Namespace, shifted: Array, shift: Array) -> Array:
    """Sums of rows of integers that were shifted, modulo 2^64."""
    count = shifted.shape[1]
    return xp.add.reduce(shifted.view("int64"), axis=1) - shift.view("int64")[:, 0] * count
