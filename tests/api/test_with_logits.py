"""Divergences from logits: values, reductions, axes, targets of each kind, 16-bit logits."""

import math

import numpy as np
import pytest
from api.logits import DIVERGENCES, EVERY, RNG, STUDENT, TEACHER, expected_rows, kl, log_softmax
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits


@pytest.mark.few(48, 27)
@EVERY
@pytest.mark.parametrize("temperature", [1.0, 0.5, 4])
def test_divergence_of_softmax_distributions(backend, name, temperature):
    function, options = DIVERGENCES[name]
    operands = backend.array(STUDENT), backend.array(TEACHER)
    rows = backend.values(
        function,
        *operands,
        temperature=temperature,
        reduction="none",
        scale_by_temperature_squared=True,
        **options,
    )
    expected = expected_rows(name, STUDENT, TEACHER, temperature) * temperature**2
    assert_allclose(rows, expected, rtol=1e-12)


@pytest.mark.few(3, 104)
@EVERY
def test_reductions_are_those_of_samples(backend, reduction, name):
    function, options = DIVERGENCES[name]
    rows = expected_rows(name, STUDENT, TEACHER)
    expected = {"none": rows, "sum": rows.sum(), "mean": rows.mean(), "batchmean": rows.sum() / 2}
    operands = backend.array(STUDENT), backend.array(TEACHER)
    value = backend.values(function, *operands, reduction=reduction, **options)
    assert_allclose(value, expected[reduction], rtol=1e-12)


@EVERY
def test_axis_of_a_distribution_may_be_any(backend, name):
    function, options = DIVERGENCES[name]
    turned = [backend.array(np.moveaxis(logits, -1, 0)) for logits in (STUDENT, TEACHER)]
    rows = backend.values(function, *turned, axis=0, reduction="none", **options)
    assert_allclose(rows, expected_rows(name, STUDENT, TEACHER), rtol=1e-12)


def test_without_the_factor_the_temperature_only_softens(backend):
    operands = backend.array(STUDENT), backend.array(TEACHER)
    value = backend.values(
        kl_div_with_logits, *operands, temperature=3.0, scale_by_temperature_squared=False
    )
    assert_allclose(value, expected_rows("kl", STUDENT, TEACHER, 3).sum() / 2, rtol=1e-12)


@pytest.mark.parametrize("kind", ["probabilities", "log_probabilities"])
def test_target_may_be_a_distribution_which_the_temperature_leaves_alone(backend, kind):
    log_p = log_softmax(TEACHER)
    target = np.exp(log_p) if kind == "probabilities" else log_p
    operands = backend.array(STUDENT), backend.array(target)
    value = backend.values(
        kl_div_with_logits, *operands, target_is=kind, temperature=2.0, reduction="none"
    )
    assert_allclose(value, 4 * kl(log_p, log_softmax(STUDENT / 2)), rtol=1e-12)


@pytest.mark.parametrize("kind", ["logits", "probabilities", "log_probabilities"])
def test_a_single_distribution_needs_no_other_axis(backend, kind):
    log_p, log_q = log_softmax(TEACHER[0, 0] / 0.5), log_softmax(STUDENT[0, 0] / 0.5)
    target = {"logits": TEACHER[0, 0], "probabilities": np.exp(log_p)}.get(kind, log_p)
    operands = backend.array(STUDENT[0, 0]), backend.array(target)
    value = backend.call(
        kl_div_with_logits, *operands, target_is=kind, temperature=0.5, reduction="none"
    )
    assert tuple(value.shape) == ()
    assert_allclose(backend.read(value), kl(log_p, log_q) / 4, rtol=1e-12)


@EVERY
@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("temperature", [0.5, 1.0, 8.0])
def test_logits_as_large_as_half_precision_can_be(backend, name, dtype, temperature):
    function, options = DIVERGENCES[name]
    largest = 65504.0 if dtype == "float16" else 3.3895313892515355e38
    logits = backend.array([[largest, largest, -largest], [0, 0, 0]], dtype)
    other = backend.array([[largest, 0, 0], [0, 0, 0]], dtype)
    same = backend.call(function, logits, logits, temperature=temperature, **options)
    assert backend.read(same) == 0
    assert same.dtype == logits.dtype
    rows = backend.values(
        function,
        *((logits, other) if name != "reverse" else (other, logits)),
        temperature=temperature,
        reduction="none",
        scale_by_temperature_squared=False,
        **options,
    )
    expected = {"kl": math.log(2), "forward": math.log(2), "reverse": math.log(2)}
    if name in expected:
        assert_allclose(rows, [expected[name], 0], rtol=1e-2)
    assert np.isfinite(rows).all()


def test_jensen_shannon_is_symmetric_and_at_most_log_2(backend):
    far = np.asarray([[0.0, -1e4], [3.0, 1.0]])
    for student, teacher in [(STUDENT, TEACHER), (far, far[:, ::-1])]:
        there, back = map(
            backend.read,
            backend.call(
                lambda x, t: [
                    js_div_with_logits(*pair, reduction="none") for pair in ((x, t), (t, x))
                ],
                *(backend.array(student), backend.array(np.ascontiguousarray(teacher))),
            ),
        )
        assert_allclose(there, back, rtol=1e-13)
        assert (there >= 0).all()
        assert (there <= math.log(2) * (1 + 1e-15)).all()


def test_ends_of_beta_are_limits_over_the_weight_that_vanishes():
    small = 1e-7
    for beta, weight, end in [(small, small, 0), (1 - small, small, 1)]:
        near = js_div_with_logits(STUDENT, TEACHER, beta=beta) / weight
        assert_allclose(near, js_div_with_logits(STUDENT, TEACHER, beta=end), rtol=1e-5)


@EVERY
def test_divergence_is_zero_of_equal_and_positive_of_other_distributions(backend, name):
    function, options = DIVERGENCES[name]
    logits, other = backend.array(STUDENT), backend.array(TEACHER)
    assert abs(backend.values(function, logits, logits, **options)) <= 1e-15
    assert (backend.values(function, logits, other, reduction="none", **options) > 0).all()


@EVERY
def test_blocks_of_rows_change_nothing(monkeypatch, name):
    from kldiv_xp import thread_limit
    from kldiv_xp.host import blocks

    function, options = DIVERGENCES[name]
    student, teacher = RNG.normal(size=(2, 40, 7))
    student[::3, 2] = teacher[::3, 2] = -math.inf
    whole = function(student, teacher, reduction="none", **options)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 8 * 16)
    for threads in (1, 3):
        with thread_limit(threads):
            assert_array_equal(function(student, teacher, reduction="none", **options), whole)


@pytest.mark.slow
def test_dask_stays_lazy_and_puts_a_row_together_from_its_chunks():
    usable("dask")
    da = library("dask.array")
    for chunks in [(1, 3, 5), (2, 2, 2), (1, 1, 1)]:
        operands = [da.from_array(a, chunks=chunks) for a in (STUDENT, TEACHER)]
        rows = kl_div_with_logits(*operands, reduction="none")
        assert isinstance(rows, da.Array)
        assert_allclose(rows, expected_rows("kl", STUDENT, TEACHER), rtol=1e-12)


def test_it_is_kl_div_of_log_softmax(backend):
    operands = backend.array(STUDENT), backend.array(TEACHER)
    logs = backend.array(log_softmax(STUDENT)), backend.array(log_softmax(TEACHER))
    expected = backend.values(kl_div, *logs, reduction="batchmean", log_target=True)
    assert_allclose(backend.values(kl_div_with_logits, *operands), expected, rtol=1e-12)
