"""Remedies for options of other libraries lead to the right number when they are followed."""

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of
from checks.test_other_names import told_for

import kldiv_xp


@pytest.mark.parametrize("name", ["loss_weight", "base", "num_items_in_batch"])
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


MIXED = "if it is the weight of the target in a mixture"
ADDED = "if it is the share of the loss in a sum"


def meanings_of_alpha(name):
    """Both meanings of an alpha: the function of a mixture, and the factor."""
    told, gradient = told_for(name, "alpha", value=0.3), name.endswith("gradient")
    factor = "pass upstream=0.3" if gradient else "multiply the loss by 0.3"
    if name.startswith("sparse"):
        assert told == f"leave it out, and {factor}"
        return None
    if name.startswith("kl"):
        other = name.replace("kl", "js")
        assert told == (
            f"leave it out, and {factor} {ADDED}, or call {other}, with beta=0.3, {MIXED}"
        )
        return other
    whole = ", and leave `indices` out if there are any" if name.startswith("linear") else ""
    assert told == f"pass beta=0.3 {MIXED}{whole}, or leave it out and {factor} {ADDED}"
    return name


@pytest.mark.parametrize("name", [one for one in FUNCTIONS if one != "diagnose"])
def test_an_alpha_is_told_by_both_of_its_meanings(name):
    """The weight of a mixture, and the share of a loss: the reader alone knows which."""
    mixing = meanings_of_alpha(name)
    if mixing is None:
        return
    rng = np.random.default_rng(2)
    q, p = rng.dirichlet(np.ones(3), size=(2, 2))
    m = 0.3 * p + 0.7 * q
    right = 0.3 * kl_of(m, p) + 0.7 * kl_of(m, q)
    options = {"beta": 0.3, "reduction": "batchmean"}
    operands = np.log(q), p if mixing in {"js_div", "js_div_gradient"} else np.log(p)
    if mixing.startswith("linear"):
        operands = np.log(q), np.eye(3), np.log(p)
    if mixing.endswith("gradient"):
        options["return_value"] = True
    found = getattr(kldiv_xp, mixing)(*operands, **options)
    assert (found[0] if isinstance(found, tuple) else found) == pytest.approx(right)


@pytest.mark.parametrize("name", CLASSES)
def test_an_alpha_of_a_class_is_told_so_too(name):
    with pytest.raises(TypeError) as caught:
        getattr(kldiv_xp, name)(alpha=0.3)
    assert MIXED in str(caught.value)
    assert ADDED in str(caught.value)
    assert "beta=0.3" in str(caught.value)


def kl_of(q, p):
    """Mean divergence of rows of probabilities."""
    return np.sum(p * (np.log(p) - np.log(q))) / len(p)


@pytest.mark.parametrize("name", ["size_average", "reduce"])
def test_a_flag_of_torch_that_is_on_is_the_mean(name):
    other = {"size_average": "'none' beside reduce", "reduce": "'sum' beside size_average"}[name]
    assert told_for("kl_div_with_logits", name, value=True) == (
        f"pass reduction='mean', or {other}=False"
    )
