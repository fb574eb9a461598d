"""Texts of a report for people and for programs."""

import math

import pytest

from kldiv_xp import Finding, Report

FINDING = Finding("code", "input", (0, 1), 0.5, 2, "What is wrong.")
NO_VALUE = Finding("dtype", "target", None, None, 1, "Of the wrong type.")
VALUES = {"sum": 0.25, "batchmean": math.inf, "mean": -math.inf}


def report(*findings, shape=(2, 3), values=VALUES):
    return Report(findings, values, shape, (1,), log_target=False)


def test_findings_are_numbered_from_one():
    lines = str(report(FINDING, NO_VALUE, FINDING)).splitlines()
    assert lines[0].startswith("Found 3 mistakes in operands of shape (2, 3)")
    assert lines[1:4] == ["1. What is wrong.", "2. Of the wrong type.", "3. What is wrong."]


@pytest.mark.parametrize(
    ("shape", "words"),
    [((2, 3), "; mean is batchmean divided by 3, and not the divergence."), ((2, 1), "."),
     ((2,), "."), ((2, 0), ".")],
)  # fmt: skip
def test_scale_is_told_where_there_is_one(shape, words):
    expected = f"The loss in nats: sum 0.25, batchmean inf, mean -inf{words}"
    assert report(shape=shape).scale == [expected]


def test_loss_that_cannot_be_computed_has_no_scale():
    assert report(values={}).scale == []


def test_dictionary_keeps_numbers_and_writes_infinities_out():
    plain = report(FINDING, NO_VALUE).as_dict()
    assert plain["values"] == {"sum": 0.25, "batchmean": "inf", "mean": "-inf"}
    assert [one["value"] for one in plain["findings"]] == [0.5, None]
    assert [one["index"] for one in plain["findings"]] == [[0, 1], None]


def test_report_is_true_if_anything_was_found():
    assert report(FINDING)
    assert not report()


def test_equal_reports_have_one_hash():
    assert report(FINDING) == report(FINDING)
    assert {report(FINDING), report(FINDING), report()} == {report(), report(FINDING)}
    assert hash(report(FINDING, values={})) == hash(report(FINDING))
