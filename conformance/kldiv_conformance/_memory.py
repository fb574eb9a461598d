"""How operands lie in memory: in one piece, or in one of the ways that views lie."""

import math
from dataclasses import replace
from typing import Any, TypeAlias
from zlib import crc32

from kldiv_conformance._vector import Operand, Vector
from kldiv_conformance._views import BROADCAST, VIEWS, WAYS, around, broadcast

Array: TypeAlias = Any

IN_ONE_PIECE = "right where all operands lie in one piece of memory"
# Up to this size an operand is searched for an axis along which it is constant.
MOST_SEARCHED = 4096
MANY = 3
LEAST_AXES = {
    "transposed": 2,
    "cut": 2,
    "flipped": 2,
    "cut between rows": MANY,
    "channels-last": MANY,
}
ON_TORCH = ("", "transposed", "strided", "offset", "cut", "cut between rows", "channels-last")
WITH_SIGNS = (*ON_TORCH, "reversed", "flipped")  # negative strides, which torch does not have
LAYOUTS = {"numpy": WITH_SIGNS, "cupy": WITH_SIGNS, "torch": ON_TORCH}
"""Layouts of each library that has such, '' for one piece."""


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
    possible = [it for it in layouts if len(operand.shape) >= LEAST_AXES.get(it, 1)]
    possible += [it for it in possible if LEAST_AXES.get(it) == MANY]  # few operands have so many
    return possible[number // 2 % len(possible)]


def repeated_axis(operand: Operand) -> int | None:
    """First axis, last one, or one between them, if a small operand is constant along it."""
    axes = list(range(len(operand.shape)))
    if math.prod(operand.shape) > MOST_SEARCHED:
        return None
    for axis in [0, *axes[:0:-1]]:
        before, size, after = around(operand, axis)
        values, block = operand.values, size * after
        rows = (values[at * block :][:block] for at in range(before))
        if size > 1 and all(row == row[:after] * size for row in rows):
            return axis
    return None


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
    if operand.layout == BROADCAST:
        return broadcast(xp, array, operand, repeated_axis(operand) or 0)
    if operand.layout in VIEWS:
        return VIEWS[operand.layout](xp, array)
    return WAYS[operand.layout](xp, array.reshape(-1)).reshape(operand.shape)
