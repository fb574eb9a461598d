"""How operands lie in memory: in one piece, or in one of the ways that views lie."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias
from zlib import crc32

from kldiv_conformance._vector import Operand, Vector

Array: TypeAlias = Any

IN_ONE_PIECE = "right where all operands lie in one piece of memory"
# Up to this size an operand is searched for an axis along which it is constant.
MOST_SEARCHED = 4096


def with_layouts(vector: Vector, library: str) -> Vector:
    """The same call, with operands that do not lie in one piece where a library has such.

    The function, the operand's name, its shape and dtype decide, so that a compiler meets each
    kind of call in one way; and whether its values can be broadcast.
    """
    layouts = LAYOUTS.get(library, ())
    if not layouts or vector.raises is not None:
        return vector

    def laid(name: str, operand: Any) -> Any:
        if not isinstance(operand, Operand):
            return operand
        kind = f"{vector.function} {vector.kind} {name} {operand.shape} {operand.dtype}"
        return replace(operand, layout=chosen(operand, layouts, crc32(kind.encode())))

    names = ("input", "target", "where", "indices", "upstream")
    parts = {name: laid(name, getattr(vector, name)) for name in names}
    layers = {name: laid(name, operand) for name, operand in vector.layers.items()}
    return replace(vector, **parts, layers=layers)


def chosen(operand: Operand, layouts: tuple[str, ...], number: int) -> str:
    """Layout of an operand: one of those that it can have."""
    if operand.container != "array" or math.prod(operand.shape) == 1 or not operand.values:
        return ""
    if number % 2 and repeated_axis(operand) is not None:
        return BROADCAST
    possible = [it for it in layouts if it != TRANSPOSED or len(operand.shape) > 1]
    return possible[number // 2 % len(possible)]


def repeated_axis(operand: Operand) -> int | None:
    """First or last axis, if a small operand is constant along it."""
    shape, values = operand.shape, operand.values
    if math.prod(shape) > MOST_SEARCHED:
        return None
    row, size = len(values) // shape[0], shape[-1]
    if shape[0] > 1 and values == values[:row] * shape[0]:
        return 0
    starts = range(0, len(values), size)
    is_constant = size > 1 and all(values[at : at + size] == [values[at]] * size for at in starts)
    return -1 if is_constant else None


def told(vector: Vector) -> str:
    """The operands of a call that do not lie in one piece, in words."""
    found = {**vector.pair, **vector.others, "upstream": vector.upstream}
    return ", ".join(
        f"{it.layout} {name}" for name, it in found.items() if isinstance(it, Operand) and it.layout
    )


def in_memory(xp: Any, array: Array, operand: Operand) -> Array:
    """The same values, as a view of memory that holds more, or holds them in another order.

    Parameters
    ----------
    xp : module
        NumPy, CuPy or torch.
    array : Array
        Array in one piece.
    operand : Operand
        What it was made of, with its layout.

    Returns
    -------
    Array
        Equal array.  What is read beside it is NaN, the opposite of a mask, or the index 0.
    """
    flat = array.reshape(-1)
    if operand.layout == BROADCAST:
        return broadcast(xp, flat, operand)
    if operand.layout == TRANSPOSED:
        axes = tuple(range(len(operand.shape)))
        columns = xp.moveaxis(array, axes, axes[::-1]).reshape(-1).reshape(operand.shape[::-1])
        return xp.moveaxis(columns, axes, axes[::-1])
    return WAYS[operand.layout](xp, flat).reshape(operand.shape)


def broadcast(xp: Any, flat: Array, operand: Operand) -> Array:
    """View whose stride along the axis that is constant is 0."""
    axis, shape = repeated_axis(operand), list(operand.shape)
    step = shape[-1] if axis == -1 else 1
    shape[axis or 0] = 1
    memory, count = garbage(xp, flat), math.prod(shape)
    memory[:count] = flat[::step][:count]
    return xp.broadcast_to(memory[:count].reshape(tuple(shape)), operand.shape)


def strided(xp: Any, flat: Array) -> Array:
    """Every second element of memory."""
    return xp.moveaxis(xp.stack((flat, garbage(xp, flat))), 0, -1).reshape(-1)[::2]


def offset(xp: Any, flat: Array) -> Array:
    """The second half of memory."""
    return xp.stack((garbage(xp, flat), flat))[1]


def backwards(xp: Any, flat: Array) -> Array:
    """Memory from its last element to its first."""
    return flat[::-1].copy()[::-1]


def garbage(xp: Any, flat: Array) -> Array:
    """NaN, the opposite of a mask or the index 0, for memory that a right loss never reads."""
    kind = str(flat.dtype)
    if "bool" in kind:
        return ~flat
    return xp.full_like(flat, math.nan if "float" in kind else 0)


TRANSPOSED, BROADCAST = "transposed", "broadcast"
WAYS: Mapping[str, Callable[[Any, Array], Array]] = {
    "": lambda _, flat: flat,
    "strided": strided,
    "offset": offset,
    "reversed": backwards,
}
ON_TORCH = ("", TRANSPOSED, "strided", "offset")  # which has no negative strides
LAYOUTS = {
    "numpy": (*ON_TORCH, "reversed"),
    "cupy": (*ON_TORCH, "reversed"),
    "torch": ON_TORCH,
}
"""Layouts of each library that has such, '' for one piece."""
