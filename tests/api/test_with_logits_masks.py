"""Divergences from logits: masked vocabularies, missing logits, samples that are not selected."""

import math

import numpy as np
import pytest
from api.logits import DIVERGENCES, EVERY, SHAPE, STUDENT, TEACHER, TOKENS, expected_rows, mask_on
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, kl_div_with_logits

LOSSES = (kl_div_with_logits, js_div_with_logits)


@EVERY
def test_masked_vocabulary_contributes_nothing(backend, name):
    function, options = DIVERGENCES[name]
    student, teacher = STUDENT.copy(), TEACHER.copy()
    student[..., 1:3] = teacher[..., 1:3] = -math.inf
    if name == "reverse":
        student[..., 0] = -math.inf
    else:
        teacher[..., 0] = -math.inf
    operands = backend.array(student), backend.array(teacher)
    rows = backend.values(function, *operands, reduction="none", **options)
    assert np.isfinite(rows).all()
    assert_allclose(rows, expected_rows(name, student, teacher), rtol=1e-12)


def test_vocabulary_that_only_the_student_masks_is_infinitely_far_away(backend):
    student = STUDENT.copy()
    student[0, 0, 2] = -math.inf
    operands = backend.array(student), backend.array(TEACHER)
    rows, others = backend.call(
        lambda *pair: [loss(*pair, reduction="none") for loss in LOSSES], *operands
    )
    rows = backend.read(rows)
    assert np.isposinf(rows[0, 0])
    assert np.isfinite(rows.ravel()[1:]).all()
    assert np.isfinite(backend.read(others)).all()


@EVERY
def test_missing_logits_are_never_hidden(backend, name):
    function, options = DIVERGENCES[name]
    nothing = np.full(SHAPE, -math.inf)
    missing = np.full(SHAPE, math.nan)
    pairs = [(nothing, TEACHER), (STUDENT, missing), (missing, nothing)]
    operands = map(backend.array, np.stack(pairs, axis=1))
    assert np.isnan(backend.values(function, *operands, reduction="none", **options)).all()


@pytest.mark.few(47, 53)
@EVERY
def test_samples_that_are_not_selected_have_no_part(backend, reduction, name):
    function, options = DIVERGENCES[name]
    rows = np.where(TOKENS[..., 0], expected_rows(name, STUDENT, TEACHER), 0)
    expected = {
        "none": rows,
        "sum": rows.sum(),
        "mean": rows.sum() / 3,
        "batchmean": rows.sum() / 2,
    }
    spoiled = [np.where(TOKENS, logits, math.nan) for logits in (STUDENT, TEACHER)]
    value = backend.call(
        lambda x, t, m: function(x, t, where=m, reduction=reduction, **options),
        *map(backend.array, spoiled),
        mask_on(backend, TOKENS),
    )
    assert_allclose(backend.read(value), expected[reduction], rtol=1e-12)


@pytest.mark.parametrize("kind", ["logits", "probabilities", "log_probabilities"])
def test_no_sample_selected_costs_nothing(backend, reduction, kind):
    spoiled = backend.array(np.full(SHAPE, math.nan))
    value = backend.call(
        lambda x, m: kl_div_with_logits(x, x, where=m, reduction=reduction, target_is=kind),
        spoiled,
        mask_on(backend, np.zeros((2, 3, 1))),
    )
    assert_array_equal(backend.read(value), np.zeros(np.shape(backend.read(value))))


@pytest.mark.parametrize("beta", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("words", [5, 15, 50])
def test_mixture_of_what_is_not_selected_costs_nothing(backend, dtype, words, beta):
    spoiled = backend.array(np.full((2, words), math.nan), dtype)
    value = backend.call(
        lambda x, m: js_div_with_logits(x, x, where=m, beta=beta, reduction="none"),
        spoiled,
        mask_on(backend, np.zeros((2, 1))),
    )
    # log(exp(-log 15)) is not -log 15.
    assert_array_equal(backend.read(value), [0, 0])
