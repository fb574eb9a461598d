"""Kinds of entries of operands, at their limits."""

import math

import numpy as np
import pytest

from kldiv_xp.calls.operands import examine
from kldiv_xp.diagnosis.entries import events
from kldiv_xp.diagnosis.scan import Count, Inspection, inspect, read_scalar
from kldiv_xp.diagnosis.subject import subject_of_form
from kldiv_xp.formula.form import Form

INF, NAN = math.inf, math.nan
SUBJECT = subject_of_form(Form(log_target=False))


def places(x, t, *, log_target=False, tiny=0.25):
    """Where what is met, by its name."""
    operands = np.asarray(x, dtype=float), np.asarray(t, dtype=float)
    with np.errstate(all="ignore"):
        subject = subject_of_form(Form(log_target=log_target))
        found = list(events(np, *operands, subject, tiny, 0.5))
    return {name: np.flatnonzero(mask).tolist() for name, mask, _ in found}


@pytest.mark.parametrize("operand", ["input", "target"])
def test_entries_are_counted_for_what_they_are(operand):
    values = [NAN, INF, -INF, -1.0, 0.0, -0.0, 0.5, 0.75]
    pair = (values, [1.0] * 8) if operand == "input" else ([-1.0] * 8, values)
    found = places(*pair)
    assert found[f"{operand} nan"] == [0]
    assert found[f"{operand} infinite"] == [1]
    assert found[f"{operand} negative"] == [2, 3]
    assert found[f"{operand} positive"] == [1, 6, 7]
    assert found[f"{operand} above"] == [1, 7]


def test_support_is_missing_where_a_probability_has_none_in_input():
    found = places([-INF, -INF, -INF, -INF, -1e300, NAN], [1.0, 0.0, -1.0, NAN, 1.0, 1.0])
    assert found["support"] == [0]


def test_support_of_log_probabilities_is_that_of_their_exponentials():
    found = places([-INF, -INF, -INF], [-1.0, -INF, -1e4], log_target=True)
    assert found["support"] == [0]
    assert "subnormal" not in found


def test_subnormal_targets_are_above_zero_and_below_the_least_normal():
    assert places([0.0] * 5, [-0.1, 0.0, 0.1, 0.25, 0.3])["subnormal"] == [2]


@pytest.mark.parametrize(("total", "count"), [(1.5, 0), (1.625, 1), (0.5, 0), (0.25, 1), (NAN, 0)])
def test_sum_is_off_by_more_than_the_tolerance(total, count):
    log_q, p = np.zeros((1, 2)), np.asarray([[total - 0.125, 0.125]])
    found = inspect(
        examine(log_q, p),
        (log_q, p),
        (1,),
        subject=subject_of_form(Form(log_target=False)),
        tiny=0.0,
        tolerance=0.5,
    )
    assert found["target sum"].number == count
    assert found.samples["target"] == (0 if math.isnan(total) else 1)


def test_sample_with_a_gap_is_not_added_up():
    log_q, p = np.zeros((2, 2)), np.full((2, 2), 3.0)
    where = np.asarray([[True, False], [True, True]])
    found = inspect(
        examine(log_q, p),
        (log_q, p, where),
        (1,),
        subject=subject_of_form(Form(log_target=False)),
        tiny=0.0,
        tolerance=0.5,
    )
    assert (found.samples["target"], found["target sum"].number) == (1, 1)
    assert found["target sum"].index == (1,)


def test_what_was_not_met_has_no_count():
    assert Inspection(0.1)["input nan"] == Count(0, (), NAN)


def test_value_that_cannot_be_read_is_refused_in_one_sentence():
    with pytest.raises(TypeError) as caught:
        read_scalar("traced")
    assert str(caught.value) == (
        "A diagnosis reads values, and str has none to read: call it on arrays that hold values, "
        "outside of what is traced or transformed."
    )
