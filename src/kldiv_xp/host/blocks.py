"""Cutting arrays into blocks that fit the cache."""

import math
from collections.abc import Sequence
from functools import lru_cache

from kldiv_xp._typing import Array, DType, Namespace

# 512 x 32000 float32 on two threads with 1 MiB of L2 each: 17.5 ms in blocks of 64 KiB, 9.1 in
# 256 KiB, 7.4 in 512 KiB, 6.0 in 1 MiB, 6.2 in 2 MiB.
BLOCK_BYTES = 1 << 20

FEW_CLASSES = {4: 8, 8: 32}
"""Blocks of fewer classes are stored class by class; the limit depends on the bytes of an element.

From 8 classes on NumPy sums a contiguous row in another order; float64 is precise enough for both.
From 50 classes on the copy takes as long as it saves.
"""

DENSE_CLASSES = 128
"""Classes from which on a row is summed where its elements lie side by side.

NumPy adds up an axis that is not the innermost one element after the other: of 1000 classes in
planes a float32 divergence was off by 1.5e-5 of itself, and is by 1e-6.
"""

LEAST_CLASSES, LEAST_ELEMENTS = 16, 4096
"""Least of a tile that is copied at once.

A cache line holds 16 float32 of neighbouring rows: whole blocks took 1.7 to 4.7 ns an element, and
take 0.7 to 1.6.
"""

Index = tuple[int | slice, ...]


def block_indices(shape: Sequence[int], most: int) -> list[Index]:
    """Indices that cut a shape into blocks of at most `most` elements, in row-major order."""
    if math.prod(shape) <= most:
        return [()]
    size, *inner = shape
    row = math.prod(inner)
    if row > most:
        return [(place, *index) for place in range(size) for index in block_indices(inner, most)]
    count = -(-size // (most // row))
    step = -(-size // count)
    return [(slice(start, start + step),) for start in range(0, size, step)]


def cache_sized_blocks(
    xp: Namespace, shape: Sequence[int], dtype: DType, kept: int | None
) -> list[Index]:
    """Indices of blocks of at most 1 MiB; with `kept`, only the first `kept` axes are cut.

    Temporaries of less than 1 MiB would be fresh memory in each call: in blocks of 256 KiB, which
    share theirs, 1024 x 100 logits take 1.3 ms where they took 2.4.
    """
    most = BLOCK_BYTES // xp.dtype(dtype).itemsize
    if most // 4 < math.prod(shape) <= most:
        most = max(1, most // 4)
    if kept is None:
        return block_indices(shape, most)
    return block_indices(shape[:kept], max(1, most // max(1, math.prod(shape[kept:]))))


def cast_block(operand: Array, index: Index, dtype: DType) -> Array:
    """Block of an operand, cast to a dtype if it is floating-point: a view where possible."""
    block = operand[(*index, ...) if operand.ndim else ...]
    kept = block.dtype in (dtype, "bool") or block.dtype.kind in "iu"
    return block if kept else block.astype(dtype)


def row_block(xp: Namespace, operand: Array, index: Index, dtype: DType) -> Array:
    """Block of whole rows of an operand, of many classes with their elements side by side."""
    block = cast_block(operand, index, dtype)
    if not has_rows_apart(block):
        return block
    dense = xp.empty(block.shape, dtype=dtype)
    size = block.shape[-1]
    width = max(LEAST_CLASSES, LEAST_ELEMENTS * size // block.size)
    for first in range(0, size, width):
        tile = ..., slice(first, first + width)
        dense[tile] = block[tile]
    return dense


def has_rows_apart(block: Array) -> bool:
    """Whether rows of many numbers lie closer to each other than their elements do."""
    if block.ndim < 2 or block.shape[-1] < DENSE_CLASSES or not block.size:  # noqa: PLR2004
        return False
    if block.dtype.kind != "f":
        return False
    pairs = zip(block.strides, block.shape, strict=True)
    *others, own = (abs(step) if size > 1 else 0 for step, size in pairs)
    return any(0 < step < own for step in others)


def by_classes(xp: Namespace, input: Array, target: Array) -> tuple[Array, Array]:
    """Blocks of rows, those of few classes so that one class of all rows lies in one piece.

    Loops over the last axis alone take 3 to 6 times as long: 131072 x 3 logits 20 ms for 3.5.
    """
    if input.ndim == 1 or input.shape[-1] >= FEW_CLASSES.get(input.dtype.itemsize, 0):
        return input, target
    first, last = axes_by_classes(input.ndim)
    left = xp.ascontiguousarray(input.transpose(first)).transpose(last)
    return left, xp.ascontiguousarray(target.transpose(first)).transpose(last)


@lru_cache
def axes_by_classes(count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Orders of so many axes that move the last one to the front, and back."""
    return (count - 1, *range(count - 1)), (*range(1, count), 0)


def has_few_classes(block: Array) -> bool:
    """Whether rows are so short that loops run along the other axes."""
    return bool(block.shape[-1] < FEW_CLASSES.get(block.dtype.itemsize, 0))


def order_of_memory(arrays: tuple[Array, ...]) -> list[int]:
    """Axes by descending total stride.

    Along the columns of a matrix that is stored by columns: 14 ms instead of 155.
    """
    strides = [sum(map(abs, steps)) for steps in zip(*(a.strides for a in arrays), strict=True)]
    return sorted(range(len(strides)), key=strides.__getitem__, reverse=True)


def empty_like(xp: Namespace, array: Array, dtype: DType) -> Array:
    """Uninitialised array in the shape of another, whose axes lie in memory as its axes do."""
    return xp.empty_like(array, dtype=dtype, order="K", subok=False)
