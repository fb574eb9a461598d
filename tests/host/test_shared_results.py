"""What functions of one block have in common is computed once, and kept as it was."""

import gc
import weakref

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from kldiv_xp.host.scratch_arrays import Recycling
from kldiv_xp.host.shared_results import SharingResults

BLOCK = list(np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32"))
ROWS = {"axis": -1, "keepdims": True}


class Counting:
    """NumPy, which counts the calls of each function."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        def counted(*operands, **options):
            self.calls.append(name)
            return getattr(np, name)(*operands, **options)

        return counted


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def xp(counting):
    namespace = SharingResults(counting)
    namespace.begin(BLOCK)
    return namespace


def softmax(xp, x, temperature):
    exponentials = xp.exp(xp.divide(xp.subtract(x, xp.max(x, **ROWS)), temperature))
    return xp.divide(exponentials, xp.sum(exponentials, **ROWS))


def test_the_same_softmax_is_computed_once(xp, counting):
    x, _ = BLOCK
    found = [softmax(xp, x, 2.0) for _ in range(3)]
    assert sorted(counting.calls) == sorted(["max", "subtract", "divide", "exp", "sum", "divide"])
    for one in found:
        assert_array_equal(one, softmax(np, x, 2.0))


def test_other_operands_numbers_and_options_are_other_calls(xp, counting):
    x, t = BLOCK
    for one, temperature in ((x, 2.0), (x, 3.0), (t, 2.0)):
        assert_array_equal(softmax(xp, one, temperature), softmax(np, one, temperature))
    assert xp.max(x, axis=-1).shape == (4,)
    assert xp.max(x, **ROWS).shape == (4, 1)
    assert counting.calls.count("max") == 3


@pytest.mark.parametrize("name", ["max", "sum", "exp", "subtract", "divide"])
def test_what_is_no_operand_of_the_block_is_not_remembered(xp, counting, name):
    """Its memory may be another's by the next call."""
    options = ROWS if name in ("max", "sum") else {}
    for number in range(3):
        made = [np.full((4, 6), number, "float32")] * (1 if options or name == "exp" else 2)
        with np.errstate(invalid="ignore"):
            assert_array_equal(
                getattr(xp, name)(*made, **options), getattr(np, name)(*made, **options)
            )
    assert counting.calls == [name] * 3


def test_the_difference_of_two_whole_blocks_is_not_remembered(xp, counting):
    for _ in range(2):
        xp.subtract(*BLOCK)
    assert counting.calls == ["subtract"] * 2


def test_nothing_is_written_into_what_is_remembered():
    namespace = SharingResults(Recycling(np, "float32"))
    x, t = BLOCK
    namespace.begin([x, t])
    first = namespace.exp(namespace.subtract(x, namespace.max(x, **ROWS)))
    for _ in range(5):
        namespace.multiply(namespace.exp(t), namespace.subtract(t, x))
    assert_array_equal(first, np.exp(x - x.max(-1, keepdims=True)))


def test_a_block_is_forgotten_when_the_next_begins(xp, counting):
    x, t = BLOCK
    for block in ([x, t], [t, x], [x]):
        xp.begin(block)
        assert_array_equal(xp.exp(block[0]), np.exp(block[0]))
    assert counting.calls == ["exp"] * 3


def test_a_namespace_that_is_left_frees_its_arrays_at_once():
    namespace = SharingResults(Recycling(np, "float32"))
    x = BLOCK[0].copy()
    namespace.begin([x])
    made = weakref.ref(namespace.exp(x))
    gc.disable()
    try:
        del namespace
        assert made() is None
    finally:
        gc.enable()
