"""Layout of rows in memory: sizes and strides, with axes merged where possible."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from kldiv_xp._typing import Axes

Sizes = tuple[int, ...]
Strides = tuple[int, ...]


class Layout(NamedTuple):
    """Sizes and strides of rows, of groups of columns within a row, and of columns."""

    row_sizes: Strides
    row_strides: list[Strides]
    group_sizes: Strides
    group_strides: list[Strides]
    columns: int
    steps: Strides

    @property
    def rows(self) -> int:
        """Number of rows."""
        return math.prod(self.row_sizes)

    @property
    def groups(self) -> int:
        """Number of groups per row."""
        return math.prod(self.group_sizes)

    @property
    def rows_are_nearer(self) -> list[bool]:
        """Of each array, whether neighbouring rows lie nearer than the elements of one row."""
        strides = zip(self.row_strides, self.steps, strict=True)
        return [0 < abs(of_rows[-1]) < abs(step) for of_rows, step in strides]


def layout_of(shape: Sequence[int], kept: Axes, summed: Axes, strides: Sequence[Strides]) -> Layout:
    """Layout of sums: kept axes are rows, the innermost summed axis columns, the others groups."""
    rows = merged_axes(at_axes(kept, shape), [at_axes(kept, one) for one in strides])
    order = in_order_of_memory(summed, strides)
    sizes, steps = merged_axes(at_axes(order, shape), [at_axes(order, one) for one in strides])
    groups = sizes[:-1], [one[:-1] for one in steps]
    return Layout(*rows, *groups, sizes[-1], tuple(one[-1] for one in steps))


def layout_of_elements(shape: Sequence[int], strides: Sequence[Strides]) -> Layout:
    """Layout of elementwise functions: the innermost axis is columns, the others are rows."""
    sizes, steps = merged_axes(shape, strides)
    rows = (sizes[:-1], [one[:-1] for one in steps])
    if len(sizes) == 1:
        rows = ((1,), [(0,)] * len(steps))
    return Layout(*rows, (), [()] * len(steps), sizes[-1], tuple(one[-1] for one in steps))


def merged_axes(shape: Sequence[int], strides: Sequence[Strides]) -> tuple[Strides, list[Strides]]:
    """Sizes and strides with adjacent axes merged where their memory allows it."""
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
    """Axes by descending total stride."""
    return tuple(sorted(axes, key=lambda axis: -sum(abs(steps[axis]) for steps in strides)))


def at_axes(axes: Axes, values: Sequence[int]) -> Strides:
    """Values at some axes."""
    return tuple(values[axis] for axis in axes)
