"""Each usual mistake is found in every library, with its place, its value and its remedy."""

import math

import numpy as np
import pytest
from diagnosis.distributions import LOG_P, LOG_Q, P, Q, changed, only
from words import words

from kldiv_xp import diagnose

# What is found: code, operands, options, where, value, count, and the sentence.
MISTAKES = [
    (
        "swapped",
        (P, LOG_Q),
        {},
        ((0, 0), P[0, 0], 30),
        f"`input` holds probabilities ({P[0, 0]:.6g} at (0, 0)) and `target` their logarithms, so "
        "the arguments seem to be swapped: pass the log-probabilities first.",
    ),
    (
        "probabilities-as-input",
        (Q, P),
        {},
        ((0, 0), Q[0, 0], 30),
        f"`input` holds probabilities ({Q[0, 0]:.6g} at (0, 0)) where their logarithms belong: "
        "pass {log} or log_softmax of the logits, or log_input=False for probabilities.",
    ),
    (
        "probabilities-as-input",
        (Q, LOG_P),
        {"log_target": True},
        ((0, 0), Q[0, 0], 30),
        f"`input` holds probabilities ({Q[0, 0]:.6g} at (0, 0)) where their logarithms belong: "
        "pass {log} or log_softmax of the logits, or log_input=False for probabilities.",
    ),
    (
        "logits-as-input",
        (changed(-np.ones((6, 5)), ((2, 3), 4.0)), P),
        {},
        ((2, 3), 4.0, 1),
        "`input` is 4 at (2, 3), which is no logarithm of a probability, and exp(input) adds up "
        "to 1.8394 along axis 1: these look like raw logits, so call "
        "kl_div_with_logits(input, target, axis=1, target_is='probabilities'), or take "
        "{log_softmax}.",
    ),
    (
        "logits-as-target",
        (LOG_Q, changed(LOG_P, ((5, 0), 3.0))),
        {"log_target": True},
        ((5, 0), 3.0, 1),
        "`target` is 3 at (5, 0), which is no logarithm of a probability, and exp(target) adds "
        f"up to {math.exp(3) + 1 - P[5, 0]:.6g} along axis 1: these look like raw logits, so "
        "call kl_div_with_logits(input, target, axis=1, target_is='logits'), or take "
        "{log_softmax}.",
    ),
    (
        "log-probabilities-as-target",
        (LOG_Q, LOG_P),
        {},
        ((0, 0), LOG_P[0, 0], 30),
        f"`target` holds log-probabilities ({LOG_P[0, 0]:.6g} at (0, 0)), but log_target=False "
        "says probabilities: pass log_target=True.",
    ),
    (
        "log-probabilities-as-input",
        (LOG_Q, P),
        {"log_input": False},
        ((0, 0), LOG_Q[0, 0], 30),
        f"`input` holds log-probabilities ({LOG_Q[0, 0]:.6g} at (0, 0)), but log_input=False says "
        "probabilities: leave log_input out.",
    ),
    (
        "swapped",
        (LOG_P, Q),
        {"log_input": False, "log_target": True},
        ((0, 0), LOG_P[0, 0], 30),
        f"`input` holds log-probabilities ({LOG_P[0, 0]:.6g} at (0, 0)) and `target` "
        "probabilities, so the arguments seem to be swapped: pass the probabilities first.",
    ),
    (
        "logits-as-input",
        (changed(Q, ((2, 3), -4.0), ((2, 0), 0.5), ((2, 1), 0.5), ((2, 2), 0.5), ((2, 4), 0.5)), P),
        {"log_input": False},
        ((2, 3), -4.0, 1),
        "`input` is -4 at (2, 3), which is no probability, and `input` adds up to -2 along axis 1: "
        "these look like raw logits, so call "
        "kl_div_with_logits(input, target, axis=1, target_is='probabilities'), or take {softmax}.",
    ),
    (
        "not-normalised",
        (changed(Q, ((1, 1), Q[1, 1] + 1)), P),
        {"log_input": False},
        ((1,), 2.0, 1),
        "`input` adds up to 2, not 1, at (1,) along axis 1, and is off in 1 of 6 samples: divide "
        "it by its sum, {normalised}.",
    ),
    (
        "zero-support",
        (
            changed(Q, ((3, 2), 0.0), ((3, 0), Q[3, 0] + Q[3, 2])),
            P,
        ),
        {"log_input": False},
        ((3, 2), P[3, 2], 1),
        f"`input` is 0 at (3, 2), where `target` is {P[3, 2]:.6g}, and at 1 entry "
        "in all, which makes the loss infinite: give these entries some probability, or call "
        "js_div, which is finite there.",
    ),
    (
        "probabilities-as-log-target",
        (LOG_Q, P),
        {"log_target": True},
        ((0, 0), P[0, 0], 30),
        f"`target` holds probabilities ({P[0, 0]:.6g} at (0, 0)), but log_target=True says "
        "log-probabilities: leave log_target out.",
    ),
    (
        "not-normalised",
        (changed(LOG_Q, (4, LOG_Q[4] - 1)), P),
        {},
        ((4,), math.exp(-1), 1),
        "exp(input) adds up to 0.367879, not 1, at (4,) along axis 1, and is off in 1 of 6 "
        "samples: take log_softmax of it, {log_softmax}.",
    ),
    (
        "not-normalised",
        (LOG_Q, 3 * P),
        {},
        ((0,), 3.0, 6),
        "`target` adds up to 3, not 1, at (0,) along axis 1, and is off in 6 of 6 samples: divide "
        "it by its sum, {normalised}.",
    ),
    (
        "not-normalised",
        (LOG_Q, LOG_P - 2),
        {"log_target": True},
        ((0,), math.exp(-2), 6),
        "exp(target) adds up to 0.135335, not 1, at (0,) along axis 1, and is off in 6 of 6 "
        "samples: take log_softmax of it, {log_softmax}.",
    ),
    (
        "negative-input",
        (changed(Q, ((1, 2), -0.25), ((1, 0), Q[1, 0] + Q[1, 2] + 0.25)), P),
        {"log_input": False},
        ((1, 2), -0.25, 1),
        "`input` is -0.25 at (1, 2) and negative in 1 entry, which makes the loss NaN: pass "
        "probabilities, e.g. softmax of the logits, {softmax}.",
    ),
    (
        "negative-target",
        (LOG_Q, changed(P, ((1, 2), -0.25), ((3, 0), -0.5))),
        {},
        ((1, 2), -0.25, 2),
        "`target` is -0.25 at (1, 2) and negative in 2 entries, which makes the loss NaN: pass "
        "probabilities, e.g. softmax of the logits, {softmax}.",
    ),
    (
        "nan-input",
        (changed(LOG_Q, ((2, 1), np.nan)), P),
        {},
        ((2, 1), math.nan, 1),
        "`input` is nan at (2, 1) and at 1 entry in all, which makes the loss NaN: find out where "
        "it comes from, or leave the sample out with where=.",
    ),
    (
        "nan-target",
        (LOG_Q, changed(P, ((2, 1), np.nan), ((5, 4), np.nan))),
        {},
        ((2, 1), math.nan, 2),
        "`target` is nan at (2, 1) and at 2 entries in all, which makes the loss NaN: find out "
        "where it comes from, or leave the sample out with where=.",
    ),
]


@pytest.mark.few(63, 32)
@pytest.mark.parametrize(("code", "operands", "options", "expected", "sentence"), MISTAKES)
def test_mistake_is_found(holding_backend, code, operands, options, expected, sentence):
    report = diagnose(*map(holding_backend.array, operands), **options)
    finding = only(report)
    where, value, count = expected
    assert (finding.code, finding.index, finding.count) == (code, where, count)
    assert finding.value == pytest.approx(value, rel=1e-6, nan_ok=True)
    named = {
        word: words(holding_backend, word, finding.operand, axis=1)
        for word in ("log", "softmax", "log_softmax", "normalised")
    }
    assert str(finding) == finding.message == sentence.format(**named)
    assert report
