"""NumPy: a special value is seen in any block, and guards act where they are needed."""

import numpy as np
import pytest
import reference
from backends.numpy_operands import (
    BOTH_SPACES,
    LOOPS_OF_NUMPY,
    everything,
    operands,
    plain,
    threaded,
)
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient, thread_limit

pytestmark = LOOPS_OF_NUMPY
COUNT = 331
PLACES = {
    "first": [0],
    "border": [63, 64],
    "row border": [15, 16],
    "middle": [200],
    "last": [COUNT - 1],
    "every block": [*range(7, COUNT, 50)],
    "everywhere": [*range(COUNT)],
}


def special(log_target, places, dtype):
    """Ordinary operands with one pair of special values at some places, for every such pair."""
    for pair in reference.every_pair(log_target):
        log_q, target = operands(COUNT, dtype, log_target)
        log_q[places], target[places] = pair
        yield log_q, target


def tolerance(dtype):
    return 4 * np.finfo(dtype).eps


@pytest.mark.few(3, 25)
@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_sum_sees_a_special_value_anywhere(dtype, log_target, places):
    for log_q, target in special(log_target, places, dtype):
        expected = reference.loss(log_q, target, "sum", log_target)
        for threads in (1, 3):
            value = threaded(threads, kl_div, log_q, target, None, None, "sum", log_target)
            assert_allclose(value, expected, rtol=tolerance(dtype))


@pytest.mark.few(6, 22)
@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_terms_see_a_special_value_anywhere(dtype, log_target, places):
    for log_q, target in special(log_target, places, dtype):
        terms = threaded(3, kl_div, log_q, target, None, None, "none", log_target)
        expected = reference.loss(log_q, target, "none", log_target)
        assert_allclose(terms, expected, rtol=tolerance(dtype))
        zero = np.exp(target) == 0 if log_target else target == 0
        assert not np.signbit(terms[zero & ~np.isnan(log_q)]).any()


@pytest.mark.few(4, 24)
@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_gradients_see_a_special_value_anywhere(dtype, log_target, places):
    for log_q, target in special(log_target, places, dtype):
        options = {"reduction": "sum", "log_target": log_target}
        with thread_limit(3):
            derivatives = kl_div_gradient(log_q, target, **options)
        for derivative, whole in zip(
            derivatives, plain(kl_div_gradient, log_q, target, **options), strict=1
        ):
            assert_array_equal(derivative, whole)
        pairs = [*zip(log_q, target, strict=True)]
        defined = ~(np.isnan(target) | np.isnan(log_q))
        expected = np.asarray([reference.gradient(x, t, log_target) for x, t in pairs]).T
        for derivative, exact in zip(derivatives, expected, strict=True):
            assert_allclose(derivative[defined], exact[defined], rtol=tolerance(dtype))


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
def test_all_special_pairs_together_are_those_of_the_plain_expression(dtype, log_target):
    log_q, target = np.tile(np.asarray(reference.every_pair(log_target)).T, 9).astype(dtype)
    terms = threaded(3, kl_div, log_q, target, None, None, "none", log_target)
    assert_array_equal(
        terms, *plain(kl_div, log_q, target, reduction="none", log_target=log_target)
    )
    assert np.isnan(kl_div(log_q, target, reduction="sum", log_target=log_target))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("ratio", [-2.0, 2.0, -np.inf, np.inf])
@pytest.mark.parametrize("neighbour", [-0.5, -np.inf, np.nan])
def test_underflowing_log_target_contributes_positive_zero(dtype, ratio, neighbour):
    target = np.full(COUNT, -1e4, dtype)
    log_q = (target - np.asarray(ratio, dtype)).astype(dtype)
    target[::100] = neighbour
    terms = threaded(3, kl_div, log_q, target, None, None, "none", True)  # noqa: FBT003 - log_target
    zeros = np.delete(terms, np.s_[::100])
    assert_array_equal(zeros, 0)
    assert not np.signbit(zeros).any()


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("log_q", [-3.0, 3.0, 0.0, -np.inf, np.inf])
def test_zero_target_contributes_positive_zero(dtype, zero, log_q):
    target = np.full(COUNT, 0.5, dtype)
    target[150:] = zero
    terms = threaded(3, kl_div, np.full(COUNT, log_q, dtype), target, None, None, "none")
    assert_array_equal(terms[150:], 0)
    assert not np.signbit(terms[150:]).any()


@BOTH_SPACES
def test_sum_of_zero_targets_alone_is_positive_zero(dtype, log_target):
    target = np.full((512, 900), -np.inf if log_target else -0.0, dtype)
    for log_q in (-2.0, 2.0, -np.inf):
        value = kl_div(np.full_like(target, log_q), target, reduction="sum", log_target=log_target)
        assert value == 0
        assert not np.signbit(value)


@pytest.mark.usefixtures("small_blocks")
def test_warnings_of_numpy_stay_in_their_threads(reduction):
    log_q, target = np.tile(np.asarray(reference.every_pair(log_target=False)).T, 9)
    with np.errstate(all="raise"):
        threaded(3, everything, log_q, target, reduction, False)  # noqa: FBT003 - log_target
