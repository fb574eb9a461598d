"""The losses of logits are checked like the others; each remedy is followed, and is no mistake."""

import math
from functools import partial

import numpy as np
import pytest
from api.checked_logits import (
    INF,
    LOG_P,
    LOG_Q,
    ROWS,
    STUDENT,
    TEACHER,
    TO_LOG_P,
    TO_P,
    VOCABULARY,
    P,
    Q,
    changed,
    js_div,
    kl,
    kl_div,
    softmax,
)
from words import words

from kldiv_xp import KLDivInputError, checking

WITHOUT = softmax(changed(TEACHER, (VOCABULARY, -INF)))
CUT = changed(P, (VOCABULARY, 0))
CUT = CUT / CUT.sum(axis=1, keepdims=True)
LOG_CUT_Q = np.log(np.maximum(softmax(changed(STUDENT, (VOCABULARY, -INF))), 1e-300))
AGAIN = (STUDENT, P, TO_P)

# Code, loss, operands and options, the sentence, the operands and options that mend it, the value.
MISTAKES = [
    (
        "probabilities-as-input", kl_div, (Q, TEACHER, {}),
        f"`input` holds probabilities ({Q[0, 0]:.6g} at (0, 0)) where logits belong, whose softmax "
        "is taken: pass {log}.",
        (LOG_Q, TEACHER, {}), kl(LOG_Q, P),
    ),
    (
        "probabilities-as-target", kl_div, (STUDENT, P, {}),
        f"`target` holds probabilities ({P[0, 0]:.6g} at (0, 0)) where logits belong, whose "
        "softmax is taken: pass target_is='probabilities'.",
        AGAIN, kl(LOG_Q, P),
    ),
    (
        "probabilities-as-target", partial(js_div, beta=0.0), (STUDENT, P, {}),
        f"`target` holds probabilities ({P[0, 0]:.6g} at (0, 0)) where logits belong, whose "
        "softmax is taken: pass target_is='probabilities'.",
        AGAIN, kl(LOG_Q, P),
    ),
    (
        "not-normalised", kl_div, (STUDENT, 9 * P, TO_P),
        "`target` adds up to 9, not 1, at (0,) along axis 1, and is off in 4 of 4 samples: divide "
        "it by its sum, {normalised}.",
        AGAIN, kl(LOG_Q, P),
    ),
    (
        "not-normalised", kl_div, (STUDENT.T, P.T, TO_P),
        f"`target` adds up to {P[:, 0].sum():.6g}, not 1, at (0,) along axis 1, and is off in 5 of "
        "5 samples: pass axis=0, along which it does, or transpose the operands.",
        (STUDENT.T, P.T, TO_P | {"axis": 0}), kl(LOG_Q, P),
    ),
    (
        "not-normalised", kl_div, (STUDENT, LOG_P - 2, TO_LOG_P),
        "exp(target) adds up to 0.135335, not 1, at (0,) along axis 1, and is off in 4 of 4 "
        "samples: take log_softmax of it, {log_softmax}.",
        (STUDENT, LOG_P, TO_LOG_P), kl(LOG_Q, P),
    ),
    (
        "log-probabilities-as-target", kl_div, (STUDENT, LOG_P, TO_P),
        f"`target` holds log-probabilities ({LOG_P[0, 0]:.6g} at (0, 0)), but "
        "target_is='probabilities' says probabilities: pass target_is='log_probabilities'.",
        (STUDENT, LOG_P, TO_LOG_P), kl(LOG_Q, P),
    ),
    (
        "probabilities-as-log-target", kl_div, (STUDENT, P, TO_LOG_P),
        f"`target` holds probabilities ({P[0, 0]:.6g} at (0, 0)), but "
        "target_is='log_probabilities' says log-probabilities: pass target_is='probabilities'.",
        AGAIN, kl(LOG_Q, P),
    ),
    (
        "logits-as-target", kl_div, (STUDENT, changed(TEACHER, ((0, 0), 4.0)), TO_LOG_P),
        "`target` is 4 at (0, 0), and exp(target) adds up to "
        f"{math.exp(4) + np.exp(TEACHER[0, 1:]).sum():.6g} along axis 1, but "
        "target_is='log_probabilities': these look like raw logits, so pass target_is='logits'.",
        (STUDENT, changed(TEACHER, ((0, 0), 4.0)), {}),
        kl(LOG_Q, softmax(changed(TEACHER, ((0, 0), 4.0)))),
    ),
    (
        "logits-as-target", kl_div, (STUDENT, changed(TEACHER, ((0, 0), -4.0)), TO_P),
        f"`target` is -4 at (0, 0), and `target` adds up to {TEACHER[0, 1:].sum() - 4:.6g} along "
        "axis 1, but target_is='probabilities': these look like raw logits, so pass "
        "target_is='logits'.",
        (STUDENT, changed(TEACHER, ((0, 0), -4.0)), {}),
        kl(LOG_Q, softmax(changed(TEACHER, ((0, 0), -4.0)))),
    ),
    (
        "negative-target", kl_div, (STUDENT, changed(P, ((2, 1), -0.25)), TO_P),
        "`target` is -0.25 at (2, 1) and negative in 1 entry, which makes the loss NaN: pass "
        "probabilities, e.g. softmax of the logits, {softmax}.",
        (STUDENT, softmax(changed(P, ((2, 1), -0.25))), TO_P),
        kl(LOG_Q, softmax(changed(P, ((2, 1), -0.25)))),
    ),
    (
        "zero-support", kl_div, (changed(STUDENT, (VOCABULARY, -INF)), TEACHER, {}),
        "`input` is -inf at (0, 1), where target has a probability, and at 4 entries in all, which "
        "makes the loss infinite: give these entries some probability, or make them -inf in "
        "`target` as well.",
        (changed(STUDENT, (VOCABULARY, -INF)), changed(TEACHER, (VOCABULARY, -INF)), {}),
        kl(LOG_CUT_Q, WITHOUT),
    ),
    (
        "zero-support", kl_div, (changed(STUDENT, (VOCABULARY, -INF)), P, TO_P),
        f"`input` is -inf at (0, 1), where `target` is {P[0, 1]:.6g}, and at 4 "
        "entries in all, which makes the loss infinite: give these entries some probability, or "
        "make them 0 in `target` as well and divide it by its sum along axis 1.",
        (changed(STUDENT, (VOCABULARY, -INF)), CUT, TO_P), kl(LOG_CUT_Q, CUT),
    ),
    (
        "zero-support", partial(js_div, beta=1.0),
        (STUDENT, changed(TEACHER, (VOCABULARY, -INF)), {}),
        "`target` is -inf at (0, 1), where input has a probability, and at 4 entries in all, which "
        "makes the loss infinite: give these entries some probability, or make them -inf in "
        "`input` as well.",
        (changed(STUDENT, (VOCABULARY, -INF)), changed(TEACHER, (VOCABULARY, -INF)), {}),
        kl(np.log(np.maximum(WITHOUT, 1e-300)), np.exp(LOG_CUT_Q)),
    ),
]  # fmt: skip
# What a mask of samples leaves out: code, the place in the operands, what is there, the sentence.
SPECIAL = "`{operand}` is {value} at (1, 2) and at 1 entry in all, which makes the loss NaN: find "
SPECIAL += "out where it comes from, or leave the sample out with where=."
EMPTY = "`{operand}` holds nothing but {value} at (1,) along axis 1, and in 1 sample in all, so "
EMPTY += "there is no distribution: leave padding out with where=."
PADDING = [
    ("nan-input", "input", (1, 2), math.nan, {}, SPECIAL),
    ("nan-target", "target", (1, 2), math.nan, {}, SPECIAL),
    ("infinite-input", "input", (1, 2), INF, {}, SPECIAL),
    ("infinite-target", "target", (1, 2), INF, {}, SPECIAL),
    ("empty-input", "input", 1, -INF, {}, EMPTY),
    ("empty-target", "target", 1, -INF, {}, EMPTY),
    ("empty-target", "target", 1, -INF, TO_LOG_P, EMPTY),
    ("empty-target", "target", 1, 0, TO_P, EMPTY),
]


