"""The remedy of every finding of a check gives the loss without one."""

import re
from functools import partial

import numpy as np
import pytest
from api.checked_tables import LOG_BOTH, LOG_Q, VALUE, P, Q

from kldiv_xp import (
    KLDivInputError,
    checking,
    diagnose,
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_with_logits,
)

BLURRED = np.asarray([[0.75, 0.75], [0.5, 0.25]])
DIVIDED = BLURRED / BLURRED.sum(axis=1, keepdims=True)
EVEN = np.log(np.full((2, 2), 0.5))
LOGITS = np.asarray([[3.0, 1.0], [-2.0, 0.5]])
LOG_SOFTMAX = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
MAPS = np.arange(1.0, 25).reshape(2, 3, 4) / np.asarray([78.0, 222.0]).reshape(2, 1, 1)
EVEN_MAPS = np.full((2, 3, 4), -np.log(12))
PADDED = np.asarray([[0.25, 0.75], [0.0, 0.0]])
FIRST = np.asarray([[True, True], [False, False]])
NOTHING = np.log(np.asarray([[0.25, 0.75], [1e-300, 1e-300]]))
NOTHING[1] = -np.inf


def total(log_q, p):
    """Sum of the terms; a term without a target is 0."""
    with np.errstate(all="ignore"):
        return np.sum(np.where(p > 0, p * (np.log(p) - log_q), 0.0))


# Code, operands and options that are wrong, the remedy, those that are right, and the sum.
REMEDIES = [
    ("swapped", (P, LOG_Q, {}), "pass the log-probabilities first.", (LOG_Q, P, {}), VALUE),
    (
        "probabilities-as-input", (Q, P, {}), "or log_input=False for probabilities.",
        (Q, P, {"log_input": False}), VALUE,
    ),
    (
        "probabilities-as-input", (Q, np.log(P), {"log_target": True}),
        "pass numpy.log(input) or log_softmax of the logits, or log_input=False for probabilities.",
        (LOG_Q, np.log(P), {"log_target": True}), VALUE,
    ),
    (
        "logits-as-input", (LOGITS, PADDED[[0, 0]], {}),
        "or take input - numpy.log(numpy.sum(numpy.exp(input), axis=1, keepdims=True)).",
        (LOG_SOFTMAX, PADDED[[0, 0]], {}), total(LOG_SOFTMAX, PADDED[[0, 0]]),
    ),
    (
        "logits-as-target", (EVEN, LOGITS, {"log_target": True}),
        "or take target - numpy.log(numpy.sum(numpy.exp(target), axis=1, keepdims=True)).",
        (EVEN, LOG_SOFTMAX, {"log_target": True}), total(EVEN, np.exp(LOG_SOFTMAX)),
    ),
    (
        "log-probabilities-as-target", (LOG_Q, np.log(P), {}), "pass log_target=True.",
        (LOG_Q, np.log(P), {"log_target": True}), VALUE,
    ),
    (
        "probabilities-as-log-target", (LOG_Q, P, {"log_target": True}), "leave log_target out.",
        (LOG_Q, P, {}), VALUE,
    ),
    (
        "not-normalised", (EVEN, BLURRED, {}),
        "divide it by its sum, target / target.sum(axis=1, keepdims=True).",
        (EVEN, DIVIDED, {}), total(EVEN, DIVIDED),
    ),
    (
        "not-normalised", (LOG_Q.T, P.T, {}),
        "pass axis=0, along which it does, or transpose the operands.",
        (LOG_Q.T, P.T, {"axis": 0}), VALUE,
    ),
    (
        "not-normalised", (EVEN_MAPS, MAPS, {}), "pass axis=(1, 2), along which it does.",
        (EVEN_MAPS, MAPS, {"axis": (1, 2)}), total(EVEN_MAPS, MAPS),
    ),
    (
        "empty-target", (EVEN, PADDED, {}), "leave padding out with where=.",
        (EVEN, PADDED, {"where": FIRST}), total(EVEN[:1], PADDED[:1]),
    ),
    (
        "empty-input", (NOTHING, PADDED, {}), "leave padding out with where=.",
        (NOTHING, PADDED, {"where": FIRST}), total(NOTHING[:1], PADDED[:1]),
    ),
    (
        "negative-target", (EVEN, np.asarray([[-0.5, 1.0], [0.5, 0.5]]), {}),
        "numpy.exp(target) / numpy.sum(numpy.exp(target), axis=1, keepdims=True).",
        (EVEN, np.exp([[-0.5, 1.0], [0.5, 0.5]]) / np.asarray([[np.exp(-0.5) + np.e],
         [2 * np.exp(0.5)]]), {}),
        total(EVEN[:1], np.exp([[-0.5, 1.0]]) / (np.exp(-0.5) + np.e)),
    ),
    (
        "nan-target", (LOG_BOTH, np.asarray([[0.5, 0.5], [np.nan, 1.0]]), {}),
        "or leave the sample out with where=.",
        (LOG_BOTH, np.asarray([[0.5, 0.5], [np.nan, 1.0]]), {"where": FIRST}), 0.0,
    ),
    (
        "infinite-target", (LOG_BOTH, np.asarray([[0.5, 0.5], [np.inf, 1.0]]), {}),
        "or leave the sample out with where=.",
        (LOG_BOTH, np.asarray([[0.5, 0.5], [np.inf, 1.0]]), {"where": FIRST}), 0.0,
    ),
    (
        "underflow", (np.log([[0.5, 0.5]]), np.asarray([[1.0, 1e-6]], "float16"), {}),
        "keep the target in float32, or pass its logarithm with log_target=True.",
        (np.log([[0.5, 0.5]]), np.log(np.asarray([[1.0, 1e-6]])), {"log_target": True}),
        np.log(2) + 1e-6 * np.log(2e-6),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "wrong", "remedy", "right", "value"), REMEDIES,
    ids=[f"{place}-{row[0]}" for place, row in enumerate(REMEDIES)],
)  # fmt: skip
def test_remedy_of_a_finding_gives_the_loss_without_one(code, wrong, remedy, right, value):
    *operands, options = wrong
    with checking(), pytest.raises(KLDivInputError) as caught:
        kl_div(*operands, reduction="sum", **options)
    finding = caught.value.report.findings[0]
    assert finding.code == code
    assert finding.message.endswith(remedy)
    *operands, options = right
    with checking():
        loss = kl_div(*operands, reduction="sum", **options)
    assert loss == pytest.approx(value, abs=1e-15)


