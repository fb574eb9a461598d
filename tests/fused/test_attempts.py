"""Rows of logits by two loops: each by the one that is enough, whatever its neighbours are."""

import numpy as np
import pytest
from array_libraries import library

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)
from kldiv_xp.fused.choice import FUSED_VARIABLE

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from kldiv_xp.fused.attempts import runs_of_rows

CLASSES = 1500
OPTIONS = [{}, {"temperature": 2.0}, {"temperature": 1e4, "scale_by_temperature_squared": True}]


def rows(dtype="float32"):
    """Rows that differ, that nearly agree, that agree, and that hold infinities or NaN."""
    random = np.random.default_rng(24)
    teacher = 3 * random.normal(size=(10, CLASSES))
    noise = np.asarray([2, 1e-3, 1, 0, 1, 0.3, 1, 1, 1e-4, 2])[:, np.newaxis]
    student = teacher + noise * random.normal(size=teacher.shape)
    student[4, ::3] = teacher[4, ::3] = -np.inf
    student[6, 5] = -np.inf
    teacher[7, 9] = np.nan
    return student.astype(dtype), teacher.astype(dtype)


@pytest.fixture(params=["0", "1"], ids=["plain", "loops"])
def engine(request, monkeypatch):
    """With the loops, and without."""
    monkeypatch.setenv(FUSED_VARIABLE, request.param)
    return request.param


def by_both(monkeypatch, function, *operands, **options):
    """Results without the loops and with them."""
    found = []
    for setting in "01":
        monkeypatch.setenv(FUSED_VARIABLE, setting)
        found.append(np.asarray(function(*operands, **options)))
    return found


@pytest.mark.few(1, 11)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_are_those_of_the_plain_expression(monkeypatch, loss, dtype, options):
    plain, fused = by_both(monkeypatch, loss, *rows(dtype), reduction="none", **options)
    np.testing.assert_allclose(fused, plain, rtol=1e-5 if dtype == "float32" else 1e-12)
    assert fused[3] == 0
    assert np.isinf(fused[6]) == (loss is kl_div_with_logits)


GRADIENTS = [kl_div_with_logits_gradient, js_div_with_logits_gradient]


@pytest.mark.few(1, 5)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("gradient", GRADIENTS)
def test_derivatives_are_those_of_the_plain_expression(monkeypatch, gradient, options):
    plain, fused = by_both(monkeypatch, gradient, *rows(), reduction="sum", **options)
    for row in set(range(10)) - {6, 7}:
        largest = np.abs(plain[:, row]).max(axis=1, keepdims=True)
        error = np.abs(fused[:, row] - plain[:, row])
        assert np.all(error <= 1e-5 * largest)
    np.testing.assert_array_equal(np.isnan(fused), np.isnan(plain))


BETAS = [{}, {"beta": 0.5}, {"beta": 0.3}, {"beta": 0.9}, {"beta": 0.06}]


@pytest.mark.few(1, 89)
@pytest.mark.parametrize("options", BETAS, ids=str)
@pytest.mark.parametrize("spread", [1, 3, 12])
@pytest.mark.parametrize("noise", [1e-6, 1e-3, 0.1, 0.5, 3, 10])
def test_derivatives_of_float32_are_right_to_a_millionth(monkeypatch, noise, spread, options):
    """Root mean square of the errors of a row, relative to that of its derivatives in float64."""
    random = np.random.default_rng(25)
    teacher = (spread * random.normal(size=(12, 1100))).astype("float32")
    student = (teacher + noise * random.normal(size=teacher.shape)).astype("float32")
    assert largest_error(monkeypatch, student, teacher, options) <= 1e-6


def largest_error(monkeypatch, student, teacher, options):
    """Of the derivatives of a row, relative to their length."""
    gradient = js_div_with_logits_gradient if options else kl_div_with_logits_gradient
    found = []
    for setting, dtype in (("1", "float32"), ("0", "float64")):
        monkeypatch.setenv(FUSED_VARIABLE, setting)
        operands = student.astype(dtype), teacher.astype(dtype)
        found.append(np.asarray(gradient(*operands, reduction="sum", **options), dtype="float64"))
    fused, exact = found
    return np.max(np.linalg.norm(fused - exact, axis=-1) / np.linalg.norm(exact, axis=-1))


@pytest.mark.parametrize("options", BETAS, ids=str)
@pytest.mark.parametrize("classes", [50, 1000, 32000])
def test_small_terms_beside_a_large_one_are_not_rounded_one_by_one(monkeypatch, classes, options):
    """Rows of equal logits but for one: each of the others rounds alike in a sum with it."""
    teacher = np.zeros((6, classes), dtype="float32")
    student = teacher.copy()
    student[:, 0] = [0.01, 1, -5, 12, 20, 30]
    assert largest_error(monkeypatch, student, teacher, options) <= 7e-7


@pytest.mark.few(0, 3)
@pytest.mark.parametrize("options", [*BETAS, {"beta": 0.0}, {"beta": 1.0}], ids=str)
def test_values_of_float32_beside_their_derivatives_are_right_to_five_millionths(
    monkeypatch, options
):
    random = np.random.default_rng(26)
    gradient = js_div_with_logits_gradient if options else kl_div_with_logits_gradient
    for spread in (1, 3, 12):
        teacher = (spread * random.normal(size=(6, 12, 1100))).astype("float32")
        noise = np.asarray([1e-6, 1e-3, 0.1, 0.5, 3, 10])[:, np.newaxis, np.newaxis]
        student = (teacher + noise * random.normal(size=teacher.shape)).astype("float32")
        found = []
        for setting, dtype in (("1", "float32"), ("0", "float64")):
            monkeypatch.setenv(FUSED_VARIABLE, setting)
            operands = student.astype(dtype), teacher.astype(dtype)
            value, *_ = gradient(*operands, reduction="none", return_value=True, **options)
            found.append(value.astype("float64"))
        np.testing.assert_allclose(*found, rtol=5e-6, atol=1e-19)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("gradient", GRADIENTS)
def test_a_row_has_the_same_bits_among_any_others(gradient):
    student, teacher = rows()
    together = gradient(student, teacher, reduction="sum")
    for row in range(10):
        alone = gradient(student[row : row + 1], teacher[row : row + 1], reduction="sum")
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one[0], other[row])


@pytest.mark.few(0, 4)
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])
def test_16_bits_are_those_of_the_same_numbers_in_float32(monkeypatch, loss, dtype):
    torch = library("torch")
    monkeypatch.setenv(FUSED_VARIABLE, "1")
    student, teacher = (torch.tensor(one).to(getattr(torch, dtype)) for one in rows())
    found = []
    for widened in (False, True):
        x, t = (one.float() if widened else one for one in (student, teacher))
        leaf = x.clone().requires_grad_()
        loss(leaf.reshape(2, 5, -1), t.reshape(2, 5, -1), reduction="none")[0].sum().backward()
        found.append(leaf.grad.float())
    torch.testing.assert_close(*found, rtol=1e-2, atol=1e-6, equal_nan=True)


def test_runs_are_those_of_the_rows_that_are_chosen():
    chosen = np.asarray([True, True, False, True, False, False, True])
    assert runs_of_rows(10, chosen) == [(10, 12), (13, 14), (16, 17)]
    assert runs_of_rows(10, ~chosen) == [(12, 13), (14, 16)]
    assert runs_of_rows(5, chosen[:2]) == [(5, 7)]
    assert runs_of_rows(0, chosen[2:3]) == []
