"""Launch plans of CUDA kernels, cached by the layout of their arrays."""

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

from kldiv_xp._typing import Axes
from kldiv_xp.cuda.c_types import DeviceOperand
from kldiv_xp.cuda.strides_and_grid import (
    DeviceBuffer,
    Grid,
    Placed,
    grid_of,
    width_of,
)
from kldiv_xp.tracing.layouts import Layout, Sizes, layout_of, layout_of_elements
from kldiv_xp.tracing.losses import TOTAL

Places = tuple[tuple[str, Placed], ...]
"""Name and placement of each array."""

cached_device_plan = lru_cache(maxsize=1024)


class Plan(NamedTuple):
    """A kernel source with its grid size, and its integer arguments after addresses and numbers."""

    text: str
    blocks: int
    counts: tuple[int, ...]


def places_of(buffers: dict[str, DeviceBuffer]) -> Places:
    """Name and placement of each buffer, without its address."""
    return tuple((name, one.placed) for name, one in buffers.items())


@cached_device_plan
def elements_plan(
    source: tuple[Any, ...], real: str, shape: Sizes, inputs: Places, outputs: Places
) -> Plan | None:
    """Plan of a kernel that stores elementwise results; None without elements."""
    if not prod(shape):
        return None
    located = placed_arrays(inputs + outputs)
    layout = layout_of_elements(shape, [one.strides for one in located])
    width = width_of(layout, located)
    grid = grid_of(layout, width, split=True)
    return planned(source, real, inputs, outputs, layout, grid, width)


@cached_device_plan
def sums_plan(
    kept: Axes,
    axis: Axes,
    source: tuple[Any, ...],
    real: str,
    shape: Sizes,
    inputs: Places,
    outputs: Places,
) -> Plan | None:
    """Plan of a kernel that sums terms over some axes."""
    layout, width, grid = sums_layout(shape, kept, axis, inputs + of_elements(outputs))
    return planned(source, real, inputs, outputs, layout, grid, width) if layout.rows else None


def sums_layout(shape: Sizes, kept: Axes, axis: Axes, arrays: Places) -> tuple[Layout, int, Grid]:
    """Layout, vector width and grid of sums over some axes."""
    located = placed_arrays(arrays)
    layout = layout_of(shape, kept, axis, [one.strides for one in located])
    width = width_of(layout, located)
    return layout, width, grid_of(layout, width, split=True)


@cached_device_plan
def pieces_of(shape: Sizes, kept: Axes, axis: Axes, arrays: Places) -> int:
    """Number of partial sums per row; more than 1 need a second kernel."""
    return sums_layout(shape, kept, axis, arrays)[2].pieces if prod(shape) else 1


@cached_device_plan
def totals_plan(
    source: tuple[Any, ...], real: str, shape: Sizes, inputs: Places, outputs: Places
) -> Plan:
    """Plan of the kernel that sums partial sums, one team per row."""
    del real
    located = placed_arrays(inputs)
    layout = layout_of(shape, (0,), (1,), [one.strides for one in located])
    width = width_of(layout, located)
    grid = grid_of(layout, width, split=False)
    return planned(source, "float64", inputs, outputs, layout, grid, width)


@cached_device_plan
def rows_plan(
    source: tuple[Any, ...], real: str, shape: Sizes, inputs: Places, outputs: Places
) -> Plan | None:
    """Plan of a kernel that reads rows along the last axis more than once; None without rows."""
    if not prod(shape[:-1]):
        return None
    located = placed_arrays(inputs + of_elements(outputs))
    *rows, last = range(len(shape))
    layout = layout_of(shape, tuple(rows), (last,), [one.strides for one in located])
    width = width_of(layout, located)
    grid = grid_of(layout, width, split=False)
    return planned(source, real, inputs, outputs, layout, grid, width)


def planned(
    source: tuple[Any, ...],
    real: str,
    inputs: Places,
    outputs: Places,
    layout: Layout,
    grid: Grid,
    width: int,
) -> Plan:
    """Source, grid and integer arguments of a kernel for a layout."""
    function, *given = source
    read = tuple(
        DeviceOperand(name, one.dtype, step != 0)
        for (name, one), step in zip(inputs, layout.steps, strict=False)
    )
    written = tuple(DeviceOperand(name, one.dtype, name != TOTAL) for name, one in outputs)
    ranks = len(layout.row_sizes), len(layout.group_sizes)
    is_even = layout.columns % width == 0
    text = function(*given, real, read, written, ranks, width, is_even)
    counts = (
        *(layout.rows, layout.groups, layout.columns, grid.pieces, grid.lanes),
        *flat_layout(layout.row_sizes, layout.row_strides),
        *flat_layout(layout.group_sizes, layout.group_strides),
        *layout.steps,
    )
    return Plan(text, grid.blocks, counts)


def of_elements(outputs: Places) -> Places:
    """Outputs without that with one number per row."""
    return tuple(one for one in outputs if one[0] != TOTAL)


def placed_arrays(places: Places) -> list[Placed]:
    """Placements without their names."""
    return [one for _, one in places]


def flat_layout(sizes: Sequence[int], strides: Sequence[Sequence[int]]) -> list[int]:
    """Sizes of all axes but the first, then the strides of each array, as kernel arguments."""
    return [*sizes[1:], *(step for each in strides for step in each)]