def test_a_divergence_that_is_infinite_is_finite_as_the_mixture_that_is_told():
    """Left out by where=, the entry of an infinite divergence gave -0.35."""
    start = "`input` is -inf at (0, 0), where `target` is 0.5, and at 1 entry in "
    start += "all, which makes the loss infinite: give these entries some probability, or "
    with np.errstate(divide="ignore"):
        bare = np.log([[0.0, 1.0]])
    half = np.asarray([[0.5, 0.5]])
    for loss, options, remedy in (
        (kl_div, {}, "call js_div, which is finite there."),
        (kl_div, {"generalized": True}, "add a little to every entry of `input`."),
        (js_div, {"beta": 0.0}, "pass a beta between 0 and 1, of which the loss is finite."),
    ):
        with checking(), pytest.raises(KLDivInputError) as caught:
            loss(bare, half, reduction="sum", **options)
        assert caught.value.report.findings[0].message == start + remedy
    q, m = np.exp(bare), 0.5 * (np.exp(bare) + half)
    expected = 0.5 * (total(np.log(m), half) + total(np.log(m), q))
    with checking():
        assert js_div(bare, half, reduction="sum") == pytest.approx(expected)
    more = (q + 0.01) / (q + 0.01).sum()
    with checking():
        assert kl_div(np.log(more), half, reduction="sum") == pytest.approx(
            total(np.log(more), half)
        )


def test_logits_are_taken_by_the_loss_of_logits_that_the_remedy_names():
    for options, target_is, target in (
        ({}, "probabilities", PADDED[[0, 0]]),
        ({"log_target": True}, "log_probabilities", np.log(PADDED[[0, 0]])),
    ):
        report = diagnose(LOGITS, target, **options)
        call = f"kl_div_with_logits(input, target, axis=1, target_is={target_is!r})"
        assert f"so call {call}, or take" in report.findings[0].message
        with checking():
            loss = kl_div_with_logits(LOGITS, target, axis=1, target_is=target_is)
        assert loss == pytest.approx(total(LOG_SOFTMAX, PADDED[[0, 0]]) / 2)


TEACHER = np.asarray([[0.5, -1.5], [2.0, 0.75]])
LOG_TEACHER = TEACHER - np.log(np.exp(TEACHER).sum(axis=1, keepdims=True))
SPACES = {
    "logits": TEACHER,
    "log_probabilities": LOG_TEACHER,
    "probabilities": np.exp(LOG_TEACHER),
}
LOSSES = {"kl_div": kl_div, "js_div": js_div, "js_div of a share": partial(js_div, beta=0.25)}
CALL = r"so call (\w+\(.+?\)), or take"


@pytest.mark.parametrize("options", [{}, {"log_target": True}, {"log_input": False}])
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("loss", LOSSES)
def test_call_for_logits_is_told_by_what_the_target_holds(loss, space, options):
    """Two operands of logits were told to say that the target holds probabilities, which is NaN."""
    target = SPACES[space]
    with checking(), pytest.raises(KLDivInputError) as caught:
        LOSSES[loss](LOGITS, target, axis=-1, **options)
    told = [re.search(CALL, one.message) for one in caught.value.report.findings]
    calls = {one[1] for one in told if one is not None}
    assert caught.value.report.findings[0].code == "logits-as-input"
    (call,) = calls  # no two findings contradict each other
    both = {"kl_div_with_logits": kl_div_with_logits, "js_div_with_logits": js_div_with_logits}
    with checking():
        found = eval(call, both, {"input": LOGITS, "target": target})
        log_q = LOG_SOFTMAX
        right = LOSSES[loss](log_q, SPACES["probabilities"], axis=-1, reduction="batchmean")
    assert found == pytest.approx(right)
