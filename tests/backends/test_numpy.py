"""NumPy: the same bits for any number of threads, any layout and on repeat."""

import numpy as np
import pytest
import reference
from backends.numpy_operands import (
    BOTH_SPACES,
    LOOPS_OF_NUMPY,
    REAL,
    everything,
    operands,
    plain,
    threaded,
)
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient

pytestmark = LOOPS_OF_NUMPY
THREADS = (1, 2, 3, 5)


def with_zeros(target, log_target):
    """Target with zeros in some blocks, so that threads find out apart that they need a guard."""
    flat = target.reshape(-1)
    flat[flat.size // 2 :: 5] = -np.inf if log_target else 0
    return target


@pytest.mark.few(12, 36)
@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("type_", ["float16", "float32", "float64"])
@pytest.mark.parametrize("zeros", [False, True], ids=["dense", "zeros"])
def test_any_number_of_threads_gives_the_same_bits(type_, reduction, log_target, zeros):
    log_q, target = operands((23, 61), type_, log_target)
    if zeros:
        target = with_zeros(target, log_target)
    alone = threaded(1, everything, log_q, target, reduction, log_target)
    for threads in (*THREADS, 40):
        assert threaded(threads, everything, log_q, target, reduction, log_target) == alone


@pytest.mark.few(2, 2)
@BOTH_SPACES
@pytest.mark.parametrize("type_", ["float32", "float64"])
def test_blocks_of_the_real_size_give_the_same_bits_on_repeat(type_, log_target):
    log_q, target = operands(REAL, type_, log_target)
    target = with_zeros(target, log_target)
    first = everything(log_q, target, "sum", log_target)
    for threads in THREADS:
        assert threaded(threads, everything, log_q, target, "sum", log_target) == first


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("type_", ["float16", "float32", "float64"])
def test_terms_and_gradients_are_those_of_the_plain_expression(type_, log_target):
    log_q, target = operands((23, 61), type_, log_target)
    target = with_zeros(target, log_target)
    for function, options in (
        (kl_div, {"reduction": "none", "log_target": log_target}),
        (kl_div_gradient, {"reduction": "batchmean", "log_target": log_target, "upstream": 3.0}),
    ):
        here = threaded(3, lambda f, o: f(log_q, target, **o), function, options)
        here = here if isinstance(here, tuple) else (here,)
        for blocked, whole in zip(here, plain(function, log_q, target, **options), strict=True):
            assert_array_equal(blocked, whole)
            assert blocked.dtype == whole.dtype


def unaligned(array):
    memory = np.empty(array.nbytes + 1, dtype="uint8")[1:]
    result = memory.view(array.dtype).reshape(array.shape)
    result[...] = array
    return result


LAYOUTS = {
    "contiguous": lambda array: array.copy(),
    "transposed": np.asfortranarray,
    "every second": lambda array: np.repeat(np.repeat(array, 2, 0), 2, 1)[::2, ::2],
    "reversed": lambda array: array[::-1, ::-1].copy()[::-1, ::-1],
    "swapped bytes": lambda array: array.astype(array.dtype.newbyteorder()),
    "read-only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
    "unaligned": unaligned,
}


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_layout_changes_no_bit_of_terms_and_gradients(layout, log_target):
    log_q, target = operands((23, 61), "float32", log_target)
    target = with_zeros(target, log_target)
    for reduction in ("none", "sum"):
        expected = everything(log_q, target, reduction, log_target)
        there = everything(layout(log_q), layout(target), reduction, log_target)
        assert there[1:] == expected[1:]
        value, exact = (np.frombuffer(b[0], "float32") for b in (there, expected))
        # BLAS adds up what lies apart in another order.
        assert_allclose(value, exact, rtol=0 if reduction == "none" else 1e-6)


@pytest.mark.usefixtures("small_blocks")
def test_results_have_the_byte_order_of_the_machine():
    arrays = [a.astype(a.dtype.newbyteorder()) for a in operands((23, 61))]
    results = kl_div(*arrays, reduction="none"), kl_div(*arrays), *kl_div_gradient(*arrays)
    assert all(result.dtype.isnative for result in results)


@pytest.mark.usefixtures("small_blocks")
def test_operands_of_two_types_are_computed_in_the_wider(reduction):
    log_q, target = operands((23, 61), "float32")
    wide = target.astype("float64")
    mixed = kl_div(log_q, wide, reduction=reduction)
    assert mixed.tobytes() == kl_div(log_q.astype("float64"), wide, reduction=reduction).tobytes()
    by_input, by_target = kl_div_gradient(log_q, wide, reduction=reduction)
    assert (by_input.dtype, by_target.dtype) == (np.float32, np.float64)


@pytest.mark.usefixtures("small_blocks")
def test_operands_are_left_as_they_are(reduction):
    log_q, target = operands((23, 61))
    copies = log_q.copy(), target.copy()
    threaded(3, everything, log_q, target, reduction, False)  # noqa: FBT003 - log_target
    assert_array_equal((log_q, target), copies)


@pytest.mark.usefixtures("small_blocks")
def test_one_array_may_be_both_operands():
    _, log_p = operands((23, 61), log_target=True)
    assert_array_equal(kl_div(log_p, log_p, reduction="none", log_target=True), 0 * log_p)
    assert kl_div(log_p, log_p, reduction="sum", log_target=True) == 0


def test_zero_dimensional_operands_have_zero_dimensional_results(reduction):
    log_q, target = np.asarray(-1.5), np.asarray(0.3)
    results = (
        kl_div(log_q, target, reduction=reduction),
        *kl_div_gradient(log_q, target, reduction=reduction),
    )
    expected = reference.term(-1.5, 0.3), *reference.gradient(-1.5, 0.3)
    for result, value in zip(results, expected, strict=True):
        assert isinstance(result, np.ndarray)
        assert result.shape == ()
        assert_allclose(result, value, rtol=1e-15)
