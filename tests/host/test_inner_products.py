"""Inner products, piece by piece."""

import math

import numpy as np
import pytest

from kldiv_xp.host.inner_products import LONGEST_PIECE, dot, dots, length_of_pieces


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


@pytest.mark.parametrize(
    "values",
    [np.broadcast_to(np.float32(0.1), (1, 2**22)), np.full((1, 2**22), 0.1, "float32")[:, ::-1]],
    ids=["repeated", "backwards"],
)
def test_rows_that_blas_does_not_take_are_added_up_as_well(values):
    # Added up one by one, they are off by more than 1e-5.
    assert dot(np, values, values) == pytest.approx(2**22 * float(np.float32(0.1)) ** 2, rel=2e-6)


def test_repeated_rows_of_a_matrix_are_added_up_as_well():
    # Their pieces, added up one by one, are off by 2.1e-5 and 1.7e-5.
    rows = np.broadcast_to(np.float32([[0.1], [0.7]]), (2, 2**20))
    np.testing.assert_allclose(dots(np, rows, rows), 2**20 * rows[:, 0].astype(float) ** 2, 2e-6)


@pytest.mark.parametrize(
    ("size", "length"),
    [
        *[(1, 1), (4095, 4095), (4096, 4096), (8192, 4096), (256_000, 4000), (256_512, 4008)],
        pytest.param(7998, 3999, id="odd"),
        pytest.param(4097, LONGEST_PIECE, id="no divisor"),
        pytest.param(1999 * 4099, LONGEST_PIECE, id="divisors too small and too large"),
        pytest.param(0, LONGEST_PIECE, id="nothing"),
    ],
)
def test_pieces_leave_no_rest_where_half_a_row_or_more_divides(size, length):
    assert length_of_pieces(size) == length
