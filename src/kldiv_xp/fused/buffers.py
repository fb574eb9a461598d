"""Addresses and strides of NumPy arrays, and of objects that lend their memory."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from kldiv_xp._typing import Array, DType
from kldiv_xp.tracing.layouts import Sizes, Strides
from kldiv_xp.tracing.operations import BYTES


class MemoryLayout(NamedTuple):
    """Dtype name and strides of an array: all that a plan depends on."""

    dtype: str
    strides: Strides
    """In bytes."""


class HostBuffer(NamedTuple):
    """An array in host memory: its address and its layout."""

    address: int
    layout: MemoryLayout


def buffer_of(array: Array) -> HostBuffer | None:
    """Buffer of an array, or None for a dtype without loops."""
    lent = getattr(array, "lent", None)
    if lent is not None:
        address, dtype, strides = lent
        return HostBuffer(address, MemoryLayout(dtype, strides))
    name = known_name(array.dtype)
    if name is None:
        return None
    address = array.__array_interface__["data"][0]
    return HostBuffer(address, MemoryLayout(name, array.strides))


@cache
def known_name(dtype: DType) -> str | None:
    """Name of a dtype with loops, None for others."""
    name: str = dtype.name
    return name if name in BYTES and dtype.isnative else None


def buffers_of(shape: Sizes, arrays: Sequence[Array]) -> list[HostBuffer] | None:
    """Buffers of arrays broadcast to a shape, or None if a dtype has no loops."""
    found = []
    for array in arrays:
        buffer = buffer_of(array)
        if buffer is None:
            return None
        if tuple(array.shape) != shape:
            strides = broadcast_strides(buffer.layout.strides, tuple(array.shape), shape)
            buffer = HostBuffer(buffer.address, MemoryLayout(buffer.layout.dtype, strides))
        found.append(buffer)
    return found


def broadcast_strides(strides: Strides, shape: Sizes, wanted: Sizes) -> Strides:
    """Strides after broadcasting to a shape: 0 along repeated axes; a 0-d array has no axis."""
    if not shape:
        return (0,) * len(wanted)
    return tuple(0 if size == 1 else step for size, step in zip(shape, strides, strict=True))
