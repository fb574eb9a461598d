"""Masks that select nothing, and distributions of one entry, are found in every library."""

import numpy as np
import pytest
from diagnosis.distributions import LOG_P, LOG_Q
from words import value

from kldiv_xp import KLDivInputError, checking, diagnose, kl_div, kl_div_with_logits

NOTHING = (
    "`where` selects nothing, so that the loss is 0 whatever the operands hold: pass a mask that "
    "is True at what has a part in the loss, such as ~where if it is True at padding."
)
LOGITS = np.asarray([[[0.5], [-1.5], [2.0]]])
OF_TEACHER = np.asarray([[[-0.25], [0.75], [1.0]]])
Q, P = 1 / (1 + np.exp(-LOGITS)), 1 / (1 + np.exp(-OF_TEACHER))
BERNOULLI = np.mean(P * np.log(P / Q) + (1 - P) * np.log((1 - P) / (1 - Q)))
# Options and operands.
BINARY = [
    ({"input_is": "logits"}, (LOGITS, OF_TEACHER)),
    ({"input_is": "logits", "target_is": "probabilities"}, (LOGITS, P)),
    ({}, (np.log(Q), P)),
    ({"log_input": False}, (Q, P)),
    ({"log_target": True}, (np.log(Q), np.log(P))),
]


def loss_of(options, operands):
    if "input_is" in options:
        kind = options.get("target_is", "logits")
        return kl_div_with_logits(*operands, target_is=kind, reduction="mean")
    return kl_div(*operands, axis=-1, **options)


@pytest.mark.parametrize(("options", "operands"), BINARY)
def test_one_entry_for_two_classes_is_found_and_both_of_them_give_the_loss(
    backend, options, operands
):
    given = dict(zip(("input", "target"), map(backend.array, operands), strict=True))
    (found,) = diagnose(*given.values(), **options).findings
    is_logits = "input_is" in options
    start = "`input` has a single entry along axis 2, " + (
        "whose softmax is 1, so that the loss does not depend on it: if it is the logit of the "
        "second of two classes, pass "
        if is_logits
        else "which is not 1: if it is the probability of the second of two classes, pass "
    )
    assert found.code == "single-entry"
    assert str(found).startswith(start)
    codes = str(found).removeprefix(start).removesuffix(".").split(" and ")
    both = [value(code, **given) for code in codes]
    assert not diagnose(*both, **options)
    loss = backend.read(loss_of(options, both))
    np.testing.assert_allclose(loss, BERNOULLI, rtol=1e-6)


def test_a_single_entry_that_is_one_or_adds_up_elsewhere_is_meant(backend):
    ones = backend.array(np.ones((3, 1)))
    assert not diagnose(ones, ones, log_input=False)
    column = backend.array(np.asarray([[0.25], [0.5], [0.25]]))
    found = diagnose(column, column, log_input=False).findings
    assert {one.code for one in found} == {"not-normalised"}
    assert not diagnose(column, column, log_input=False, axis=0)
    assert not diagnose(column, column, log_input=False, generalized=True)


@pytest.mark.parametrize("options", [{}, {"axis": -1}, {"input_is": "logits"}])
def test_a_mask_that_selects_nothing_is_found(backend, options):
    operands = (
        backend.array(LOG_Q),
        backend.array(LOG_P if "input_is" in options else np.exp(LOG_P)),
    )
    shape = LOG_Q.shape[:1] if options else LOG_Q.shape
    nothing = backend.array(np.zeros(shape, dtype=bool), "bool")
    report = diagnose(*operands, where=nothing, **options)
    assert [(one.code, str(one)) for one in report.findings] == [("nothing-selected", NOTHING)]
    assert report.selected == 0
    assert str(report).endswith(NOTHING)
    one = np.zeros(shape, dtype=bool)
    one[-1] = True
    assert not diagnose(*operands, where=backend.array(one, "bool"), **options)


def test_checking_raises_what_is_found():
    with checking():
        with pytest.raises(KLDivInputError, match="has a single entry along axis 2"):
            kl_div_with_logits(LOGITS, OF_TEACHER)
        with pytest.raises(KLDivInputError, match="`where` selects nothing"):
            kl_div_with_logits(LOG_Q, LOG_P, where=np.zeros(6, dtype=bool))
