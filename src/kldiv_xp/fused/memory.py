"""Loads and stores of elements, converted between their dtype and the working type."""

from typing import NamedTuple

from kldiv_xp.fused.instructions import Types
from kldiv_xp.fused.text import Text
from kldiv_xp.tracing.operations import BYTES

# LLVM's type of an element in memory.
IN_MEMORY = {
    "float64": "double",
    "float32": "float",
    "float16": "half",
    "bfloat16": "i16",
    "bool": "i8",
}

ROW, NEXT, APART, TILE = "row", "next", "apart", "tile"


class HostOperand(NamedTuple):
    """An array that is read or written: its name, dtype name, and the step along its rows.

    A row may be one element, elements next to each other, or such that lie apart; these may be
    copied to a tile.
    """

    name: str
    dtype: str
    step: str = NEXT

    @property
    def in_rows(self) -> bool:
        """Whether it has an element per column, not one per row."""
        return self.step != ROW

    @property
    def is_dense(self) -> bool:
        """Whether a loop finds the elements of a row next to each other."""
        return self.step in (NEXT, TILE)

    @property
    def kind(self) -> str:
        """Kind of its loaded elements: "bool" or "real"."""
        return "bool" if self.dtype == "bool" else "real"

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return BYTES[self.dtype]


def vector_type(types: Types, scalar: str) -> str:
    """LLVM vector type of a scalar type, or the scalar type for one lane."""
    return f"<{types.lanes} x {scalar}>" if types.lanes > 1 else scalar


def vector_constant(types: Types, scalar: str, value: str) -> str:
    """Constant as a vector, or as a scalar for one lane."""
    return f"splat ({scalar} {value})" if types.lanes > 1 else value


def load(text: Text, types: Types, dtype: str, address: str) -> str:
    """Load elements at an address, of any alignment, in the working type."""
    scalar = IN_MEMORY[dtype]
    memory, real = vector_type(types, scalar), types.of("real")
    value = text.let(f"load {memory}, ptr {address}, align 1")
    if dtype == "bool":
        return text.let(f"icmp ne {memory} {value}, {vector_constant(types, scalar, '0')}")
    if dtype == "bfloat16":
        bits, memory = vector_type(types, "i32"), vector_type(types, "float")
        wide = text.let(f"zext {vector_type(types, 'i16')} {value} to {bits}")
        wide = text.let(f"shl {bits} {wide}, {vector_constant(types, 'i32', '16')}")
        value = text.let(f"bitcast {bits} {wide} to {memory}")
    if memory == real:
        return value
    cast = "fptrunc" if BYTES[dtype] > BYTES[types.real] else "fpext"  # a cotangent may be wider
    return text.let(f"{cast} {memory} {value} to {real}")


def store(text: Text, types: Types, dtype: str, address: str, value: str) -> None:
    """Store elements, rounded to nearest."""
    memory, real = vector_type(types, IN_MEMORY[dtype]), types.of("real")
    if dtype == "bfloat16":
        value = bfloat16_bits(text, types, value)
    elif memory != real:
        value = text.let(f"fptrunc {real} {value} to {memory}")
    text.do(f"store {memory} {value}, ptr {address}, align 1")


def bfloat16_bits(text: Text, types: Types, value: str) -> str:
    """Bits of a float32 rounded to bfloat16, to nearest even."""
    i32, i16, real = vector_type(types, "i32"), vector_type(types, "i16"), types.of("real")
    bits = text.let(f"bitcast {real} {value} to {i32}")
    sixteen = vector_constant(types, "i32", "16")
    odd = text.let(f"lshr {i32} {bits}, {sixteen}")
    odd = text.let(f"and {i32} {odd}, {vector_constant(types, 'i32', '1')}")
    bits = text.let(f"add {i32} {bits}, {vector_constant(types, 'i32', '32767')}")
    bits = text.let(f"add {i32} {bits}, {odd}")
    upper = text.let(f"trunc {i32} {text.let(f'lshr {i32} {bits}, {sixteen}')} to {i16}")
    number = text.let(f"fcmp ord {real} {value}, {value}")
    condition, nan = vector_type(types, "i1"), vector_constant(types, "i16", "32704")
    return text.let(f"select {condition} {number}, {i16} {upper}, {i16} {nan}")


def copy(
    text: Text, size: int, count: str, source: str, target: str, steps: tuple[str, str]
) -> None:
    """Copy elements one by one between addresses with their own steps in bytes."""
    with text.loop("0", count) as index:
        read = text.moved(source, text.product(index, steps[0]))
        copy_element(text, size, read, text.moved(target, text.product(index, steps[1])))


def copy_element(text: Text, size: int, source: str, target: str) -> None:
    """Copy one element between two addresses."""
    kind = f"i{8 * size}"
    value = text.let(f"load {kind}, ptr {source}, align 1")
    text.do(f"store {kind} {value}, ptr {target}, align 1")
