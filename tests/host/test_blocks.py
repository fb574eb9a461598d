"""Cutting shapes into blocks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kldiv_xp.host import blocks as blocks_module
from kldiv_xp.host.blocks import block_indices, cache_sized_blocks, cast_block

SHAPES = st.lists(st.integers(0, 7), max_size=4).map(tuple)


def elements(shape, index):
    """Row-major places of the elements of a block."""
    return np.arange(math.prod(shape)).reshape(shape)[(*index, ...)].ravel().tolist()


@given(shape=SHAPES, most=st.integers(1, 60))
def test_blocks_hold_every_element_once_in_row_major_order(shape, most):
    places = [place for index in block_indices(shape, most) for place in elements(shape, index)]
    assert places == list(range(math.prod(shape)))


@given(shape=SHAPES, most=st.integers(1, 60))
def test_no_block_has_more_than_the_most(shape, most):
    assert all(len(elements(shape, index)) <= most for index in block_indices(shape, most))


@given(shape=SHAPES, most=st.integers(1, 60))
def test_no_block_is_empty_unless_all_is(shape, most):
    sizes = [len(elements(shape, index)) for index in block_indices(shape, most)]
    assert all(sizes) or (sizes == [0] and not math.prod(shape))


@given(shape=SHAPES, most=st.integers(1, 60))
def test_blocks_of_one_array_are_views(shape, most):
    array = np.zeros(shape)
    for index in block_indices(shape, most):
        block = cast_block(array, index, array.dtype)
        assert block.base is array
        assert block.flags.c_contiguous


@given(rows=st.integers(1, 500), row=st.integers(1, 9), most=st.integers(9, 60))
def test_blocks_along_an_axis_differ_in_size_by_no_more_than_they_must(rows, row, most):
    sizes = [len(elements((rows, row), index)) for index in block_indices((rows, row), most)]
    count = len(sizes)
    assert count <= -(-rows // (most // row))
    assert max(sizes) <= row * -(-rows // count)


@pytest.mark.parametrize(
    ("shape", "most", "expected"),
    [
        ((), 1, [()]),
        ((0,), 1, [()]),
        ((3, 0, 2), 1, [()]),
        ((1,), 1, [()]),
        ((1, 1, 1), 1, [()]),
        ((2, 3), 6, [()]),
        ((2, 3), 5, [(slice(0, 1),), (slice(1, 2),)]),
        ((2, 1), 1, [(slice(0, 1),), (slice(1, 2),)]),
        ((1, 4), 2, [(0, slice(0, 2)), (0, slice(2, 4))]),
        ((1, 1, 3), 2, [(0, 0, slice(0, 2)), (0, 0, slice(2, 4))]),
        ((5,), 4, [(slice(0, 3),), (slice(3, 6),)]),
        ((6,), 3, [(slice(0, 3),), (slice(3, 6),)]),
        ((2, 2, 2), 2, [(0, slice(0, 1)), (0, slice(1, 2)), (1, slice(0, 1)), (1, slice(1, 2))]),
    ],
)
def test_blocks_of_small_shapes(shape, most, expected):
    assert block_indices(shape, most) == expected


def test_blocks_of_a_real_size_are_few():
    assert len(block_indices((512, 32_000), blocks_module.BLOCK_BYTES // 4)) == 64
    assert len(block_indices((2, 10**9), blocks_module.BLOCK_BYTES // 4)) == 2 * 3815


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        pytest.param((6, 5, 7), 2, id="several rows"),
        pytest.param((6, 3, 10), 3, id="other rows"),
        pytest.param((6, 20, 10), 1, id="a row is too large"),
        pytest.param((600,), 100, id="a row is an element"),
        pytest.param((600, 0), 100, id="a row is nothing"),
    ],
)
def test_blocks_that_keep_an_axis_hold_whole_rows(monkeypatch, shape, rows):
    monkeypatch.setattr(blocks_module, "BLOCK_BYTES", 400)
    expected = [(slice(start, start + rows),) for start in range(0, shape[0], rows)]
    assert cache_sized_blocks(np, shape, "float32", 1) == expected


def test_arrays_of_less_than_a_block_are_cut_in_four(monkeypatch):
    monkeypatch.setattr(blocks_module, "BLOCK_BYTES", 400)
    assert [len(cache_sized_blocks(np, (size,), "float32", None)) for size in (25, 26, 100)] == [
        *(1, 2, 4)
    ]


# Cutting


def test_zero_dimensional_operand_is_in_every_block():
    for index in block_indices((4, 5), 3):
        assert cast_block(np.asarray(7.0), index, np.dtype("float64")).shape == ()


def test_cut_changes_the_type_of_one_block_alone():
    half = np.ones((4, 5), dtype="float16")
    block = cast_block(half, (slice(1, 2),), np.dtype("float32"))
    assert block.dtype == np.float32
    assert block.shape == (1, 5)


def test_cut_turns_bytes_into_the_order_of_the_machine():
    swapped = np.arange(6.0).astype(np.dtype("float64").newbyteorder())
    block = cast_block(swapped, (slice(2, 4),), np.dtype("float64"))
    assert block.dtype.isnative
    assert block.tolist() == [2.0, 3.0]
