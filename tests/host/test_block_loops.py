"""Going on from one attempt to the next, block by block."""

import math
import threading

import numpy as np
import pytest

from kldiv_xp.host import blocks, scratch_arrays
from kldiv_xp.host.block_loops import (
    BLOCKS_WORTH_A_THREAD,
    fill_blocks,
    sum_products,
    sum_products_over,
)
from kldiv_xp.host.row_loops import row_inner_products, values_of_rows
from kldiv_xp.host.scratch_arrays import Direct, Recycling


def one():
    return 1


# Attempts


def small_blocks(monkeypatch, elements=4):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 8 * elements)
    monkeypatch.setattr(scratch_arrays, "WORTH_REUSE", 0)


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
    value = sum_products(np, attempts(calls), [np.arange(1.0, 11)], np.float64, one)
    assert value == 55
    assert {name for name, _ in calls} == {"bare"}
    assert sum(len(block) for _, block in calls) == 10


def test_thread_goes_on_with_the_attempt_that_its_last_block_needed(monkeypatch):
    small_blocks(monkeypatch, elements=2)
    calls = []
    value = sum_products(np, attempts(calls), [np.asarray([1.0, 1, 0, 1, 1, 1])], np.float64, one)
    assert value == 5
    assert [name for name, _ in calls] == ["bare", "bare", "full", "full"]


def test_every_attempt_is_made_before_nan_is_the_answer(monkeypatch):
    small_blocks(monkeypatch)
    calls = []
    names = ("bare", "middle", "full")
    value = sum_products(np, attempts(calls, names), [np.full(1, np.nan)], np.float64, one)
    assert math.isnan(value)
    # NaN is no zero, so that each attempt gives its own answer, which is NaN.
    assert [name for name, _ in calls] == list(names)


def test_sum_of_nothing_is_positive_zero():
    value = sum_products(np, attempts([]), [np.zeros((0, 3))], np.float64, one)
    assert (value, math.copysign(1, value)) == (0, 1)


def test_array_of_one_block_meets_its_library_and_no_recycling():
    seen = []

    def attempt(xp, array):
        seen.append(type(xp))
        return array, array

    sum_products(np, [attempt], [np.ones(5)], np.float64, one)
    assert seen == [Direct]


@pytest.mark.parametrize("threads", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 7), (2, 3, 5), (1, 40)])
def test_fill_writes_every_element(monkeypatch, shape, threads):
    small_blocks(monkeypatch)
    array = np.arange(1.0, 1 + math.prod(shape)).reshape(shape)
    result = np.full(shape, np.nan)
    fill_blocks(np, [lambda xp, a: xp.add(a, a)], [array], result, np.float64, lambda: threads)
    np.testing.assert_array_equal(result, 2 * array)


def test_fill_tries_again_where_a_value_is_not_finite(monkeypatch):
    small_blocks(monkeypatch, elements=2)
    result = np.empty(6)
    array = np.asarray([1.0, 1, 0, 1, 1, 1])
    bare = [lambda xp, a: xp.log(a), lambda xp, a: xp.multiply(a, 7.0)]
    fill_blocks(np, bare, [array], result, np.float64, one)
    assert result.tolist() == [0, 0, 0, 7, 7, 7]


def test_fill_keeps_the_last_attempt_finite_or_not():
    result = np.empty(3)
    array = np.asarray([np.inf, -np.inf, np.nan])
    fill_blocks(np, [lambda xp, a: xp.add(a, 0.0)] * 2, [array], result, np.float64, one)
    np.testing.assert_array_equal(result, array)


def test_fill_writes_into_a_result_of_another_type_and_layout(monkeypatch):
    small_blocks(monkeypatch)
    result = np.zeros((10, 3), dtype="float16").T
    array = np.arange(30.0, dtype="float32").reshape(3, 10)
    fill_blocks(np, [lambda xp, a: xp.add(a, 1.0)], [array], result, np.float32, lambda: 3)
    np.testing.assert_array_equal(result, (array + 1).astype("float16"))


def test_warnings_of_the_library_stay_in_the_block(monkeypatch):
    small_blocks(monkeypatch)
    zeros = np.zeros(40)
    before = np.geterr()
    sum_products(np, [lambda xp, a: (xp.log(a), a)], [zeros], np.float64, lambda: 3)
    assert np.geterr() == before


def address_of(array):
    return array.__array_interface__["data"][0]


def test_threads_are_counted_only_where_they_may_be_worth_it(monkeypatch):
    small_blocks(monkeypatch)

    def never():
        raise AssertionError("threads were counted")

    attempt = [lambda xp, a: (a, a)]
    assert sum_products(np, attempt, [np.ones(4)], np.float64, never) == 4
    assert sum_products(np, attempt, [np.ones(16)], np.float64, never) == 16
    with pytest.raises(AssertionError, match="threads were counted"):
        sum_products(np, attempt, [np.ones(20)], np.float64, never)


@pytest.mark.parametrize("threads", [1, 3])
def test_fill_computes_in_the_memory_of_the_result(monkeypatch, threads):
    small_blocks(monkeypatch)
    result, computed = np.zeros(40), []

    def attempt(xp, a):
        values = xp.add(a, 1.0)
        computed.append(values.__array_interface__["data"][0])
        return values

    fill_blocks(np, [attempt], [np.arange(40.0)], result, np.dtype("float64"), lambda: threads)
    np.testing.assert_array_equal(result, np.arange(1.0, 41.0))
    assert sorted(computed) == [address_of(result[start:]) for start in range(0, 40, 4)]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_narrow_memory_of_the_result_is_no_place_for_wide_steps(monkeypatch, dtype):
    small_blocks(monkeypatch)
    result = np.zeros(40, dtype)
    steps = [lambda xp, a: xp.subtract(xp.add(a, 1e8), 1e8)]
    fill_blocks(np, steps, [np.full(40, 0.5)], result, np.float64, one)
    np.testing.assert_array_equal(result, np.full(40, 0.5))


