"""Cutting shapes into blocks, and going on from one attempt to the next."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kldiv_xp import _blocked
from kldiv_xp._blocked import blocks, cut, fill, total
from kldiv_xp._dots import dot

SHAPES = st.lists(st.integers(0, 7), max_size=4).map(tuple)


def elements(shape, index):
    """Row-major places of the elements of a block."""
    return np.arange(math.prod(shape)).reshape(shape)[(*index, ...)].ravel().tolist()


def one():
    return 1


@given(shape=SHAPES, most=st.integers(1, 60))
def test_blocks_hold_every_element_once_in_row_major_order(shape, most):
    places = [place for index in blocks(shape, most) for place in elements(shape, index)]
    assert places == list(range(math.prod(shape)))


@given(shape=SHAPES, most=st.integers(1, 60))
def test_no_block_has_more_than_the_most(shape, most):
    assert all(len(elements(shape, index)) <= most for index in blocks(shape, most))


@given(shape=SHAPES, most=st.integers(1, 60))
def test_no_block_is_empty_unless_all_is(shape, most):
    sizes = [len(elements(shape, index)) for index in blocks(shape, most)]
    assert all(sizes) or (sizes == [0] and not math.prod(shape))


@given(shape=SHAPES, most=st.integers(1, 60))
def test_blocks_of_one_array_are_views(shape, most):
    array = np.zeros(shape)
    for index in blocks(shape, most):
        block = cut(array, index, array.dtype)
        assert block.base is array
        assert block.flags.c_contiguous


@given(rows=st.integers(1, 500), row=st.integers(1, 9), most=st.integers(9, 60))
def test_blocks_along_an_axis_differ_in_size_by_no_more_than_they_must(rows, row, most):
    sizes = [len(elements((rows, row), index)) for index in blocks((rows, row), most)]
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
        ((2, 2, 2), 2, [(0, slice(0, 1)), (0, slice(1, 2)), (1, slice(0, 1)), (1, slice(1, 2))]),
    ],
)
def test_blocks_of_small_shapes(shape, most, expected):
    assert blocks(shape, most) == expected


def test_blocks_of_a_real_size_are_few():
    assert len(blocks((512, 32_000), _blocked.BLOCK_BYTES // 4)) == 64
    assert len(blocks((2, 10**9), _blocked.BLOCK_BYTES // 4)) == 2 * 3815


# Cutting


def test_zero_dimensional_operand_is_in_every_block():
    for index in blocks((4, 5), 3):
        assert cut(np.asarray(7.0), index, np.dtype("float64")).shape == ()


def test_cut_changes_the_type_of_one_block_alone():
    half = np.ones((4, 5), dtype="float16")
    block = cut(half, (slice(1, 2),), np.dtype("float32"))
    assert block.dtype == np.float32
    assert block.shape == (1, 5)


def test_cut_turns_bytes_into_the_order_of_the_machine():
    swapped = np.arange(6.0).astype(np.dtype("float64").newbyteorder())
    block = cut(swapped, (slice(2, 4),), np.dtype("float64"))
    assert block.dtype.isnative
    assert block.tolist() == [2.0, 3.0]


# The inner product


@pytest.mark.parametrize("size", [0, 1, 7, 4095, 4096, 4097, 8192, 10_001])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dot_of_small_integers_is_exact(size, dtype):
    left = (np.arange(size) % 3).astype(dtype)
    right = (np.arange(size) % 5).astype(dtype)
    exact = int(np.sum((np.arange(size) % 3) * (np.arange(size) % 5)))
    value = dot(np, left, right)
    assert isinstance(value, float)
    assert value == exact


def test_dot_adds_rows_up_in_float64():
    ones = np.ones((2**10, 2**15), dtype="float32")[:, :: 2**3]
    value = dot(np, ones, np.broadcast_to(np.float32(1 + 2**-12), ones.shape))
    assert value == 2**22 * (1 + 2**-12)


@pytest.mark.parametrize("place", [0, 4095, 4096, 9999])
def test_dot_hides_no_missing_value(place):
    left = np.ones(10_000)
    left[place] = np.inf
    right = np.ones(10_000)
    right[place] = 0
    with np.errstate(invalid="ignore"):
        assert math.isnan(dot(np, left, right))


# Attempts


def small_blocks(monkeypatch, elements=4):
    monkeypatch.setattr(_blocked, "BLOCK_BYTES", 8 * elements)


def attempts(calls, names=("bare", "full")):
    """Attempts that write down what they were called with; all but the last fail at a zero."""

    def attempt(name, xp, array):
        calls.append((name, array.tolist()))
        ok = name == names[-1] or array.all()
        return (array, np.ones_like(array)) if ok else (np.full_like(array, np.nan), array)

    return [lambda xp, array, name=name: attempt(name, xp, array) for name in names]


def test_attempt_that_is_enough_is_the_only_one(monkeypatch):
    small_blocks(monkeypatch)
    calls = []
    value = total(np, attempts(calls), [np.arange(1.0, 11)], np.float64, one)
    assert value == 55
    assert {name for name, _ in calls} == {"bare"}
    assert sum(len(block) for _, block in calls) == 10


def test_thread_goes_on_with_the_attempt_that_its_last_block_needed(monkeypatch):
    small_blocks(monkeypatch, elements=2)
    calls = []
    value = total(np, attempts(calls), [np.asarray([1.0, 1, 0, 1, 1, 1])], np.float64, one)
    assert value == 5
    assert [name for name, _ in calls] == ["bare", "bare", "full", "full"]


def test_every_attempt_is_made_before_nan_is_the_answer(monkeypatch):
    small_blocks(monkeypatch)
    calls = []
    names = ("bare", "middle", "full")
    value = total(np, attempts(calls, names), [np.full(3, np.nan)], np.float64, one)
    assert math.isnan(value)
    # NaN is no zero, so that each attempt gives its own answer, which is NaN.
    assert [name for name, _ in calls] == list(names)


def test_sum_of_nothing_is_positive_zero():
    value = total(np, attempts([]), [np.zeros((0, 3))], np.float64, one)
    assert (value, math.copysign(1, value)) == (0, 1)


def test_array_of_one_block_meets_its_library_and_no_recycling():
    seen = []

    def attempt(xp, array):
        seen.append(xp)
        return array, array

    total(np, [attempt], [np.ones(5)], np.float64, one)
    assert seen == [np]


@pytest.mark.parametrize("threads", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 7), (2, 3, 5), (1, 40)])
def test_fill_writes_every_element(monkeypatch, shape, threads):
    small_blocks(monkeypatch)
    array = np.arange(1.0, 1 + math.prod(shape)).reshape(shape)
    result = np.full(shape, np.nan)
    fill(np, [lambda xp, a: xp.add(a, a)], [array], result, np.float64, lambda: threads)
    np.testing.assert_array_equal(result, 2 * array)


def test_fill_tries_again_where_a_value_is_not_finite(monkeypatch):
    small_blocks(monkeypatch, elements=2)
    result = np.empty(6)
    array = np.asarray([1.0, 1, 0, 1, 1, 1])
    bare = [lambda xp, a: xp.log(a), lambda xp, a: xp.multiply(a, 7.0)]
    fill(np, bare, [array], result, np.float64, one)
    assert result.tolist() == [0, 0, 0, 7, 7, 7]


def test_fill_keeps_the_last_attempt_finite_or_not():
    result = np.empty(3)
    array = np.asarray([np.inf, -np.inf, np.nan])
    fill(np, [lambda xp, a: xp.add(a, 0.0)] * 2, [array], result, np.float64, one)
    np.testing.assert_array_equal(result, array)


def test_fill_writes_into_a_result_of_another_type_and_layout(monkeypatch):
    small_blocks(monkeypatch)
    result = np.zeros((10, 3), dtype="float16").T
    array = np.arange(30.0, dtype="float32").reshape(3, 10)
    fill(np, [lambda xp, a: xp.add(a, 1.0)], [array], result, np.float32, lambda: 3)
    np.testing.assert_array_equal(result, (array + 1).astype("float16"))


def test_warnings_of_the_library_stay_in_the_block(monkeypatch):
    small_blocks(monkeypatch)
    zeros = np.zeros(40)
    before = np.geterr()
    total(np, [lambda xp, a: (xp.log(a), a)], [zeros], np.float64, lambda: 3)
    assert np.geterr() == before


def test_threads_are_counted_only_where_they_may_be_worth_it(monkeypatch):
    small_blocks(monkeypatch)

    def never():
        raise AssertionError("threads were counted")

    attempt = [lambda xp, a: (a, a)]
    assert total(np, attempt, [np.ones(4)], np.float64, never) == 4
    assert total(np, attempt, [np.ones(8)], np.float64, never) == 8
    with pytest.raises(AssertionError, match="threads were counted"):
        total(np, attempt, [np.ones(12)], np.float64, never)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_sum_is_the_same_bit_for_bit_for_any_number_of_threads(monkeypatch, threads):
    small_blocks(monkeypatch, elements=64)
    rng = np.random.default_rng(1)
    array = rng.standard_normal((17, 300)) * 10.0 ** rng.integers(-9, 9, (17, 300))
    attempt = [lambda xp, a: (a, xp.add(a, 1.0))]
    alone = total(np, attempt, [array], np.float64, one)
    assert total(np, attempt, [array], np.float64, lambda: threads).hex() == alone.hex()


def test_error_in_a_block_is_raised(monkeypatch):
    small_blocks(monkeypatch)

    def attempt(xp, array):
        if array[0] == 8:
            raise LookupError("block")
        return array, array

    with pytest.raises(LookupError, match="block"):
        total(np, [attempt], [np.arange(16.0)], np.float64, lambda: 3)
