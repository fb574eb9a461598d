"""Where elements lie, and how sums are shared among threads."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from kldiv_xp.cuda.strides_and_grid import (
    BATCH,
    BLOCKS,
    THREADS,
    Buffer,
    blocks_for,
    contiguous,
    grid_of,
    in_order_of_memory,
    merged,
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
    sizes, steps = merged(shape, strides)
    for before, after in zip(strides, steps, strict=True):
        assert offsets(sizes, after) == offsets(shape, before)


def test_contiguous_arrays_have_one_axis():
    assert merged((2, 3, 4), [(12, 4, 1), (12, 4, 1)]) == ((24,), [(1,), (1,)])


def test_axes_of_one_element_are_dropped_wherever_they_lead():
    assert merged((3, 1, 4), [(4, 99, 1)]) == ((12,), [(1,)])
    assert merged((1, 1), [(5, 7), (6, 8)]) == ((1,), [(0,), (0,)])


def test_axes_without_elements_stay():
    assert merged((2, 0), [(1, 5)]) == ((2, 0), [(1, 5)])


def test_array_that_is_broadcast_keeps_its_axes_apart():
    sizes, steps = merged((2, 3, 4), [(12, 4, 1), (1, 0, 0)])
    assert (sizes, steps) == ((2, 12), [(12, 1), (1, 0)])


def test_array_that_is_read_backwards_is_merged_too():
    assert merged((3, 4), [(-4, -1)]) == ((12,), [(-1,)])


@pytest.mark.parametrize("shape", SHAPES)
def test_strides_of_a_new_array_are_those_of_numpy(shape):
    assert contiguous(shape) == tuple(step // 8 for step in np.empty(shape).strides)


def test_axes_follow_the_order_of_memory():
    assert in_order_of_memory((0, 1), [(1, 5), (1, 5)]) == (1, 0)
    assert in_order_of_memory((0, 1), [(5, 1), (0, 0)]) == (0, 1)


@pytest.mark.parametrize("columns", SIZES)
@pytest.mark.parametrize("rows", SIZES[1:])
def test_every_piece_has_its_threads(rows, columns):
    pieces, lanes, blocks = grid_of(rows, columns)
    assert lanes & (lanes - 1) == 0
    assert 1 <= lanes <= THREADS
    assert 1 <= blocks <= BLOCKS
    assert pieces >= 1
    assert pieces == 1 or rows * pieces * lanes <= BLOCKS * THREADS
    assert pieces == 1 or columns > (pieces - 1) * lanes * BATCH


@pytest.mark.parametrize("rows", SIZES[1:])
def test_pieces_of_a_row_are_added_up_by_one_team(rows):
    assert grid_of(rows, grid_of(rows, 2**40).pieces).pieces == 1


def test_large_sum_uses_the_whole_grid():
    assert grid_of(1, 4096 * 32000) == (BLOCKS, THREADS, BLOCKS)
    assert grid_of(4096, 32000) == (1, THREADS, BLOCKS)


def test_shares_are_those_of_every_release_since_sums_are_the_same_to_the_bit():
    assert grid_of(1, 1 << 30) == (512, 256, 512)
    assert grid_of(2, 1 << 30) == (256, 256, 512)
    assert [grid_of(1, columns).pieces for columns in (1024, 1025, 2048, 2049)] == [1, 2, 2, 3]


def test_a_row_has_as_many_threads_as_elements_rounded_up_to_a_power_of_two():
    columns = (0, 1, 2, 3, 4, 5, 127, 128, 129, 256, 257)
    lanes = [grid_of(1000, count).lanes for count in columns]
    assert lanes == [1, 1, 2, 4, 4, 8, 128, 128, 256, 256, 256]


def test_a_buffer_is_told_from_others_by_all_that_it_is_and_does_not_change():
    one = Buffer(1, "float32", (1,))
    assert one == Buffer(1, "float32", (1,))
    assert len({one, Buffer(2, "float32", (1,)), Buffer(1, "float32", (2,))}) == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.address = 2


def test_short_rows_share_a_block():
    pieces, lanes, blocks = grid_of(1000, 10)
    assert (pieces, lanes) == (1, 16)
    assert blocks == math.ceil(1000 / (THREADS // 16))


def test_elements_have_a_thread_each_as_far_as_there_are_blocks():
    counts = (1, THREADS, THREADS + 1, 10**12)
    assert [blocks_for(count) for count in counts] == [1, 1, 2, BLOCKS]
