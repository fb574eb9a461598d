"""Strides of arrays, and the grid of threads over their rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kldiv_xp.tracing.layouts import Layout, Strides
from kldiv_xp.tracing.operations import BYTES

THREADS = 256
"""Threads of a block, a power of two."""

BLOCKS = 1024
"""Largest grid, the same on every device so that sums are bitwise equal."""

BATCH = 4
"""Least number of elements per thread where a row is split."""

WIDEST_READ = 16
"""Bytes of the widest load."""


class Placed(NamedTuple):
    """Placement of an array: dtype name, strides in elements, alignment to a widest load."""

    dtype: str
    strides: Strides
    aligned: bool


@dataclass(frozen=True, slots=True)
class DeviceBuffer:
    """An array in device memory: address, dtype name, strides in elements."""

    address: int
    dtype: str
    strides: Strides

    @property
    def placed(self) -> Placed:
        """The placement, which is all that a plan depends on."""
        return Placed(self.dtype, tuple(self.strides), self.address % WIDEST_READ == 0)


class Grid(NamedTuple):
    """Grid of threads: pieces per row, threads (lanes) per piece, blocks."""

    pieces: int
    lanes: int
    blocks: int


def width_of(layout: Layout, arrays: Sequence[Placed]) -> int:
    """Elements per vector load: 1 unless all rows are contiguous and aligned."""
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
    """Grid for a layout, which alone decides it."""
    rows, columns = max(1, layout.rows), layout.columns
    lanes = lanes_of(layout, width)
    most = max(1, BLOCKS * THREADS // (rows * lanes)) if split else 1
    parts = layout.groups if layout.group_sizes else columns / (lanes * max(width, BATCH))
    pieces = max(1, min(most, math.ceil(parts)))
    return Grid(pieces, lanes, min(BLOCKS, math.ceil(rows * pieces * lanes / THREADS)))


def lanes_of(layout: Layout, width: int) -> int:
    """Threads per row: one where neighbouring rows are contiguous in memory."""
    last = [one[-1] for one in layout.row_strides]
    turned = any(abs(step) > 1 and row == 1 for step, row in zip(layout.steps, last, strict=True))
    if turned:
        return 1
    return 1 << (max(1, min(math.ceil(layout.columns / width), THREADS)) - 1).bit_length()


def contiguous(shape: Sequence[int]) -> Strides:
    """Strides of a new C-contiguous array."""
    return tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))
