"""NumPy: sums of blocks are as good as one of their terms."""

import numpy as np
import pytest
from backends.numpy_operands import BOTH_SPACES, LOOPS_OF_NUMPY, operands, threaded

from kldiv_xp import kl_div

pytestmark = LOOPS_OF_NUMPY


def exact_terms(log_q, target):
    """Terms in float64, and their scales.

    The logarithm of a float32 in float64 is off by at most 1 ulp of float64, 2**-29 of one of
    float32: what that adds to a term is less than a billionth of what is allowed.
    """
    p, log_q = target.astype("float64"), log_q.astype("float64")
    log_p = np.log(p)
    return p * (log_p - log_q), p * (np.abs(log_p) + np.abs(log_q))


@pytest.fixture(scope="module")
def ten_million():
    rng = np.random.default_rng(8)
    target = rng.random((1000, 10_000), dtype="float32") ** 3 + np.float32(1e-9)
    log_q = -8 * rng.random((1000, 10_000), dtype="float32")
    return log_q, target


@pytest.mark.few(0, 2)
@pytest.mark.parametrize("threads", [1, 4])
def test_sum_of_ten_million_float32_is_as_good_as_one_of_its_terms(ten_million, threads):
    log_q, target = ten_million
    terms, scales = exact_terms(log_q, target)
    value = threaded(threads, kl_div, log_q, target, None, None, "sum")
    # A term may be off by 6 eps of its scale; the sum of so many may be no worse.
    assert abs(float(value) - np.sum(terms)) <= 6 * np.finfo("float32").eps * np.sum(scales)


def test_sum_of_ten_thousand_is_exact_by_fifty_digits(ten_million):
    mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")
    log_q, target = (array[::100, ::1000].reshape(-1)[:10_000] for array in ten_million)
    with mpmath.workdps(50):
        pairs = [
            (mpmath.mpf(float(x)), mpmath.mpf(float(p))) for x, p in zip(log_q, target, strict=True)
        ]
        exact = mpmath.fsum(p * (mpmath.log(p) - x) for x, p in pairs)
        scale = mpmath.fsum(p * (abs(mpmath.log(p)) + abs(x)) for x, p in pairs)
        terms, _ = exact_terms(log_q, target)
        assert abs(exact - float(np.sum(terms))) <= 1e-14 * scale
        for dtype in ("float32", "float64"):
            value = kl_div(log_q.astype(dtype), target.astype(dtype), reduction="sum")
            error = abs(exact - mpmath.mpf(float(value)))
            assert error <= 6 * float(np.finfo(dtype).eps) * scale


@pytest.mark.few(2, 4)
@BOTH_SPACES
@pytest.mark.parametrize("type_", ["float16", "float32", "float64"])
def test_sums_of_blocks_are_within_the_bound_of_the_suite(type_, log_target):
    log_q, target = operands((300, 3001), type_, log_target)
    wide = [array.astype("longdouble") for array in (log_q, target)]
    p = np.exp(wide[1]) if log_target else wide[1]
    log_p = wide[1] if log_target else np.log(p)
    exact, scale = np.sum(p * (log_p - wide[0])), np.sum(p * (abs(log_p) + abs(wide[0])))
    value = kl_div(log_q, target, reduction="batchmean", log_target=log_target)
    eps = np.finfo(type_).eps
    assert abs(value - exact / 300) <= 8 * eps * scale / 300


def test_half_precision_overflows_only_in_the_result():
    log_q = np.full((40, 65_536), -8, dtype="float16")
    target = np.ones((40, 65_536), dtype="float16")
    assert kl_div(log_q, target, reduction="sum") == np.inf
    assert kl_div(log_q, target, reduction="mean") == 8
