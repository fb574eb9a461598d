"""Recycled memory: used again where nobody holds it, and nowhere else."""

import tracemalloc

import numpy as np
import pytest

from kldiv_xp.host.scratch_arrays import RECYCLING_FUNCTIONS, Recycling, direct

SIZE = 1 << 16
BYTES = 8 * SIZE


class Counting:
    """NumPy, which tells in `made` how many arrays its functions have allocated."""

    def __init__(self):
        self.made = 0

    def __getattr__(self, name):
        function = getattr(np, name)

        def counted(*operands, **options):
            self.made += "out" not in options
            return function(*operands, **options)

        counted.reduce = getattr(function, "reduce", None)
        return counted


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def recycling(counting):
    return Recycling(counting, np.float64)


def operands(size=SIZE):
    rng = np.random.default_rng(3)
    return rng.random(size) + 0.5, rng.random(size) - 2


def difference(xp, p, log_q):
    """The straight line of the formula; no name for the logarithm."""
    return xp.subtract(xp.log(p), log_q)


def address(array):
    return array.__array_interface__["data"][0]


def test_logarithm_that_nobody_holds_is_overwritten_in_place(recycling, counting):
    p, log_q = operands()
    result = difference(recycling, p, log_q)
    assert counting.made == 1
    np.testing.assert_array_equal(result, np.log(p) - log_q)


def test_chain_allocates_one_array_and_only_in_its_first_block(recycling, counting):
    p, log_q = operands()
    expected = np.negative((np.log(p) - log_q + 1) * 3)
    for _ in range(5):
        line = recycling.negative(
            recycling.multiply(recycling.add(difference(recycling, p, log_q), 1.0), 3.0)
        )
        np.testing.assert_array_equal(line, expected)
        del line
    assert counting.made == 1


def test_chain_in_steady_state_allocates_no_memory_at_all():
    recycling = Recycling(np, np.float64)
    p, log_q = operands()
    difference(recycling, p, log_q)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(3):
            difference(recycling, p, log_q)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < BYTES // 8
    assert after - before < BYTES // 8


def test_the_same_chain_of_plain_numpy_does_allocate():
    p, log_q = operands()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        difference(np, p, log_q)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before >= BYTES


HOLDERS = {
    "a name": lambda array: array,
    "a list": lambda array: [array],
    "a slice": lambda array: array[10:20],
    "another shape": lambda array: array.reshape(256, -1),
    "a view of a view": lambda array: array.reshape(256, -1).T[3:, 5],
    "another type": lambda array: array.view("int64"),
    "its memory": memoryview,
    "a closure": lambda array: lambda: array,
    "a read-only view": lambda array: np.broadcast_to(array, (2, array.size)),
}


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_what_somebody_holds_is_never_overwritten(recycling, counting, holder):
    p, log_q = operands()
    array = recycling.log(p)
    place, copy = address(array), array.copy()
    held = holder(array)
    del array
    for _ in range(3):
        result = recycling.multiply(log_q, 2.0)
        assert address(result) != place
        assert address(difference(recycling, p, log_q)) != place
        del result
    np.testing.assert_array_equal(recycling._made[0], copy)
    del held
    assert address(recycling.multiply(log_q, 2.0)) == place
    assert counting.made <= 3


def test_operands_are_never_overwritten(recycling):
    p, log_q = operands()
    copies = p.copy(), log_q.copy()
    for _ in range(3):
        for name in RECYCLING_FUNCTIONS:
            function = getattr(recycling, name)
            result = function(p) if getattr(np, name).nin == 1 else function(p, log_q)
            assert not np.shares_memory(result, p)
            assert not np.shares_memory(result, log_q)
    np.testing.assert_array_equal((p, log_q), copies)


def test_result_that_has_a_name_is_never_overwritten_as_an_operand(recycling):
    p, log_q = operands()
    logarithm = recycling.log(p)
    copy = logarithm.copy()
    shifted = recycling.subtract(logarithm, log_q)
    np.testing.assert_array_equal(logarithm, copy)
    np.testing.assert_array_equal(shifted, copy - log_q)
    squared = recycling.multiply(logarithm, logarithm)
    np.testing.assert_array_equal(logarithm, copy)
    np.testing.assert_array_equal(squared, copy * copy)


