"""Axis of a distribution, its allowed values, and the factor of the result."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kldiv_xp import js_div_with_logits, kl_div_with_logits
from kldiv_xp.calls.with_logits import reduced_samples
from kldiv_xp.core.scale import Scale

RNG = np.random.default_rng(3)
BOTH = pytest.mark.parametrize("function", [kl_div_with_logits, js_div_with_logits])


@BOTH
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((3, 4), 0), ((3, 4), 1), ((3, 4), -2), ((2, 3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), -1),
     ((2, 3, 4, 5), 1), ((2, 3, 4, 5), 2), ((5,), 0)],
)  # fmt: skip
def test_any_axis_may_hold_the_distributions(function, shape, axis):
    student, teacher = RNG.normal(size=(2, *shape))
    found = function(student, teacher, axis=axis, reduction="none")
    last = [np.moveaxis(one, axis, -1) for one in (student, teacher)]
    assert_allclose(found, function(*last, reduction="none"), rtol=1e-14)


@BOTH
def test_distribution_over_nothing_is_refused_and_over_one_word_is_certain(function):
    with pytest.raises(ValueError, match="must have at least one logit along `axis`"):
        function(np.ones((2, 0)), np.ones((2, 0)))
    assert function(np.ones((2, 1)), np.zeros((2, 1))) == 0


@pytest.mark.parametrize(("scale", "parts"), [(1.0, 1), (4.0, 2), (2.0, 1), (3.0, 2)])
@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_samples_are_multiplied_by_the_scale_over_the_divisor(scale, parts, reduction):
    samples = np.asarray([1.0, 2.0])
    value = reduced_samples(np, samples, scale=Scale(scale, parts), reduction=reduction)
    expected = samples if reduction == "none" else samples.sum()
    assert_allclose(value, expected * scale / parts)


@BOTH
def test_divergences_are_scaled_by_default(function):
    student, teacher = RNG.normal(size=(2, 3, 4))
    plain = function(student, teacher, temperature=2.0, scale_by_temperature_squared=False)
    assert_allclose(function(student, teacher, temperature=2.0), 4 * plain)
