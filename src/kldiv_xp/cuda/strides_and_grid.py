"""Where the elements of arrays lie in memory, and how sums of them are shared among threads."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kldiv_xp._typing import Axes

Strides = tuple[int, ...]

THREADS = 256
"""Threads of a block, a power of two."""

BLOCKS = 512
"""Blocks of a kernel at most, on any device, so that sums are the same to the bit on each."""

BATCH = 4
"""Elements that a thread reads before it computes with the first; fewer do not split a row."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """An array in the memory of a device: address, dtype's name, strides in elements."""

    address: int
    dtype: str
    strides: Strides


class Grid(NamedTuple):
    """How rows are summed: each in some pieces, a piece by some threads of a block."""

    pieces: int
    lanes: int
    blocks: int


def grid_of(rows: int, columns: int) -> Grid:
    """Shares of the threads, told from the shape alone; there is a row at least."""
    lanes = 1 << (max(1, min(columns, THREADS)) - 1).bit_length()
    pieces = max(1, min(BLOCKS // rows, math.ceil(columns / (lanes * BATCH))))
    return Grid(pieces, lanes, min(BLOCKS, math.ceil(rows * pieces * lanes / THREADS)))


def blocks_for(count: int) -> int:
    """Blocks for so many elements, each of which is written by one thread."""
    return min(BLOCKS, math.ceil(count / THREADS))


def contiguous(shape: Sequence[int]) -> Strides:
    """Strides of a new array."""
    return tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))


def merged(shape: Sequence[int], strides: Sequence[Strides]) -> tuple[Strides, list[Strides]]:
    """Sizes and strides with as few axes as hold the same elements in the same order."""
    sizes: list[int] = []
    steps: list[Strides] = []
    for size, step in zip(shape, zip(*strides, strict=True), strict=True):
        if size == 1:
            continue
        if sizes and steps[-1] == tuple(one * size for one in step):
            sizes[-1] *= size
            steps[-1] = step
        else:
            sizes.append(size)
            steps.append(step)
    if not sizes:
        sizes, steps = [1], [(0,) * len(strides)]
    return tuple(sizes), list(zip(*steps, strict=True))


def in_order_of_memory(axes: Axes, strides: Sequence[Strides]) -> Axes:
    """Axes in the order in which memory holds their elements, or most of them."""
    return tuple(sorted(axes, key=lambda axis: -sum(abs(steps[axis]) for steps in strides)))


def part(axes: Axes, values: Sequence[int]) -> Strides:
    """Values of some axes."""
    return tuple(values[axis] for axis in axes)