def test_two_results_that_are_alive_share_no_memory(recycling):
    p, log_q = operands()
    left, right = recycling.log(p), recycling.exp(log_q)
    assert not np.shares_memory(left, right)
    both = recycling.add(recycling.log(p), recycling.exp(log_q))
    np.testing.assert_array_equal(both, np.log(p) + np.exp(log_q))
    np.testing.assert_array_equal(left, np.log(p))
    np.testing.assert_array_equal(right, np.exp(log_q))


def test_same_temporary_twice_is_read_before_it_is_overwritten(recycling):
    p, _ = operands()

    def square(array):
        return recycling.multiply(array, array)

    np.testing.assert_array_equal(square(recycling.log(p)), np.log(p) ** 2)


def test_memory_of_one_shape_is_not_taken_for_another(recycling):
    p, _ = operands()
    assert recycling.log(p).shape == (SIZE,)
    assert recycling.log(p.reshape(256, -1)).shape == (256, SIZE // 256)
    assert recycling.log(p[:100]).shape == (100,)
    np.testing.assert_array_equal(recycling.log(p[:100]), np.log(p[:100]))


def test_results_have_the_type_that_was_asked_for():
    recycling = Recycling(np, np.float32)
    ones = np.ones(8, dtype="float32")
    for _ in range(2):
        assert recycling.add(ones, 1.0).dtype == np.float32
        assert recycling.multiply(ones, np.float32(2)).dtype == np.float32


def test_zero_dimensional_results_are_not_kept(recycling):
    first = recycling.log(np.asarray(2.0))
    second = recycling.log(np.asarray(3.0))
    assert (float(first), float(second)) == (np.log(2.0), np.log(3.0))
    assert recycling._made == []


def test_other_functions_are_those_of_the_library():
    recycling = Recycling(np, np.float64)
    assert recycling.tanh is np.tanh
    assert recycling.equal is np.equal
    assert recycling.float64 is np.float64


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_function"):
        Recycling(np, np.float64).no_such_function  # noqa: B018 - the look-up is the test


def test_failed_call_leaves_memory_that_is_used_again(recycling, counting):
    p, log_q = operands()
    difference(recycling, p, log_q)
    with pytest.raises(ValueError, match="could not be broadcast"):
        recycling.add(p, log_q[:7])
    np.testing.assert_array_equal(difference(recycling, p, log_q), np.log(p) - log_q)
    assert counting.made == 1


def lend(recycling, size=SIZE):
    """Address of an array that nobody but the namespace holds."""
    lent = np.zeros(size)
    recycling.borrow(lent)
    return address(lent)


def product(xp, p, log_q):
    """The formula of a term; it holds the difference."""
    ratio = difference(xp, p, log_q)
    return xp.multiply(p, ratio)


def test_borrowed_array_holds_the_last_result_of_a_formula(recycling, counting):
    p, log_q = operands()
    product(recycling, p, log_q)
    assert counting.made == 2
    lent = lend(recycling)
    assert address(product(recycling, p, log_q)) != lent  # two others were unheld
    recycling = Recycling(counting, np.float64)
    lend(recycling)
    product(recycling, p, log_q)
    for _ in range(3):
        lent = lend(recycling)
        assert address(product(recycling, p, log_q)) == lent
    assert counting.made == 3


def test_array_is_borrowed_until_the_next_is_lent(recycling, counting):
    p, log_q = operands()
    first, second = lend(recycling), lend(recycling)
    kept = difference(recycling, p, log_q)
    assert address(kept) == second != first
    assert counting.made == 0
    recycling.log(p)
    assert counting.made == 1


def test_borrowed_array_that_its_owner_holds_is_not_overwritten(recycling):
    p, _ = operands()
    lent = np.zeros(SIZE)
    recycling.borrow(lent)
    recycling.log(p)
    assert not lent.any()


def test_borrowed_array_of_another_shape_is_left_alone(recycling):
    p, log_q = operands()
    lent = lend(recycling, SIZE // 2)
    assert address(difference(recycling, p, log_q)) != lent


@pytest.mark.parametrize("name", ["max", "min", "sum"])
@pytest.mark.parametrize("options", [{}, {"axis": -1}, {"axis": 0, "keepdims": True}], ids=str)
def test_reductions_of_ufuncs_are_those_of_the_namespace(name, options):
    array = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    found = getattr(direct(np), name)(array, **options)
    expected = getattr(np, name)(array, **options)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype
