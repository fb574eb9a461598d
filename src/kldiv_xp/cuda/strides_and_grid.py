"""Strides of arrays in memory, and how their rows are shared among threads."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kldiv_xp.tracing.layouts import Layout, Strides
from kldiv_xp.tracing.operations import BYTES

THREADS = 256
"""Threads of a block, a power of two."""

BLOCKS = 1024
"""Blocks of a kernel at most, on any device, so that sums are the same to the bit on each."""

BATCH = 4
"""Elements that a thread has at least of a row that is split."""

WIDEST_READ = 16
"""Bytes that a thread reads at once."""


class Placed(NamedTuple):
    """How an array lies: dtype's name, strides in elements, whether a widest read may begin."""

    dtype: str
    strides: Strides
    aligned: bool


@dataclass(frozen=True, slots=True)
class DeviceBuffer:
    """An array in the memory of a device: address, dtype's name, strides in elements."""

    address: int
    dtype: str
    strides: Strides

    @property
    def placed(self) -> Placed:
        """All that a plan depends on."""
        return Placed(self.dtype, tuple(self.strides), self.address % WIDEST_READ == 0)


class Grid(NamedTuple):
    """How rows are shared: each in some pieces, a piece by some threads of a block."""

    pieces: int
    lanes: int
    blocks: int


def width_of(layout: Layout, arrays: Sequence[Placed]) -> int:
    """Elements that a thread can read at once: 1 unless all rows begin where such a read may."""
    width = WIDEST_READ // min(
        (BYTES[one.dtype] for one in arrays if one.dtype != "bool"), default=1
    )
    for place, array in enumerate(arrays):
        step = layout.steps[place]
        if step == 0 < layout.columns:
            continue
        outer = (*layout.row_strides[place], *layout.group_strides[place])
        if step != 1 or not array.aligned or any(one % width for one in outer):
            return 1
    return width


def grid_of(layout: Layout, width: int, *, split: bool) -> Grid:
    """How threads share the rows, decided by the layout alone."""
    rows, columns = max(1, layout.rows), layout.columns
    lanes = lanes_of(layout, width)
    most = max(1, BLOCKS * THREADS // (rows * lanes)) if split else 1
    parts = layout.groups if layout.group_sizes else columns / (lanes * max(width, BATCH))
    pieces = max(1, min(most, math.ceil(parts)))
    return Grid(pieces, lanes, min(BLOCKS, math.ceil(rows * pieces * lanes / THREADS)))


def lanes_of(layout: Layout, width: int) -> int:
    """Threads of a row: one where neighbouring rows are next to each other in memory."""
    last = [one[-1] for one in layout.row_strides]
    turned = any(abs(step) > 1 and row == 1 for step, row in zip(layout.steps, last, strict=True))
    if turned:
        return 1
    return 1 << (max(1, min(math.ceil(layout.columns / width), THREADS)) - 1).bit_length()


def contiguous(shape: Sequence[int]) -> Strides:
    """Strides of a new array."""
    return tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))