def found(loss, backend, operands, options):
    with checking(), pytest.raises(KLDivInputError) as caught:
        loss(*map(backend.array, operands), **options)
    return caught.value.report.findings


@pytest.mark.few(30)
@pytest.mark.parametrize(
    ("code", "loss", "wrong", "sentence", "right", "value"), MISTAKES,
    ids=[f"{place}-{row[0]}" for place, row in enumerate(MISTAKES)],
)  # fmt: skip
def test_mistake_is_raised_and_its_remedy_gives_the_loss(
    holding_backend, code, loss, wrong, sentence, right, value
):
    (finding,) = found(loss, holding_backend, wrong[:2], wrong[2])
    said = {
        word: words(holding_backend, word, finding.operand, axis=1)
        for word in ("log", "softmax", "log_softmax", "normalised")
    }
    assert finding.code == code
    assert finding.message == sentence.format(**said)
    with checking():
        mended = loss(*map(holding_backend.array, right[:2]), **right[2])
    assert holding_backend.read(mended) == pytest.approx(value)


@pytest.mark.few(31, 39)
@pytest.mark.only_where(lambda loss, options: loss is kl_div or not options)
@pytest.mark.parametrize("loss", [kl_div, js_div], ids=["kl", "js"])
@pytest.mark.parametrize(("code", "operand", "place", "value", "options", "sentence"), PADDING)
def test_padding_is_found_and_a_mask_of_samples_leaves_it_out(
    holding_backend, loss, code, operand, place, value, options, sentence
):
    target = {"probabilities": P, "log_probabilities": LOG_P}.get(options.get("target_is"), TEACHER)
    operands = {"input": STUDENT, "target": target}
    operands[operand] = changed(operands[operand], (place, value))
    first = found(loss, holding_backend, operands.values(), options)[0]
    assert first.code == code
    assert first.message == sentence.format(operand=operand, value=f"{value:g}")
    made = [holding_backend.array(one) for one in operands.values()]
    where = holding_backend.array(ROWS) != 0
    with checking():
        masked = loss(*made, where=where, reduction="sum", **options)
    rows = [holding_backend.array(one[ROWS[:, 0]]) for one in operands.values()]
    expected = holding_backend.read(loss(*rows, reduction="sum", **options))
    assert holding_backend.read(masked) == pytest.approx(float(expected))
