"""The report of a diagnosis: its values, its lines and its JSON."""

import json

import numpy as np
import pytest
from diagnosis.distributions import LOG_P, LOG_Q, P

from kldiv_xp import Report, diagnose


def test_values_are_those_of_the_loss():
    values = diagnose(LOG_Q, P).values
    total = float(np.sum(P * (LOG_P - LOG_Q)))
    assert values == pytest.approx({"sum": total, "batchmean": total / 6, "mean": total / 30})


def test_values_of_a_masked_loss_count_what_is_selected():
    mask = np.zeros(P.shape, dtype=bool)
    mask[0, :3] = True
    values = diagnose(LOG_Q, P, where=mask).values
    total = float(np.sum((P * (LOG_P - LOG_Q))[mask]))
    assert values == pytest.approx({"sum": total, "batchmean": total / 6, "mean": total / 3})


def test_report_is_printed_in_lines():
    report = diagnose(np.log([[0.25, 0.75]]), np.asarray([[-0.5, 1.5]]))
    assert str(report) == (
        "Found 1 mistake in operands of kl_div, of shape (1, 2), with distributions along axis "
        "1 and a target "
        "of probabilities.\n"
        "1. `target` is -0.5 at (0, 0) and negative in 1 entry, which makes the loss NaN: pass "
        "probabilities, e.g. softmax of the logits, numpy.exp(target) / "
        "numpy.sum(numpy.exp(target), axis=1, keepdims=True).\n"
        "The loss in nats: sum nan, batchmean nan, mean nan; mean is batchmean divided by 2, and "
        "not the divergence."
    )


def test_report_without_findings_is_false_and_says_so():
    report = diagnose(np.log([0.25, 0.75]), np.log([0.5, 0.5]), log_target=True)
    assert isinstance(report, Report)
    assert not report
    assert str(report) == (
        "Found nothing in operands of kl_div, of shape (2,), with distributions along axis 0 "
        "and a target of "
        "log-probabilities.\n"
        "The loss in nats: sum 0.143841, batchmean 0.0719205, mean 0.0719205."
    )


def test_report_is_plain_for_json():
    report = diagnose(np.log([[0.25, 0.75]]), np.asarray([[0.5, np.nan]]))
    plain = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert plain["values"] == {"sum": "nan", "batchmean": "nan", "mean": "nan"}
    assert plain["shape"] == [1, 2]
    assert plain["axis"] == [1]
    assert plain["log_target"] is False
    (finding,) = plain["findings"]
    assert finding == {
        "code": "nan-target",
        "operand": "target",
        "index": [0, 1],
        "value": "nan",
        "count": 1,
        "message": report.findings[0].message,
    }
