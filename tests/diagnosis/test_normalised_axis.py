"""The axis along which an operand is a distribution after all."""

import numpy as np
import pytest

from kldiv_xp.calls.operands import examine
from kldiv_xp.diagnosis.evidence import LOGS, PROBABILITIES
from kldiv_xp.diagnosis.normalised_axis import are_distributions, other_axes

RNG = np.random.default_rng(1)


def along(shape, axis):
    """Probabilities that add up to 1 along an axis, and along no other."""
    weights = RNG.uniform(0.1, 1, size=shape)
    return weights / weights.sum(axis=axis, keepdims=True)


def found(array, axes, operand="target", kind=PROBABILITIES, tolerance=1e-4, most=1):
    other = np.full_like(array, 7.0)
    arrays = (other, array) if operand == "target" else (array, other)
    return other_axes(examine(*arrays), arrays, axes, tolerance, most, operand, kind)


@pytest.mark.parametrize("operand", ["input", "target"])
@pytest.mark.parametrize(
    ("shape", "axis", "axes"),
    [((3, 4), 0, (1,)), ((3, 4), 1, (0,)), ((3, 4, 5), 0, (2,)), ((3, 4, 5), 1, (2,)),
     ((3, 4, 5), 2, (0,)), ((3, 4, 5), 2, (0, 1)), ((2, 4, 5), 0, (1,)), ((1, 4, 2), 2, (1,))],
)  # fmt: skip
def test_axis_is_found(operand, shape, axis, axes):
    probabilities = along(shape, axis)
    assert found(probabilities, axes, operand) == (axis,)
    assert found(np.log(probabilities), axes, operand, LOGS) == (axis,)
    assert found(probabilities, axes, operand, LOGS) is None


def test_axis_that_was_asked_for_is_no_other():
    assert found(along((3, 4), 1), (1,)) is None


def test_axis_of_one_entry_says_nothing():
    assert found(np.ones((1, 3)), (1,)) is None


def test_axis_of_no_entries_adds_up_to_nothing():
    assert found(np.ones((0, 3)), (1,)) is None


@pytest.mark.parametrize(
    ("line", "kind", "expected"),
    [
        ([0.25, 0.75], PROBABILITIES, True),
        ([0.0, 1.0], PROBABILITIES, True),
        ([-0.5, 1.5], PROBABILITIES, False),
        ([0.75, 0.75], PROBABILITIES, True),
        ([0.75, 0.875], PROBABILITIES, False),
        ([0.25, 0.25], PROBABILITIES, True),
        ([np.nan, 0.5], PROBABILITIES, False),
        ([np.log(0.5), np.log(0.5)], LOGS, True),
        ([np.log(1.5), -np.inf], LOGS, True),
    ],
)
def test_sums_may_be_off_by_the_tolerance(line, kind, expected):
    assert are_distributions(np, np.asarray([line]), 1, 0.5 + 1e-15, kind) is expected


def test_sum_that_is_off_by_just_the_tolerance_is_not_off():
    assert are_distributions(np, np.asarray([[0.75, 0.75]]), 1, 0.5, PROBABILITIES)


def test_two_lines_of_each_other_axis_are_enough_and_one_is_not():
    probabilities = along((2, 4), 0)
    probabilities[:, 1] *= 2
    assert found(probabilities, (1,)) is None
    probabilities = along((2, 4), 0)
    probabilities[:, 2] *= 2
    assert found(probabilities, (1,)) == (0,)
    assert found(probabilities.T, (0,)) == (1,)


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((2, 3, 4), (2,), (1, 2)),
        ((2, 3, 4), (1,), (1, 2)),
        ((2, 3, 4, 5), (3,), (2, 3)),
        ((2, 3, 4, 5), (1,), (1, 2, 3)),
        ((3, 4), (1,), (0, 1)),
        ((3, 1, 4), (2,), (0, 2)),
    ],
)
def test_several_axes_are_found(shape, axes, expected):
    weights = RNG.uniform(0.1, 1, size=shape)
    probabilities = weights / weights.sum(axis=expected, keepdims=True)
    assert found(probabilities, axes, most=len(shape)) == expected
    assert found(np.log(probabilities), axes, kind=LOGS, most=len(shape)) == expected
    assert found(probabilities, axes, most=len(expected) - 1) is None
    assert found(probabilities, expected, most=len(shape)) is None


def test_lines_along_several_axes_are_read_up_to_a_size(monkeypatch):
    weights = RNG.uniform(0.1, 1, size=(3, 4, 5))
    probabilities = weights / weights.sum(axis=(1, 2), keepdims=True)
    monkeypatch.setattr("kldiv_xp.diagnosis.normalised_axis.MOST_ELEMENTS_OF_LINES", 2 * 4 * 5)
    assert found(probabilities, (2,), most=3) == (1, 2)
    monkeypatch.setattr("kldiv_xp.diagnosis.normalised_axis.MOST_ELEMENTS_OF_LINES", 2 * 4 * 5 - 1)
    assert found(probabilities, (2,), most=3) is None
