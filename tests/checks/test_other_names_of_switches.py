"""Switches by other libraries' names: text and numbers are told as the switch that they say."""

import inspect
import re

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of
from numpy.testing import assert_allclose

import kldiv_xp
from kldiv_xp.checks.peer_options import OFF

EVERY = [*FUNCTIONS, *CLASSES]
WALKED = [
    (one, name)
    for one in EVERY
    for name in OFF
    if name not in inspect.signature(getattr(kldiv_xp, one)).parameters
]
LOGITS, TEACHER = np.random.default_rng(13).normal(size=(2, 3, 4))


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


LOG_Q, LOG_P = log_softmax(LOGITS), log_softmax(TEACHER)
ROWS = np.sum(np.exp(LOG_P) * (LOG_P - LOG_Q), axis=-1)


def told(name, option, value):
    function = getattr(kldiv_xp, name)
    with pytest.raises(TypeError) as caught:
        function(*(() if name in CLASSES else operands_of(name)), **{option: value})
    start = f"`{option}` is no option of {name}; got "
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start).partition(": ")[2].removesuffix(".")


@pytest.mark.few(85, 270)
@pytest.mark.parametrize(("name", "option"), WALKED)
def test_text_and_numbers_are_told_as_the_switch(name, option):
    off, on = (told(name, option, value) for value in (False, True))
    for value in ("False", "false", "0", "no", 0, b"False", [False], np.False_):
        assert told(name, option, value) == off
    for value in ("True", "yes", 1, 1.0, ("True",), np.True_):
        assert told(name, option, value) == on
    for value in (None, "None"):
        assert told(name, option, value) in {"leave it out", off}


def test_spaces_in_text_give_the_divergence():
    for value, target in (("False", np.exp(LOG_P)), (0, np.exp(LOG_P)), ("1", LOG_P)):
        remedy = told("kl_div_with_logits", "log_target", value)
        space = re.fullmatch(r"pass target_is='(\w+)'", remedy)[1]
        found = kldiv_xp.kl_div_with_logits(LOGITS, target, target_is=space)
        assert_allclose(found, ROWS.mean(), rtol=1e-12)
    assert told("kl_div", "from_logits", "False").startswith("pass log_input=False, ")
    operands = np.exp(LOG_Q), np.exp(LOG_P)
    found = kldiv_xp.kl_div(*operands, log_input=False, reduction="batchmean")
    assert_allclose(found, ROWS.mean(), rtol=1e-12)


@pytest.mark.parametrize("name", [one for one in EVERY if one not in {"kl_div", "KLDivLoss"}])
def test_deprecated_flags_are_told_with_the_other_one(name):
    if name == "diagnose":
        return
    for option, value, remedy in (
        ("size_average", True, "pass reduction='mean', or 'none' beside reduce=False"),
        ("size_average", "False", "pass reduction='sum', or 'none' beside reduce=False"),
        ("reduce", "True", "pass reduction='mean', or 'sum' beside size_average=False"),
        ("reduce", 0, "pass reduction='none'"),
        ("size_average", "batchmean", "pass a reduction by keyword, reduction='batchmean'"),
        ("reduce", "avg", "pass a reduction by keyword, reduction='mean'"),
        ("reduce", "maybe", "leave it out"),
    ):
        assert told(name, option, value) == remedy


@pytest.mark.parametrize("name", EVERY)
def test_an_ignored_label_is_one_int(name):
    start = "leave it out, and pass where=labels != "
    for value in (-100, "-100", -100.0, [-100], np.int64(-100)):
        assert told(name, "ignore_index", value).startswith(f"{start}-100 with the operands")
    for value in ("pad", [0, 1], 1.5, True):
        assert told(name, "ignore_index", value).startswith(f"{start}..., one int, with the ")


@pytest.mark.parametrize("name", [one for one in EVERY if one != "diagnose"])
def test_a_factor_of_the_derivative_is_one_of_the_loss(name):
    if name.endswith("gradient"):
        return
    assert told(name, "upstream", 2.0) == "leave it out, and multiply the loss by 2.0"
