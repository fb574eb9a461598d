"""Masks and single entries of sparse teachers and hidden states, and student logits of 0 and 1."""

import numpy as np
import pytest
from conftest import usable

import kldiv_xp
from kldiv_xp import KLDivInputError, checking, diagnose

RNG = np.random.default_rng(5)
STUDENT, TEACHER = RNG.normal(size=(2, 8, 4))
PLACES = np.argsort(-TEACHER, axis=-1)[..., :2].copy()
TOP = np.take_along_axis(TEACHER - np.log(np.exp(TEACHER).sum(-1, keepdims=True)), PLACES, axis=-1)
WEIGHT, BIAS = RNG.normal(size=(5, 4)), RNG.normal(size=5)
FULL = RNG.normal(size=(8, 5))
OF_LOG = {"target_is": "log_probabilities"}
# The loss, its operands, those of the diagnosis with what names the loss, and options of both.
MASKED = {
    "kl_div": ((np.log(np.full((8, 2), 0.5)), np.full((8, 2), 0.5)), {}, {"axis": -1}),
    "js_div": (
        (np.log(np.full((8, 2), 0.5)), np.full((8, 2), 0.5)),
        {"beta": 0.5},
        {"axis": -1},
    ),
    "kl_div_with_logits": ((STUDENT, TEACHER), {"input_is": "logits"}, {}),
    "js_div_with_logits": ((STUDENT, TEACHER), {"input_is": "logits", "beta": 0.5}, {}),
    "sparse_kl_div_with_logits": ((STUDENT, PLACES, TOP), {"indices": PLACES}, {}),
    "linear_kl_div": ((STUDENT, WEIGHT, FULL), {"weight": WEIGHT}, {}),
    "linear_kl_div, sparse": (
        (STUDENT, WEIGHT, TOP),
        {"weight": WEIGHT},
        {"indices": PLACES} | OF_LOG,
    ),
}


@pytest.mark.parametrize("name", MASKED)
def test_a_mask_that_selects_nothing_is_found_in_every_loss(name):
    operands, kind, options = MASKED[name]
    nothing, one = np.zeros(8, dtype=bool), np.arange(8) == 3
    two = operands[0], operands[-1]
    report = diagnose(*two, where=nothing, **kind, **options)
    assert [one.code for one in report.findings] == ["nothing-selected"]
    assert report.selected == 0
    assert not diagnose(*two, where=one, **kind, **options)
    loss = getattr(kldiv_xp, name.partition(",")[0])
    with pytest.raises(KLDivInputError, match="`where` selects nothing"), checking():
        loss(*operands, where=nothing, **options)
    with checking():
        assert np.isfinite(loss(*operands, where=one, **options))


LOGIT, OTHER = RNG.normal(size=(2, 8, 1))
HIDDEN, ROW, ROW_BIAS = RNG.normal(size=(8, 4)), RNG.normal(size=(1, 4)), RNG.normal(size=1)
TARGET_ROW = RNG.normal(size=(1, 4))
LOG_SECOND = -np.log1p(np.exp(-OTHER))
SINGLE = "whose softmax is 1, so that the loss does not depend on it: if it is the logit of the "
MADE = f"`weight` makes a single logit of each sample, {SINGLE}second of two classes, pass "
GIVEN = f"`input` has a single entry along axis 1, {SINGLE}second of two classes, pass "
ONE_OF_TWO = [
    ((HIDDEN, OTHER), {"weight": ROW}, ["weight", "target"], ""),
    ((HIDDEN, OTHER), {"weight": ROW, "bias": ROW_BIAS}, ["weight", "bias", "target"], ""),
    ((HIDDEN, HIDDEN), {"weight": ROW, "target_weight": TARGET_ROW}, None, ""),
    (
        (HIDDEN, LOG_SECOND),
        {"weight": ROW, "indices": np.zeros((8, 1), int)} | OF_LOG,
        ["weight", "target"],
        ", without `indices` and `tail`",
    ),
    (
        (LOGIT, LOG_SECOND),
        {"indices": np.zeros((8, 1), int)} | OF_LOG,
        ["input", "target"],
        " to kl_div_with_logits, with target_is='log_probabilities'",
    ),
]


@pytest.mark.parametrize(("operands", "options", "names", "end"), ONE_OF_TWO)
def test_a_layer_of_one_logit_is_told_and_both_classes_give_the_loss(operands, options, names, end):
    (found,) = diagnose(*operands, **options).findings
    start = MADE if "weight" in options else GIVEN
    assert found.code == "single-entry"
    assert str(found).startswith(start)
    assert str(found).endswith(f"{end}.")
    codes = (
        str(found).removeprefix(start).removesuffix(f"{end}.").replace("), numpy", ") and numpy")
    )
    given = dict(zip(("input", "target"), operands, strict=True)) | options
    names = names or ["weight", "target_weight"]
    for name, code in zip(names, codes.split(" and "), strict=True):
        given[name] = eval(code, {"numpy": np, **given})
    if "indices" in options:
        del given["indices"]
    kind = {} if "weight" in options else {"input_is": "logits"}
    report = diagnose(**given, **kind)
    assert not report
    student = LOGIT if "weight" not in options else HIDDEN @ ROW.T + options.get("bias", 0)
    teacher = HIDDEN @ TARGET_ROW.T if "target_weight" in options else OTHER
    q, p = 1 / (1 + np.exp(-student)), 1 / (1 + np.exp(-teacher))
    expected = np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
    np.testing.assert_allclose(report.values["mean"], expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["input", "target"])
def test_the_operand_whose_single_entry_is_not_one_is_named(name):
    given = {"input": np.ones((8, 1)), "target": np.ones((8, 1))} | {name: np.full((8, 1), 0.25)}
    (found, *_) = diagnose(**given, log_input=False).findings
    assert (found.code, found.operand) == ("single-entry", name)
    assert str(found).startswith(f"`{name}` has a single entry along axis 1, which is not 1: if ")


@pytest.mark.parametrize("library_name", ["numpy", "torch", "jax"])
def test_logits_of_zero_and_one_are_logits_in_a_student_and_labels_in_a_target(library_name):
    backend = usable(library_name)
    one_hot = backend.array([[0.0, 1.0], [1.0, 0.0]])
    teacher = backend.array([[0.5, -1.0], [0.25, 2.0]])
    assert not diagnose(one_hot, teacher, input_is="logits")
    (found,) = diagnose(teacher, one_hot, input_is="logits").findings
    assert str(found).endswith("whose softmax is taken: pass target_is='probabilities'.")
    assert not diagnose(teacher, one_hot, input_is="logits", target_is="probabilities")
    with checking():
        assert np.isfinite(backend.read(kldiv_xp.kl_div_with_logits(one_hot, teacher)))
    soft = backend.array([[0.25, 0.75], [1.0, 0.0]])
    (found,) = diagnose(soft, teacher, input_is="logits").findings
    assert found.code == "probabilities-as-input"
