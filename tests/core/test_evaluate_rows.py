"""Derivatives of divergences by one expression, as libraries get them that differentiate."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate_rows import derivatives_of, plain_derivatives
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import JS, KL

INPUT, TARGET = (
    np.asarray([[0.5, -1.0, 2.0], [1.0, 0.0, -2.0]]),
    np.asarray([[1.0, 2, 0], [0, 1, 1]]),
)
UPSTREAM = np.asarray([[2.0], [-3.0]])
MASK = np.asarray([[True], [False]])


@pytest.mark.parametrize("mask", [(), (MASK,)], ids=["all", "masked"])
@pytest.mark.parametrize("divergence", [KL(2.0, "logits"), JS.of(1.0, 0.25)], ids=["KL", "JS"])
@pytest.mark.parametrize("wanted", [(True, True), (True, False), (False, True), (False, False)])
def test_derivatives_by_the_operands_that_are_wanted(mask, divergence, wanted):
    operands = examine(INPUT, TARGET)
    derivatives = plain_derivatives(operands, (INPUT, TARGET, *mask), divergence, UPSTREAM, wanted)
    for by_target, (derivative, want) in enumerate(zip(derivatives, wanted, strict=True)):
        expected = derivatives_of(
            divergence, Guard.FULL, bool(by_target), np, INPUT, TARGET, UPSTREAM, *mask
        )
        assert (derivative is not None) == want
        if want:
            assert_allclose(derivative, expected)
            assert derivative[0].any()
            assert derivative[1].any() != bool(mask)
