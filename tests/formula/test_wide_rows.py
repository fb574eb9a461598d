"""The one form of rows of few classes: right wherever it is finite, and hardly ever missing."""

import numpy as np
import pytest
from formula.test_far_rows import DIVERGENCES, PLACES, SIZES, TEMPERATURES, exact, rows

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)
from kldiv_xp.formula.logits import JS, KL

FUNCTIONS = {
    "KL": (kl_div_with_logits, kl_div_with_logits_gradient),
    "JS": (js_div_with_logits, js_div_with_logits_gradient),
}


def in_float64(divergence, place, operands):
    """Result of the first attempt for logits of float32 in float64."""
    (suits, form), *_ = divergence.wide_attempts(place)
    assert suits is None
    with np.errstate(all="ignore"):
        return form(np, *(one.astype("float64") for one in operands))


@pytest.mark.few(1, 3)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", DIVERGENCES)
def test_wide_form_has_every_digit_of_float32_wherever_it_is_finite(name, place):
    found = 0
    for temperature in TEMPERATURES:
        divergence = DIVERGENCES[name](temperature)
        for size, count in SIZES.items():
            operands = rows(size, count)
            result = in_float64(divergence, PLACES[place], operands)
            finite = np.isfinite(result).all(axis=1)
            right = exact(divergence, PLACES[place], *operands)[finite]
            error = np.linalg.norm(result[finite] - right, axis=1)
            assert np.all(error <= 4e-7 * np.linalg.norm(right, axis=1))
            found += finite.sum()
    assert found > 300


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", DIVERGENCES)
@pytest.mark.parametrize("noise", [1e-2, 1, 5])
def test_rows_that_differ_by_a_hundredth_need_no_other_form(name, place, noise):
    rng = np.random.default_rng(0)
    teacher = rng.normal(size=(200, 10)).astype("float32")
    student = (teacher + noise * rng.normal(size=teacher.shape)).astype("float32")
    result = in_float64(DIVERGENCES[name](1.0), PLACES[place], (student, teacher))
    assert np.isfinite(result).all()


@pytest.mark.parametrize("place", [None, 0, 1])
@pytest.mark.parametrize("divergence", [JS.of(1.0, 0.0), JS.of(1.0, 1.0)], ids=str)
def test_ends_of_beta_are_the_divergence_in_one_direction(divergence, place):
    student, teacher = rows(10, 50)
    one, other = (student, teacher) if divergence.beta == 0 else (teacher, student)
    side = place if place is None or divergence.beta == 0 else 1 - place
    found = in_float64(divergence, place, (student, teacher))
    expected = in_float64(KL(1.0, "logits"), side, (one, other))
    np.testing.assert_array_equal(found, expected)


def test_mixture_of_even_weights_is_symmetric_to_the_bit():
    student, teacher = rows(10, 300)
    divergence = JS.of(2.0, 0.5)
    for place, other in ((None, None), (0, 1)):
        first = in_float64(divergence, place, (student, teacher))
        np.testing.assert_array_equal(first, in_float64(divergence, other, (teacher, student)))


@pytest.mark.few(1, 7)
@pytest.mark.parametrize("fused", ["0", "1"], ids=["NumPy", "fused"])
@pytest.mark.parametrize("size", [2, 10, 127, 128, 200])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_loss_and_derivatives_of_any_size_of_rows_have_the_digits_of_float32(
    monkeypatch, name, size, fused
):
    monkeypatch.setenv("KLDIV_XP_FUSED", fused)
    loss, gradient = FUNCTIONS[name]
    operands = rows(size, 100)
    wide = [one.astype("float64") for one in operands]
    np.testing.assert_allclose(
        loss(*operands, reduction="none"), loss(*wide, reduction="none"), rtol=5e-6
    )
    found = gradient(*operands, reduction="none", return_value=True)
    expected = gradient(*wide, reduction="none", return_value=True)
    np.testing.assert_allclose(found[0], expected[0], rtol=5e-6)
    if fused == "0":
        np.testing.assert_array_equal(found[0], loss(*operands, reduction="none"))
    for one, other in zip(found[1:], expected[1:], strict=True):
        length = np.linalg.norm(other, axis=1)
        assert np.all(np.linalg.norm(one - other, axis=1) <= 2e-6 * length)
