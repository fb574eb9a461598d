"""The divergences of rows of logits and their derivatives, in NumPy, straight from the formula."""

import dataclasses
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp.core.evaluate_rows import derivatives_of, rows_of
from kldiv_xp.formula.log_probabilities import ONE_AFTER_THE_OTHER, Guard
from kldiv_xp.formula.logits import JS, KL
from kldiv_xp.formula.softmax import log_softmax, softmax

RNG = np.random.default_rng(4)
STUDENT, TEACHER = RNG.normal(size=(2, 3, 5))


def as_target(kind):
    if kind == "logits":
        return TEACHER
    # Neither need sum to 1.
    p = 1.3 * softmax(np, TEACHER, 1.0)
    return p if kind == "probabilities" else np.log(p)


KINDS = ("logits", "probabilities", "log_probabilities")
CASES = {
    **{f"KL, {kind}, T={t}": (KL(t, kind), as_target(kind)) for kind in KINDS for t in (1.0, 2.5)},
    **{f"JS, {b}, T={t}": (JS.of(t, b), TEACHER) for b in (0, 0.3, 0.5, 1) for t in (1.0, 2.5)},
}
EVERY = pytest.mark.parametrize("case", CASES)


def numerical(function, array, step=1e-5):
    """Derivative of a sum of rows by each element, by central differences."""
    derivatives = np.empty_like(array)
    for place in np.ndindex(array.shape):
        moved = [array.copy(), array.copy()]
        moved[0][place] -= step
        moved[1][place] += step
        low, high = (np.sum(function(one)) for one in moved)
        derivatives[place] = (high - low) / (2 * step)
    return derivatives


def derivative(divergence, by_target, *arrays, guard=Guard.FULL, upstream=1.0, where=None):
    rows = np.full((*arrays[0].shape[:-1], 1), upstream)
    masks = () if where is None else (where,)
    return derivatives_of(divergence, guard, by_target, np, *arrays, rows, *masks)


@EVERY
def test_derivatives_are_the_derivatives_of_the_divergence(case):
    divergence, target = CASES[case]
    by_input = numerical(lambda x: rows_of(divergence, np, x, target), STUDENT)
    by_target = numerical(lambda t: rows_of(divergence, np, STUDENT, t), target)
    for place, expected in enumerate((by_input, by_target)):
        assert_allclose(derivative(divergence, place == 1, STUDENT, target), expected, atol=1e-8)


@EVERY
@pytest.mark.parametrize("by_target", [False, True])
def test_derivatives_are_multiplied_by_the_upstream_derivative_and_masked(case, by_target):
    divergence, target = CASES[case]
    plain = derivative(divergence, by_target, STUDENT, target)
    assert_allclose(derivative(divergence, by_target, STUDENT, target, upstream=-3.0), -3 * plain)
    where = np.asarray([[True], [False], [True]])
    spoiled = [np.where(where, array, np.nan) for array in (STUDENT, target)]
    masked = derivative(divergence, by_target, *spoiled, where=where)
    assert_array_equal(masked, np.where(where, plain, 0))


@EVERY
@pytest.mark.parametrize("guard", ONE_AFTER_THE_OTHER)
def test_no_guard_changes_what_needs_none(case, guard):
    divergence, target = CASES[case]
    for by_target in (False, True):
        full = derivative(divergence, by_target, STUDENT, target)
        assert_array_equal(derivative(divergence, by_target, STUDENT, target, guard=guard), full)
    full, bare = (
        rows_of(divergence, np, STUDENT, target, guard=one) for one in (Guard.FULL, guard)
    )
    assert_array_equal(full, bare)


@pytest.mark.parametrize("kind", KINDS)
def test_derivative_by_a_target_without_probability_is_zero(kind):
    target = as_target(kind).copy()
    target[0, :2] = 0 if kind == "probabilities" else -math.inf
    student = STUDENT.copy()
    student[0, 1] = -math.inf
    with np.errstate(all="ignore"):
        by_input, by_target = (
            derivative(KL(1.0, kind), one, student, target) for one in (False, True)
        )
    assert_array_equal(by_target[0, :2], [0, 0])
    assert np.isfinite(by_target).all()
    assert np.isfinite(by_input).all()
    assert by_input[0, 1] == 0


@pytest.mark.parametrize("beta", [0.25, 0.5])
def test_words_that_neither_side_has_take_no_part_in_a_mixture(beta):
    student, teacher = STUDENT.copy(), TEACHER.copy()
    student[0, :2] = teacher[0, :2] = -math.inf
    divergence = JS.of(1.0, beta)
    with np.errstate(all="ignore"):
        value = rows_of(divergence, np, student, teacher)
        derivatives = [derivative(divergence, one, student, teacher) for one in (False, True)]
    expected = rows_of(divergence, np, student[:1, 2:], teacher[:1, 2:])
    assert_allclose(value[0], expected[0], rtol=1e-13)
    for found in derivatives:
        assert_array_equal(found[0, :2], [0, 0])
        assert np.isfinite(found).all()


@pytest.mark.parametrize("temperature", [1.0, 0.5, 3.0])
def test_softmax_and_its_logarithm_are_those_of_the_scaled_logits(temperature):
    exponentials = np.exp(STUDENT / temperature)
    expected = exponentials / exponentials.sum(axis=-1, keepdims=True)
    assert_allclose(softmax(np, STUDENT, temperature), expected, rtol=1e-14)
    assert_allclose(log_softmax(np, STUDENT, temperature), np.log(expected), rtol=1e-13)


def test_logits_as_large_as_their_type_can_be_are_no_problem():
    logits = np.asarray([[np.finfo(float).max, 0.0], [1e308, 1e308]])
    with np.errstate(over="ignore"):
        assert_array_equal(softmax(np, logits, 1e-3), [[1, 0], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("divergence", "nothing"),
    [
        (KL(1.0, "logits"), 0.0),
        (KL(1.0, "probabilities"), 0.0),
        (KL(1.0, "log_probabilities"), -math.inf),
        (JS.of(1.0, 0.5), 0.0),
    ],
)
def test_target_that_costs_nothing(divergence, nothing):
    assert divergence.nothing == nothing


@pytest.mark.parametrize("divergence", [KL(2.0, "logits"), JS.of(2.0, 0.5)])
def test_divergences_are_values(divergence):
    assert divergence == dataclasses.replace(divergence)
    assert hash(divergence) == hash(dataclasses.replace(divergence))
    with pytest.raises(dataclasses.FrozenInstanceError):
        divergence.temperature = 1.0


@pytest.mark.parametrize("beta", [0.25, 0.5])
def test_mixture_that_is_certain_has_the_logarithm_zero(beta):
    certain = np.asarray([[3.0], [-2.0]])
    values = rows_of(JS.of(1.0, beta), np, certain, certain - 1)
    assert_array_equal(values, [0, 0])
