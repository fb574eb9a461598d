"""Logarithms to another base than e: what is told of them gives the loss."""

import re

import numpy as np
import pytest
from checks.following_remedies import LOG_Q, P, kl
from words import value

from kldiv_xp import checking, diagnose, js_div, kl_div, kl_div_with_logits

BASES = {2: np.log2, 10: np.log10}


def told(operands, code, **options):
    """Message of the first finding about operands."""
    finding = diagnose(*operands, **options).findings[0]
    assert finding.code == code
    return finding.message


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("place", ["input", "target"])
def test_logarithms_to_another_base_are_multiplied(holding_backend, place, base):
    other = BASES[base]
    pair = {"input": LOG_Q, "target": np.log(P)} | {
        place: other(np.exp(LOG_Q) if place == "input" else P)
    }
    given = {name: holding_backend.array(one) for name, one in pair.items()}
    message = told(given.values(), "not-normalised", log_target=True)
    end = f": {base}**{place} does, so multiply it by log({base}), {place} * {np.log(base)!s}."
    assert message.endswith(end)
    mended = given | {place: value(re.search(r"\), (.*)\.$", message)[1], **given)}
    with checking():
        loss = kl_div(*mended.values(), log_target=True, reduction="sum")
    assert holding_backend.read(loss) == pytest.approx(kl(LOG_Q, P))


@pytest.mark.parametrize("base", BASES)
def test_target_of_logits_in_another_base_is_multiplied(base):
    message = told(
        (LOG_Q, BASES[base](P)), "not-normalised", input_is="logits", target_is="log_probabilities"
    )
    log_p = value(re.search(r"\), (.*)\.$", message)[1], target=BASES[base](P))
    loss = kl_div_with_logits(LOG_Q, log_p, target_is="log_probabilities", reduction="sum")
    assert loss == pytest.approx(kl(LOG_Q, P))


@pytest.mark.parametrize("base", BASES)
def test_probabilities_are_made_of_logarithms_to_another_base(base):
    target, q = BASES[base](P), BASES[base](np.exp(LOG_Q))
    end = f"pass probabilities, {base}**target, which adds up to 1."
    assert told((LOG_Q, target), "negative-target").endswith(end)
    p = value(f"{base}**target", target=target)
    assert kl_div(LOG_Q, p, reduction="sum") == pytest.approx(kl(LOG_Q, P))
    end = f": {base}**input adds up to 1, so pass {base}**input."
    assert told((q, P), "logits-as-input", log_input=False).endswith(end)
    q = value(f"{base}**input", input=q)
    assert kl_div(q, P, log_input=False, reduction="sum") == pytest.approx(kl(LOG_Q, P))
    assert js_div(q, P, log_input=False, beta=0.0, reduction="sum") == pytest.approx(kl(LOG_Q, P))


def test_samples_that_no_base_makes_distributions_are_told_as_before():
    assert told((LOG_Q - 1, P), "not-normalised").endswith(
        "take log_softmax of it, input - numpy.log(numpy.sum(numpy.exp(input), axis=1, "
        "keepdims=True))."
    )
