"""Strides of elements, and how sums are shared among threads."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from kldiv_xp.cuda.strides_and_grid import (
    BATCH,
    BLOCKS,
    THREADS,
    DeviceBuffer,
    Placed,
    contiguous,
    grid_of,
    width_of,
)
from kldiv_xp.tracing.layouts import (
    Layout,
    in_order_of_memory,
    layout_of,
    layout_of_elements,
    merged_axes,
)

SIZES = [0, 1, 2, 3, 10, 255, 256, 257, 1023, 1024, 1025, 32000, 1 << 20, 10**9, 2**31 + 1, 2**40]
SHAPES = [(), (1,), (7,), (3, 4), (3, 1, 4), (2, 3, 4, 5), (1, 1)]


def offsets(sizes, steps):
    """Offset of each element, in row-major order."""
    places = itertools.product(*map(range, sizes))
    return [sum(at * step for at, step in zip(place, steps, strict=True)) for place in places]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_merged_axes_hold_the_same_elements_in_the_same_order(shape, order):
    array = np.empty(shape, order=order)
    strides = [tuple(s // 8 for s in array.strides), contiguous(shape)]
    sizes, steps = merged_axes(shape, strides)
    for before, after in zip(strides, steps, strict=True):
        assert offsets(sizes, after) == offsets(shape, before)


def test_contiguous_arrays_have_one_axis():
    assert merged_axes((2, 3, 4), [(12, 4, 1), (12, 4, 1)]) == ((24,), [(1,), (1,)])


def test_axes_of_one_element_are_dropped_wherever_they_lead():
    assert merged_axes((3, 1, 4), [(4, 99, 1)]) == ((12,), [(1,)])
    assert merged_axes((1, 1), [(5, 7), (6, 8)]) == ((1,), [(0,), (0,)])


def test_axes_without_elements_stay():
    assert merged_axes((2, 0), [(1, 5)]) == ((2, 0), [(1, 5)])


def test_array_that_is_broadcast_keeps_its_axes_apart():
    sizes, steps = merged_axes((2, 3, 4), [(12, 4, 1), (1, 0, 0)])
    assert (sizes, steps) == ((2, 12), [(12, 1), (1, 0)])


def test_array_that_is_read_backwards_is_merged_too():
    assert merged_axes((3, 4), [(-4, -1)]) == ((12,), [(-1,)])


@pytest.mark.parametrize("shape", SHAPES)
def test_strides_of_a_new_array_are_those_of_numpy(shape):
    assert contiguous(shape) == tuple(step // 8 for step in np.empty(shape).strides)


def test_axes_follow_the_order_of_memory():
    assert in_order_of_memory((0, 1), [(1, 5), (1, 5)]) == (1, 0)
    assert in_order_of_memory((0, 1), [(5, 1), (0, 0)]) == (0, 1)


def matrix(rows, columns, *, turned=False):
    """Layout of the rows of one matrix, whose columns lie together where it is turned."""
    strides = (1, rows) if turned else (columns, 1)
    return Layout((rows,), [strides[:1]], (), [()], columns, strides[1:])


@pytest.mark.few(189, 531)
@pytest.mark.parametrize("width", [1, 4, 8])
@pytest.mark.parametrize("columns", SIZES)
@pytest.mark.parametrize("rows", SIZES[1:])
def test_every_piece_has_its_threads(rows, columns, width):
    pieces, lanes, blocks = grid_of(matrix(rows, columns), width, split=True)
    assert lanes & (lanes - 1) == 0
    assert 1 <= lanes <= THREADS
    assert 1 <= blocks <= BLOCKS
    assert pieces >= 1
    assert pieces == 1 or rows * pieces * lanes <= BLOCKS * THREADS
    assert pieces == 1 or columns > (pieces - 1) * lanes * max(width, BATCH)


@pytest.mark.parametrize("rows", SIZES[1:])
def test_pieces_of_a_row_are_added_up_by_one_team(rows):
    assert grid_of(matrix(rows, 2**40), 1, split=False).pieces == 1


def test_large_sum_uses_the_whole_grid():
    assert grid_of(matrix(1, 4096 * 32000), 4, split=True) == (BLOCKS, THREADS, BLOCKS)
    assert grid_of(matrix(4096, 32000), 4, split=True) == (1, THREADS, BLOCKS)


def test_shares_are_those_of_every_release_since_sums_are_the_same_to_the_bit():
    assert grid_of(matrix(1, 1 << 30), 4, split=True) == (1024, 256, 1024)
    assert grid_of(matrix(2, 1 << 30), 4, split=True) == (512, 256, 1024)
    pieces = [
        grid_of(matrix(1, columns), 4, split=True).pieces for columns in (1024, 1025, 2048, 2049)
    ]
    assert pieces == [1, 2, 2, 3]


def test_a_row_has_a_thread_for_each_read_rounded_up_to_a_power_of_two():
    columns = (0, 1, 2, 3, 4, 5, 127, 128, 129, 256, 257)
    lanes = [grid_of(matrix(1000, count), 1, split=True).lanes for count in columns]
    assert lanes == [1, 1, 2, 4, 4, 8, 128, 128, 256, 256, 256]
    assert grid_of(matrix(1000, 257), 4, split=True).lanes == 128


def test_rows_whose_columns_lie_together_have_one_thread_each():
    assert grid_of(matrix(1000, 300, turned=True), 1, split=True).lanes == 1


def test_arrays_are_read_one_by_one_unless_all_rows_begin_where_a_wide_read_may():
    def width(dtypes=("float32", "float32"), steps=(1, 1), rows=(8, 8), aligned=True):
        places = [Placed(dtype, (), aligned) for dtype in dtypes]
        return width_of(Layout((3,), [(row,) for row in rows], (), [(), ()], 8, steps), places)

    assert width() == 4
    assert width(("bfloat16", "float32")) == 8
    assert width(("float64", "bool")) == 2
    assert width(aligned=False) == 1
    assert width(steps=(1, 2)) == 1
    assert width(steps=(1, 0)) == 4
    assert width(rows=(8, 9)) == 1


def test_a_buffer_is_told_from_others_by_all_that_it_is_and_does_not_change():
    one = DeviceBuffer(1, "float32", (1,))
    assert one == DeviceBuffer(1, "float32", (1,))
    assert len({one, DeviceBuffer(2, "float32", (1,)), DeviceBuffer(1, "float32", (2,))}) == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.address = 2


def test_short_rows_share_a_block():
    pieces, lanes, blocks = grid_of(matrix(1000, 10), 1, split=True)
    assert (pieces, lanes) == (1, 16)
    assert blocks == math.ceil(1000 / (THREADS // 16))


def test_innermost_axes_are_columns_and_others_groups_or_rows():
    strides = [(12, 4, 1), (3, 1, 0)]
    layout = layout_of((2, 3, 4), (0,), (1, 2), strides)
    assert (layout.rows, layout.groups, layout.columns, layout.steps) == (2, 3, 4, (1, 0))
    layout = layout_of_elements((2, 3, 4), strides)
    assert (layout.rows, layout.groups, layout.columns, layout.steps) == (6, 1, 4, (1, 0))
