"""The traced kernels of rows of logits are the plain expression."""

from dataclasses import replace

import numpy as np
import pytest
from cuda_on_cpu.both_ways import DEVICE, TYPES, operands, plain, tolerance
from numpy.testing import assert_allclose

from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate_rows import plain_derivatives, plain_rows
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import launch_plan
from kldiv_xp.formula.logits import JS, KL, JSOfGiven


@pytest.mark.slow
def test_jensen_shannon_divergence_from_a_given_target_is_that_of_the_plain_expression():
    logits, _ = operands((6, 33))
    target = np.random.default_rng(1).dirichlet(np.ones(33), 6)
    arrays, divergence = (logits, target), JSOfGiven(2.0, 0.3, "probabilities", scaled=True)
    found = launch_plan.divergences(DEVICE, examine(*arrays), arrays, divergence)
    assert_allclose(found, plain_rows(plain(*arrays), arrays, divergence), rtol=1e-12)
    options = divergence, Scale(3.0), (), (True, True)
    derivatives = launch_plan.row_derivatives(DEVICE, examine(*arrays), arrays, *options)
    above = np.full((6, 1), 3.0)
    expected = plain_derivatives(plain(*arrays), arrays, divergence, above, (True, True))
    for one, other in zip(derivatives, expected, strict=True):
        assert_allclose(one, other, rtol=1e-11, atol=1e-15)


DIVERGENCES = {
    "KL": KL(1.0, "logits"),
    "KL, T": KL(3.0, "logits"),
    "of p": KL(2.0, "probabilities"),
    "of log p": KL(2.0, "log_probabilities"),
    "JS": JS.of(1.0, 0.5),
    "JS, T": JS.of(3.0, 0.1),
    "reverse": JS.of(1.0, 1.0),
    "hot": KL(1e33, "logits", scaled=True),
    "cold": KL(1e-33, "logits", scaled=True),
    "hot JS": replace(JS.of(1e33, 0.5), scaled=True),
}


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("shape", [(5, 12), (3, 2, 1030), (70, 3), (2, 1), (1, 4099)], ids=str)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("divergence", DIVERGENCES.values(), ids=DIVERGENCES)
@TYPES
@pytest.mark.cases(4)
def test_rows_of_logits_are_those_of_the_plain_expression(type_, divergence, masked, shape):
    arrays = operands(shape, type_)
    rng = np.random.default_rng(9)
    upstream = rng.normal(size=(*shape[:-1], 1))
    if masked:
        arrays = (*arrays, rng.uniform(size=(*shape[:-1], 1)) < 0.5)
    whole, both = plain(*arrays[:2]), (True, True)
    upstream, bound = upstream.astype(whole.working), 30 * np.finfo(whole.working).eps
    rows = launch_plan.divergences(DEVICE, whole, arrays, divergence)
    expected = plain_rows(whole, arrays, divergence)
    assert rows.dtype == expected.dtype
    assert_allclose(rows, expected, rtol=bound, atol=bound)
    derivatives = launch_plan.row_derivatives(
        DEVICE, whole, arrays, divergence, Scale(0.5, 2), (upstream,), both
    )
    for derivative, other in zip(
        derivatives, plain_derivatives(whole, arrays, divergence, upstream / 4, both), strict=True
    ):
        assert derivative.dtype == other.dtype
        assert_allclose(derivative, other, rtol=bound + tolerance(type_), atol=bound)


def test_rows_of_logits_along_another_axis_are_not_copied():
    x, t = operands((4, 9, 5))
    arrays = np.moveaxis(x, 1, -1), np.moveaxis(t, 1, -1)
    found = launch_plan.divergences(DEVICE, plain(*arrays), arrays, KL(1.0, "logits"))
    assert_allclose(found, plain_rows(plain(*arrays), arrays, KL(1.0, "logits")), rtol=1e-13)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0, 4)])
def test_no_rows_of_logits_have_no_divergence(shape):
    arrays = np.ones(shape), np.ones(shape)
    whole, kl = plain(*arrays), KL(1.0, "logits")
    assert launch_plan.divergences(DEVICE, whole, arrays, kl).shape == shape[:-1]
    derivatives = launch_plan.row_derivatives(DEVICE, whole, arrays, kl, Scale(), (), (True, False))
    assert (derivatives[0].shape, derivatives[1]) == (shape, None)
