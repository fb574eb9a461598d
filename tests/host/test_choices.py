"""Choices by bits are those of NumPy's `where`, to the bit, of any mask and any numbers."""

import numpy as np
import pytest

from kldiv_xp.host import choices
from kldiv_xp.host.scratch_arrays import Recycling, choosing

RNG = np.random.default_rng(0)
SHAPE = (8, 1024)
MASK = RNG.random(SHAPE) > 0.5
SPECIAL = [0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, 1e-45, 5e-324, 1.5, -3e38]
MASKS = {
    "in rows": MASK,
    "in columns": np.asfortranarray(MASK),
    "cut": np.repeat(MASK, 2, axis=1)[:, ::2],
    "in one piece": np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE) > 999,
    "small": MASK[:1],
    "of rows": MASK[:, :1],
}
BY_BITS = {"in rows", "in columns"}


def numbers(dtype, shape=SHAPE):
    return RNG.choice(np.asarray(SPECIAL), shape).astype(dtype)


def pairs(dtype):
    array, other = numbers(dtype), numbers(dtype)
    yield array, other
    yield from ((array, number) for number in (0.0, -0.0, np.nan, 2.5))
    yield from ((number, array) for number in (0.0, -0.0, -np.inf, 2.5))
    yield array, numbers(dtype, (SHAPE[0], 1))
    yield numbers(dtype, (1, SHAPE[1])), array
    yield array[:, ::-1], np.asfortranarray(other)
    yield dtype(2.5), array


@pytest.mark.parametrize("make", [choosing, lambda xp: Recycling(xp, np.float32)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_they_are_those_of_where(kind, dtype, make):
    mask, namespace = MASKS[kind], make(np)
    for left, right in pairs(dtype):
        expected = np.where(mask, left, right)
        for _ in range(2):
            found = namespace.where(mask, left, right)
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
            assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("kind", MASKS)
def test_masks_that_change_often_are_read_by_bits(kind):
    assert choices.changes_often(np, MASKS[kind]) == (kind in BY_BITS)


def test_other_types_are_left_to_where():
    halves, whole = MASK.astype(np.float16), MASK.astype(int)
    for left, right in ((halves, 0.5), (whole, 1), (0.5, 1.5), (halves, np.ones(SHAPE, "f4"))):
        expected = np.where(MASK, left, right)
        found = choosing(np).where(MASK, left, right)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


def test_a_namespace_and_its_memory_are_gone_with_the_last_reference():
    """Kept in a cycle, the buffers of each call were fresh memory: 1.4 times the time."""
    import gc
    import weakref

    namespace = Recycling(np, np.float32)
    namespace.where(MASK, numbers(np.float32), 0.0)
    gone = weakref.ref(namespace)
    gc.disable()
    try:
        del namespace
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("make", [choosing, lambda xp: Recycling(xp, np.float32)])
def test_what_is_chosen_lies_in_memory_as_by_where(make):
    """The order of sums depends on it: rows stored by columns had other last digits."""
    namespace, array, other = make(np), *(numbers(np.float32) for _ in range(2))
    for turn in (np.ascontiguousarray, np.asfortranarray, np.ascontiguousarray):
        mask, left, right = map(turn, (MASK, array, other))
        for pair in ((left, right), (left, 0.0), (0.0, right), (left, 2.5)):
            found, expected = namespace.where(mask, *pair), np.where(mask, *pair)
            assert found.strides == expected.strides
