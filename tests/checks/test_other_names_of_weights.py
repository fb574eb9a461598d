"""Weights by other libraries' options: what is told gives the right number."""

import re

import numpy as np
import pytest
from checks.every_function import CLASSES
from checks.followed_options import (
    LOG_P,
    LOG_Q,
    LOGITS,
    LOSSES,
    OF_TABLES,
    TEACHER,
    P,
    log_softmax,
    parameters_of,
    sum_of,
    told_for,
)
from checks.test_other_names import AS_IT_IS
from numpy.testing import assert_allclose

import kldiv_xp

SAMPLE_WEIGHTS, CLASS_WEIGHTS = np.arange(1.0, 5.0), np.arange(1.0, 6.0)
TERMS = P * (LOG_P - LOG_Q)


@pytest.mark.parametrize("option", ["weight", "sample_weights", "class_weight", "pos_weight"])
@pytest.mark.parametrize("name", [one for one in [*LOSSES, *CLASSES] if one not in OF_TABLES])
def test_weights_by_any_name_are_no_layer_of_a_teacher(name, option):
    if option not in parameters_of(name):
        told = told_for(name, option, CLASS_WEIGHTS)
        assert told.startswith("pass reduction='none', and ")
        assert "if they weigh samples; if they weigh classes, " in told


@pytest.mark.parametrize("option", ["weight", "weights", "sample_weight"])
@pytest.mark.parametrize("name", ["kl_div_with_logits", "KLDivWithLogitsLoss"])
def test_weights_are_those_of_samples_or_of_classes(name, option):
    tables = "kl_div" if name.startswith("kl") else "KLDivLoss"
    assert told_for(name, option, SAMPLE_WEIGHTS) == (
        "pass reduction='none', and multiply what it gives, if they weigh samples; if they weigh "
        f"classes, multiply what {tables} gives of the logarithms of softmax(logits / temperature) "
        "with log_target=True and reduction='none', and by temperature**2 where that scales it"
        f"{AS_IT_IS}"
    )
    found = SAMPLE_WEIGHTS * sum_of(name, LOGITS, TEACHER, reduction="none")
    assert_allclose(found, SAMPLE_WEIGHTS * TERMS.sum(axis=-1))
    heat, options = 2.0, {"log_target": True, "reduction": "none"}
    pair = [log_softmax(one / heat) for one in (LOGITS, TEACHER)]
    terms = CLASS_WEIGHTS * sum_of(tables, *pair, **options) * heat**2
    q, p = (np.exp(one / heat) for one in (LOGITS, TEACHER))
    q, p = (one / one.sum(axis=-1, keepdims=True) for one in (q, p))
    assert_allclose(terms, heat**2 * CLASS_WEIGHTS * p * np.log(p / q))


@pytest.mark.parametrize(("name", "axis"), [("kl_div", {"axis": -1}), ("js_div", {})])
def test_weights_of_tables_are_told_for_terms_and_for_samples(name, axis):
    rows, terms = "a loss for each sample", "a term for each class"
    order = {"kl_div": (terms, f"axis=-1 {rows}"), "js_div": (rows, f"axis=() {terms}")}
    first, second = order[name]
    assert told_for(name, "weight", CLASS_WEIGHTS) == (
        f"pass reduction='none', and multiply what it gives: {first}, or with {second}"
    )
    of_rows = sum_of(name, LOG_Q, P, reduction="none", **axis)
    of_terms = sum_of(name, LOG_Q, P, reduction="none", axis=())
    assert (of_rows.shape, of_terms.shape) == ((4,), (4, 5))
    assert_allclose(of_terms.sum(axis=-1), of_rows)
    if name == "kl_div":
        assert_allclose(sum_of(name, LOG_Q, P, reduction="none"), TERMS)


@pytest.mark.parametrize("name", ["kl_div_with_logits_gradient", "js_div_with_logits_gradient"])
def test_weights_of_classes_are_the_upstream_of_tables(name):
    tables, axis = name.replace("_with_logits", ""), {"axis": ()} if name.startswith("js") else {}
    assert told_for(name, "weight", CLASS_WEIGHTS) == (
        "pass reduction='none', and what it multiplies the losses by as `upstream`, if they weigh "
        "samples; if they weigh classes, pass them, times temperature**2 where that scales the "
        f"loss, so to {tables}, of the logarithms of softmax(logits / temperature) with "
        f"log_target=True{' and axis=()' if axis else ''}, of which its gradients are"
        f"{AS_IT_IS}"
    )
    upstream = np.broadcast_to(CLASS_WEIGHTS, P.shape)
    one, _ = getattr(kldiv_xp, tables)(
        LOG_Q, LOG_P, reduction="none", upstream=upstream, log_target=True, **axis
    )  # fmt: skip
    plain, _ = getattr(kldiv_xp, tables)(LOG_Q, LOG_P, reduction="sum", log_target=True, **axis)
    assert_allclose(one, CLASS_WEIGHTS * plain)


@pytest.mark.parametrize(("kind", "logs"), [("probabilities", False), ("log_probabilities", True)])
@pytest.mark.parametrize("name", ["kl_div_with_logits", "js_div_with_logits"])
def test_weights_of_classes_are_right_of_targets_that_are_no_logits(name, kind, logs):
    """A `target` of probabilities with log_target=True gave 52.6 for 1.81."""
    told = told_for(name, "weight", CLASS_WEIGHTS)
    way = re.search(r"what (\w+) gives of .* with log_target=True and reduction='none'(.*?),", told)
    assert told.endswith(f"goes there as it is, with log_target=False{AS_IT_IS[-39:]}")
    target, axis = (LOG_P if logs else P), {"axis": ()} if "axis=()" in way[2] else {}
    options = {"log_target": logs, "reduction": "none", **axis}
    terms = sum_of(way[1], LOG_Q, target, **options)
    expected = sum_of(name, LOG_Q, target, target_is=kind, reduction="none")
    assert_allclose(terms.sum(axis=-1), expected)
    found = (CLASS_WEIGHTS * terms).sum()
    q, m = np.exp(LOG_Q), (np.exp(LOG_Q) + P) / 2
    by_hand = TERMS if name.startswith("kl") else (P * np.log(P / m) + q * np.log(q / m)) / 2
    assert_allclose(found, (CLASS_WEIGHTS * by_hand).sum())
