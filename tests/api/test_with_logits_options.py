"""Divergences from logits: options and shapes that are refused, each in one sentence."""

import math

import numpy as np
import pytest
from api.logits import SHAPE, STUDENT, TEACHER

from kldiv_xp import js_div_with_logits, kl_div_with_logits

WRONG = [
    (
        {"temperature": 0},
        ValueError,
        "`temperature` must be a positive finite real number (no bool) or a 0-d array of one in "
        "the library of `input`; got 0: pass temperature=1.0, which leaves the logits as they are.",
    ),
    (
        {"temperature": math.nan},
        ValueError,
        "`temperature` must be a positive finite real number (no bool) or a 0-d array of one in "
        "the library of `input`; got nan: pass temperature=1.0, "
        "which leaves the logits as they are.",
    ),
    (
        {"temperature": "2"},
        TypeError,
        "`temperature` must be a positive finite real number (no bool) or a 0-d array of one in "
        "the library of `input`; got '2': pass temperature=2.0.",
    ),
    (
        {"target_is": "logit"},
        ValueError,
        "`target_is` must be one of 'logits', 'probabilities', 'log_probabilities'; got "
        "'logit': did you mean 'logits'?",
    ),
    (
        {"reduction": "avg"},
        ValueError,
        "`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got "
        "'avg': did you mean 'mean'?",
    ),
    (
        {"axis": 3},
        ValueError,
        "`axis` must name axes of the operands, which have 3; got 3: count them from 0, or from "
        "-1 at the end.",
    ),
    (
        {"axis": (0, 1)},
        TypeError,
        "`axis` must be an int, the axis of one distribution; got (0, 1): reshape the "
        "operands so that "
        "these axes are one, and pass that.",
    ),
    (
        {"scale_by_temperature_squared": 1},
        TypeError,
        "`scale_by_temperature_squared` must be True or False; got 1: pass bool(...) of it.",
    ),
]


@pytest.mark.parametrize(("options", "kind", "sentence"), WRONG)
def test_wrong_options_are_told_in_a_sentence(backend, options, kind, sentence):
    operand = backend.array(STUDENT)
    with pytest.raises(kind) as caught:
        kl_div_with_logits(operand, operand, **options)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("beta", "kind"), [(-0.1, ValueError), (1.5, ValueError), ("x", TypeError)]
)
def test_beta_must_lie_between_0_and_1(beta, kind):
    with pytest.raises(kind) as caught:
        js_div_with_logits(STUDENT, TEACHER, beta=beta)
    assert str(caught.value) == (
        "`beta` must be a real number from 0 to 1 (no bool) or a 0-d array of one in the library "
        f"of `input`; got {beta!r}: pass beta=0.5, the Jensen-Shannon divergence."
    )


def test_mask_must_be_one_of_samples():
    mask = np.ones(SHAPE, dtype=bool)
    with pytest.raises(ValueError, match="where") as caught:
        kl_div_with_logits(STUDENT, TEACHER, where=mask)
    assert str(caught.value) == (
        "`where` must have the shape (2, 3, 1) or (2, 3); got (2, 3, 5): if it is the same "
        "along axis 2 pass where[:, :, :1]; to leave out single entries, make their logits -inf in "
        "both operands, e.g. numpy.where(where, input, -numpy.inf)."
    )


def test_scalars_have_no_distribution():
    with pytest.raises(ValueError, match="which have 0"):
        kl_div_with_logits(np.asarray(1.0), np.asarray(1.0))


@pytest.mark.parametrize("function", [kl_div_with_logits, js_div_with_logits])
def test_temperature_whose_square_overflows_is_refused_in_one_sentence(function):
    with pytest.raises(ValueError, match="finite square") as caught:
        function(STUDENT, TEACHER, temperature=1e200, scale_by_temperature_squared=True)
    assert str(caught.value) == (
        "`temperature` must have a finite square; got 1e+200: pass "
        "scale_by_temperature_squared=False."
    )
    value = function(STUDENT, TEACHER, temperature=1e200, scale_by_temperature_squared=False)
    assert value == 0
