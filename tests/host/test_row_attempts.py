"""Attempts at rows: the first that suits and is enough, for no row more than it needs."""

import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from kldiv_xp.host.row_attempts import first_finite_rows

SEEN = []


def attempt(name, most):
    """Twice the row, NaN where an element is larger than the most."""

    def function(xp, array):
        SEEN.append((name, array.shape[:-1]))
        enough = xp.max(array, axis=-1, keepdims=True) <= most
        return xp.where(enough, array * 2, math.nan)

    return function


ATTEMPTS = [
    (lambda xp, array: xp.min(array, axis=-1) > 0, attempt("positive", 2)),
    (None, attempt("small", 4)),
    (None, attempt("last", 6)),
]
ROWS = np.asarray([[1.0, 2], [0, 1], [3, 4], [0, 5], [1, 9], [2, 2]])


@pytest.fixture(autouse=True)
def nothing_seen():
    SEEN.clear()


def test_each_row_gets_the_first_attempt_that_is_enough():
    found = first_finite_rows(ATTEMPTS, np, np, np.ones(6, dtype=bool), ROWS)
    expected = ROWS * 2
    expected[4] = math.nan
    assert_array_equal(found, expected)
    assert SEEN == [("positive", (4,)), ("small", (4,)), ("last", (2,))]


@pytest.mark.parametrize("row", range(6))
def test_row_alone_gets_what_it_gets_among_others(row):
    together = first_finite_rows(ATTEMPTS, np, np, np.ones(6, dtype=bool), ROWS)[row]
    assert_array_equal(
        first_finite_rows(ATTEMPTS, np, np, np.ones((), dtype=bool), ROWS[row]), together
    )


def test_rows_that_are_not_left_are_zero_and_cost_nothing():
    left = np.asarray([True, False, False, False, False, True])
    found = first_finite_rows(ATTEMPTS, np, np, left, ROWS)
    assert_array_equal(found, np.where(left[:, None], ROWS * 2, 0))
    assert SEEN == [("positive", (2,))]


def test_nothing_is_left_of_no_rows():
    assert first_finite_rows(ATTEMPTS, np, np, np.zeros(6, dtype=bool), ROWS) is None
    assert SEEN == []


def test_whole_block_is_computed_where_it_lies():
    calls = []

    class Namespace:
        def __getattr__(self, name):
            calls.append(name)
            return getattr(np, name)

    block = ROWS[[0, 5]]
    assert_array_equal(
        first_finite_rows(ATTEMPTS, np, Namespace(), np.ones(2, dtype=bool), block), block * 2
    )
    assert "where" in calls
