"""Evidence that the rules of a diagnosis go by."""

import dataclasses

import numpy as np
import pytest

from kldiv_xp.diagnosis.evidence import LOGS, PROBABILITIES, Evidence, entries_in_words
from kldiv_xp.diagnosis.scan import Count, Inspection
from kldiv_xp.diagnosis.subject import subject_of_form
from kldiv_xp.formula.form import Form


def evidence(met=(), axes=(1,), samples=3):
    """Evidence of three samples, and of what was met once in each case."""
    found = Inspection(1e-4, {name: Count(1) for name in met})
    found.samples["input"] = found.samples["target"] = samples
    subject = subject_of_form(Form(log_target=False))
    return Evidence(found, subject, axes=axes, elsewhere=lambda *_: None, xp=np)


@pytest.mark.parametrize(
    ("axes", "expected"), [((1,), "axis 1"), ((1, 3), "axes (1, 3)"), ((), "axes ()")]
)
def test_axes_are_named(axes, expected):
    assert evidence(axes=axes).along == expected


@pytest.mark.parametrize("kind", [LOGS, PROBABILITIES])
def test_space_needs_samples_and_sums(kind):
    assert evidence().is_space("input", kind)
    assert not evidence(samples=0).is_space("input", kind)
    assert not evidence([f"input {kind}"]).is_space("input", kind)


def test_negative_entries_are_no_probabilities_and_may_be_logarithms():
    negative = evidence(["input negative"])
    assert negative.is_space("input", LOGS)
    assert not negative.is_space("input", PROBABILITIES)


@pytest.mark.parametrize(
    ("met", "swapped"),
    [([], True), (["input negative"], False), (["target sum of exp"], False)],
)
def test_swapped_operands_are_each_in_the_space_of_the_other(met, swapped):
    assert evidence(met).is_swapped is swapped
    other = subject_of_form(Form(log_target=True))
    assert not dataclasses.replace(evidence(met), subject=other).is_swapped


@pytest.mark.parametrize(("count", "words"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries")])
def test_entries_are_counted_in_words(count, words):
    assert entries_in_words(count) == words
