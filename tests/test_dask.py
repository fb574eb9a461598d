"""Dask: lazy, quiet in its workers, and clear about sizes it does not know."""

import numpy as np
import pytest
from backends import library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div

LOG_Q = np.log([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]])
P = np.asarray([[0.4, 0.6], [0.0, 1.0], [0.5, 0.5]])


@pytest.fixture(autouse=True)
def da():
    usable("dask")
    return library("dask.array")


def unknown(da):
    """Operands whose number of rows Dask does not know."""
    log_q, p = da.from_array(LOG_Q, chunks=(2, 2)), da.from_array(P, chunks=(2, 2))
    rows = da.from_array(np.asarray([True, False, True]), chunks=2)
    return log_q[rows], p[rows]


def test_sum_and_terms_of_unknown_sizes_stay_lazy_and_right(da):
    operands = unknown(da)
    expected = kl_div(LOG_Q[::2], P[::2], reduction="none")
    terms = kl_div(*operands, reduction="none").compute(scheduler="synchronous")
    assert_array_equal(terms, expected)
    total = kl_div(*operands, reduction="sum").compute(scheduler="synchronous")
    assert_allclose(total, expected.sum(), rtol=1e-15)


def test_divisor_of_unknown_size_is_refused_in_one_sentence(da):
    with pytest.raises(ValueError, match="batchmean") as caught:
        kl_div(*unknown(da), reduction="batchmean")
    assert str(caught.value) == (
        "reduction='batchmean' divides by the size of `input`, whose shape (None, 2) is not "
        "known yet: compute it first (Dask: compute_chunk_sizes()), or use reduction='sum'."
    )


def test_threads_of_dask_do_not_leak_warnings_of_numpy(da):
    inputs = da.from_array(np.asarray([np.inf, -np.inf, -1.0, -1.0]), chunks=1)
    targets = da.from_array(np.asarray([0.5, 0.5, -0.5, np.inf]), chunks=1)
    for reduction in ("none", "sum", "batchmean"):
        value = kl_div(inputs, targets, reduction=reduction).compute(scheduler="threads")
        assert np.isnan(value).any()


@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
def test_result_knows_its_type_before_it_is_computed(da, reduction):
    half = da.from_array(P.astype("float16"), chunks=2)
    lazy = da.log(half)
    result = kl_div(lazy, half, reduction=reduction)
    assert result.dtype == np.float16
    assert isinstance(result._meta, np.ndarray)
