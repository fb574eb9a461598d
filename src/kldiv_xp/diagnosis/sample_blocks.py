"""The inputs cut into 2-D blocks, one row per sample, each with its position."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast, is_kind
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.host.blocks import Index, block_indices

# A dozen temporaries of this size stay below 16 MiB.
SAMPLE_BLOCK_ELEMENTS = 1 << 18


@dataclass(frozen=True)
class SampleBlock:
    """A block of all operands, with its position.

    `order` are their axes, those of a sample last; `corner` and `shape` say in this order where
    the block begins and how far it goes. A sample of more than `ELEMENTS` is spread over several
    parts, of which only the last one `ends` it.
    """

    xp: Namespace
    matrices: Arrays
    order: Axes
    corner: Axes
    shape: Axes
    ends: bool

    def place(self, flat: int, axes: int) -> Axes:
        """Index in the operands of a flat position in the first axes of the block."""
        index = {}
        for axis, start, size in reversed(self.extent[:axes]):
            flat, here = divmod(flat, size)
            index[axis] = start + here
        return tuple(index[axis] for axis in sorted(index))

    @property
    def extent(self) -> list[tuple[int, int, int]]:
        """Axis, start and size of each axis of the block."""
        return list(zip(self.order, self.corner, self.shape, strict=True))


def sample_blocks(context: Context, arrays: Arrays, axes: Axes) -> Iterator[SampleBlock]:
    """Blocks of operands of one shape, in the working dtype; masks stay bool."""
    kept = tuple(place for place in range(arrays[0].ndim) if place not in axes)
    order = (*kept, *axes)
    # What is made where it is looked at has its samples in the last axis.
    moved = list(arrays)
    if order != tuple(range(len(order))):
        moved = [context.xp.permute_dims(array, order) for array in arrays]
    sizes = tuple(arrays[0].shape[axis] for axis in order)
    for index in block_indices(sizes, SAMPLE_BLOCK_ELEMENTS) if math.prod(sizes) else ():
        corner, shape = extent_of(index, sizes)
        matrix = math.prod(shape[: len(kept)]), math.prod(shape[len(kept) :])
        # Within the sizes: what a slice beyond them means, the standard leaves open.
        block = tuple(slice(start, start + size) for start, size in zip(corner, shape, strict=True))
        found = [in_memory(array[(*block, ...)]) for array in moved]
        xp = namespace_of(found[0])
        last = list(zip(corner, shape, sizes, strict=True))[len(kept) :]
        yield SampleBlock(
            xp=xp,
            matrices=tuple(cast_operand(xp, xp.reshape(one, matrix), context) for one in found),
            order=order,
            corner=corner,
            shape=shape,
            ends=all(start + size == whole for start, size, whole in last),
        )


def extent_of(index: Index, sizes: Axes) -> tuple[Axes, Axes]:
    """Start and size of a block, 1 where the index is an int."""
    corner, shape = [0] * len(sizes), list(sizes)
    for axis, place in enumerate(index):
        if isinstance(place, slice):
            corner[axis], stop, _ = place.indices(sizes[axis])
            shape[axis] = stop - corner[axis]
        else:
            corner[axis], shape[axis] = place, 1
    return tuple(corner), tuple(shape)


def in_memory(array: Array) -> Array:
    """The array; a lazy one is computed, and one in parts gathered."""
    if hasattr(array, "full_tensor"):
        return array.full_tensor()
    return array.compute() if hasattr(array, "compute") else array


def cast_operand(xp: Namespace, array: Array, context: Context) -> Array:
    """Array in the working dtype; a mask unchanged."""
    return array if is_kind(xp, array.dtype, "bool") else cast(xp, array, context.working)
