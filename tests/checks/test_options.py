"""Options: axes are resolved, numbers are judged."""

import math

import pytest

from kldiv_xp.checks.numbers import nearest_float
from kldiv_xp.checks.options import resolve_axis


@pytest.mark.parametrize(
    ("axis", "expected"), [(-1, (2,)), ((2, 0), (0, 2)), ((-1, -3), (0, 2)), ((), ())]
)
def test_axes_are_counted_from_the_front_and_ascend(axis, expected):
    assert resolve_axis(axis, 3) == expected


@pytest.mark.parametrize("axis", [(1, 1), (0, -3), (2, 0, -1)])
def test_axis_that_is_named_twice_is_refused(axis):
    with pytest.raises(ValueError, match="must name each axis once"):
        resolve_axis(axis, 3)


@pytest.mark.parametrize(
    ("number", "expected"), [(3, 3.0), (10**400, math.inf), (-(10**400), -math.inf)]
)
def test_number_that_no_float_holds_is_infinite(number, expected):
    assert nearest_float(number) == expected
