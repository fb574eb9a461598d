"""Addresses and strides of arrays of NumPy, and of what lends memory in their place."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from kldiv_xp._typing import Array, DType
from kldiv_xp.tracing.layouts import Sizes, Strides
from kldiv_xp.tracing.operations import BYTES


class MemoryLayout(NamedTuple):
    """How an array lies: all that a plan depends on."""

    dtype: str
    strides: Strides
    """In bytes."""


class HostBuffer(NamedTuple):
    """An array in host memory: its address, and how it lies."""

    address: int
    layout: MemoryLayout


def buffer_of(array: Array) -> HostBuffer | None:
    """Memory of an array, None of those whose types have no loops."""
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
    """Name of a dtype of which there are loops."""
    name: str = dtype.name
    return name if name in BYTES and dtype.isnative else None


def buffers_of(shape: Sizes, arrays: Sequence[Array]) -> list[HostBuffer] | None:
    """Memory of arrays; of one that is broadcast to a shape it is read again and again."""
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
    """Strides of the same memory under a shape of more elements; a number has no axis."""
    if not shape:
        return (0,) * len(wanted)
    return tuple(0 if size == 1 else step for size, step in zip(shape, strides, strict=True))
