"""Remedies for options of other libraries lead to the right number when they are followed."""

import numpy as np
import pytest
from checks.every_function import operands_of
from checks.test_other_names import told_for

import kldiv_xp


@pytest.mark.parametrize("name", ["alpha", "loss_weight", "base", "num_items_in_batch"])
def test_a_factor_of_the_loss_is_the_upstream_of_a_gradient(name):
    operands, factor = operands_of("kl_div_with_logits_gradient"), {"base": 1 / np.log(2)}
    remedy = {
        "base": "leave it out, and pass upstream=1 / log(base): the loss is in nats",
        "num_items_in_batch": "pass reduction='sum' and upstream=1 / 2",
    }.get(name, "leave it out, and pass upstream=2")
    assert told_for("kl_div_with_logits_gradient", name).partition(";")[0] == remedy
    number = factor.get(name, 0.5 if name == "num_items_in_batch" else 2)
    plain, followed = (
        kldiv_xp.kl_div_with_logits_gradient(*operands, reduction="sum", **how)
        for how in ({}, {"upstream": number})
    )
    for one, other in zip(plain, followed, strict=True):
        np.testing.assert_allclose(other, one * number, rtol=1e-12)


def kl_of(q, p):
    """Mean divergence of rows of probabilities."""
    return np.sum(p * (np.log(p) - np.log(q))) / len(p)


def test_probabilities_of_losses_of_logits_are_told_so_that_the_number_is_right():
    q, p = np.asarray([[0.2, 0.3, 0.5]]), np.asarray([[0.6, 0.3, 0.1]])
    told = told_for("kl_div_with_logits", "from_logits", value=False)
    assert told == (
        "pass target_is='probabilities' and the logarithm of the probabilities as `input`, which "
        "is logits"
    )
    found = kldiv_xp.kl_div_with_logits(np.log(q), p, target_is="probabilities")
    assert found == pytest.approx(kl_of(q, p))
    told = told_for("kl_div_with_logits", "label_smoothing", value=0.1)
    assert told == (
        "leave it out, and pass the smoothed probabilities as `target`, with "
        "target_is='probabilities'"
    )
    smoothed = 0.9 * p + 0.1 / 3
    found = kldiv_xp.kl_div_with_logits(np.log(q), smoothed, target_is="probabilities")
    assert found == pytest.approx(kl_of(q, smoothed))
    assert told_for("kl_div", "label_smoothing", value=0.1) == (
        "leave it out, and pass the smoothed probabilities as `target`"
    )
    assert kldiv_xp.kl_div(np.log(q), smoothed, reduction="batchmean") == pytest.approx(
        kl_of(q, smoothed)
    )
    assert told_for("sparse_kl_div_with_logits", "smoothing", value=0.1) == (
        "call kl_div_with_logits, which takes the smoothed probabilities of all classes"
    )
    assert told_for("kl_div", "from_logits", value=False) == (
        "pass log_input=False, with probabilities as `input`"
    )
    assert kldiv_xp.kl_div(q, p, log_input=False, reduction="batchmean") == pytest.approx(
        kl_of(q, p)
    )


@pytest.mark.parametrize("name", ["size_average", "reduce"])
def test_a_flag_of_torch_that_is_on_is_the_mean(name):
    assert told_for("kl_div_with_logits", name, value=True) == "pass reduction='mean'"