def test_fill_tries_again_in_the_memory_of_the_result(monkeypatch):
    small_blocks(monkeypatch)
    result = np.zeros(40)
    attempts = [lambda xp, a: xp.log(a), lambda xp, a: xp.maximum(xp.log(a), -1.0)]
    array = np.tile([1.0, 1.0, 1.0, 0.0], 10)
    fill_blocks(np, attempts, [array], result, np.float64, lambda: 1)
    np.testing.assert_array_equal(result, -1.0 * (array == 0))


def test_squares_that_overflow_cost_an_attempt_and_change_nothing(monkeypatch):
    small_blocks(monkeypatch)
    result, tried = np.zeros(40), []
    attempts = [lambda xp, a, guard=guard: (tried.append(guard), a)[1] for guard in "ab"]
    fill_blocks(np, attempts, [np.full(40, 1e200)], result, np.float64, lambda: 1)
    np.testing.assert_array_equal(result, np.full(40, 1e200))
    assert tried == ["a", *["b"] * 10]


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_sum_is_the_same_bit_for_bit_for_any_number_of_threads(monkeypatch, threads):
    small_blocks(monkeypatch, elements=64)
    rng = np.random.default_rng(1)
    array = rng.standard_normal((17, 300)) * 10.0 ** rng.integers(-9, 9, (17, 300))
    attempt = [lambda xp, a: (a, xp.add(a, 1.0))]
    alone = sum_products(np, attempt, [array], np.float64, one)
    assert sum_products(np, attempt, [array], np.float64, lambda: threads).hex() == alone.hex()


def test_error_in_a_block_is_raised(monkeypatch):
    small_blocks(monkeypatch)

    def attempt(xp, array):
        if array[0] == 8:
            raise LookupError("block")
        return array, array

    with pytest.raises(LookupError, match="block"):
        sum_products(np, [attempt], [np.arange(16.0)], np.float64, lambda: 3)


# Sums over some axes


def squares(calls):
    """Attempts at x * x, of which the first fails in a block with a zero."""

    def attempt(name, xp, array):
        calls.append(name)
        ok = name == "full" or array.all()
        return (array, array) if ok else (xp.full_like(array, np.nan), array)

    return [lambda xp, array, name=name: attempt(name, xp, array) for name in ("bare", "full")]


@pytest.mark.parametrize("elements", [1, 2, 3, 5, 6, 12, 24, 100])
@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_totals_are_sums_over_the_axes_that_are_not_kept(monkeypatch, elements, kept):
    small_blocks(monkeypatch, elements)
    array = np.arange(24.0).reshape(2, 3, 4) - 7
    found = sum_products_over(np, squares([]), [array], kept, np.float64, one)
    np.testing.assert_array_equal(found, (array**2).sum(axis=tuple(range(kept, 3))))
    assert found.dtype == np.float64


def test_totals_try_again_only_where_they_are_missing(monkeypatch):
    small_blocks(monkeypatch, elements=3)
    calls = []
    array = np.asarray([[1.0, 2, 3], [4, 0, 6]])
    np.testing.assert_array_equal(
        sum_products_over(np, squares(calls), [array], 1, np.float64, one), [14, 52]
    )
    assert calls == ["bare", "bare", "full"]


@pytest.mark.parametrize("elements", [1, 4, 5, 8, 12, 100])
@pytest.mark.parametrize("threads", [1, 3])
def test_row_sums_are_inner_products_of_whole_rows(monkeypatch, elements, threads):
    small_blocks(monkeypatch, elements)
    array = np.arange(24.0).reshape(2, 3, 4) - 7.5
    found = row_inner_products(np, squares([]), [array], np.float64, lambda: threads)
    np.testing.assert_array_equal(found, (array**2).sum(axis=-1))


def test_row_sums_try_again_only_where_they_are_missing(monkeypatch):
    small_blocks(monkeypatch, elements=3)
    calls = []
    array = np.asarray([[1.0, 2, 3], [4, 0, 6]])
    found = row_inner_products(np, squares(calls), [array], np.float64, one)
    np.testing.assert_array_equal(found, [14, 52])
    assert calls == ["bare", "bare", "full"]


@pytest.mark.parametrize("elements", [1, 4, 5, 8, 12, 100])
@pytest.mark.parametrize("threads", [1, 3])
def test_rows_have_a_number_of_each_row_in_the_type_that_is_computed_in(
    monkeypatch, elements, threads
):
    small_blocks(monkeypatch, elements)
    array = np.arange(24.0).reshape(2, 3, 4)
    found = values_of_rows(
        np, lambda xp, block: xp.max(block, axis=-1), [array], np.float64, lambda: threads
    )
    np.testing.assert_array_equal(found, array.max(axis=-1))


def test_few_blocks_are_the_work_of_one_thread(monkeypatch):
    small_blocks(monkeypatch)
    seen = set()

    def attempt(xp, array):
        seen.add(threading.get_ident())
        return array, array

    sum_products(np, [attempt], [np.ones(4 * BLOCKS_WORTH_A_THREAD)], np.float64, lambda: 3)
    assert seen == {threading.get_ident()}


def test_two_blocks_are_computed_in_memory_that_is_used_again(monkeypatch):
    small_blocks(monkeypatch)
    seen = []

    def attempt(xp, array):
        seen.append(type(xp))
        return array, array

    sum_products(np, [attempt], [np.ones(8)], np.float64, one)
    assert seen == [Recycling, Recycling]
