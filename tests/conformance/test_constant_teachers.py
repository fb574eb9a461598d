"""Losses whose teacher is a constant: the student's gradient is judged alone, and it is said."""

from unittest import SkipTest

import pytest
from conformance_commands import invoke

from kldiv_conformance import assert_conforms, find
from kldiv_conformance._reasons import without_gradients
from kldiv_conformance._report import read_report
from kldiv_conformance._summary import summary

torch = pytest.importorskip("torch", reason="torch is not installed")

LOSS = """
import torch
from kldiv_xp import kl_div

class Times(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, factor):
        ctx.factor = factor
        return input.clone()

    @staticmethod
    def backward(ctx, upstream):
        return ctx.factor * upstream, None

def constant(factor):
    def loss(input, target, *, reduction, log_target):
        if target.requires_grad:
            raise NotImplementedError("the teacher is a constant")
        input = Times.apply(input, factor) if input.requires_grad else input
        return kl_div(input, target, reduction=reduction, log_target=log_target)
    return loss

right, wrong = constant(1), constant(3)

def refusing(input, target, *, reduction, log_target):
    if input.requires_grad or target.requires_grad:
        raise NotImplementedError("no gradient at all")
    return constant(1)(input, target, reduction=reduction, log_target=log_target)
"""
VECTOR = find("gradients_001")
PART = ("-g", "gradients", "-g", "ordinary", "--flag", "Mean", "--flag", "GradientReduction")


def loss_called(name):
    scope = {}
    exec(LOSS, scope)
    return scope[name]


def test_wrong_gradient_by_the_input_is_a_failure():
    with pytest.raises(AssertionError, match=r"d_input is wrong .* must be -\S+ .* got -"):
        assert_conforms(loss_called("wrong"), VECTOR, backend="torch")


def test_right_gradient_by_the_input_is_not_supported_and_says_what_was_judged():
    told = "^the teacher is a constant; the gradient by the input was judged alone, and is right"
    with pytest.raises(SkipTest, match=told):
        assert_conforms(loss_called("right"), VECTOR, backend="torch")


def test_loss_that_refuses_every_gradient_is_not_supported():
    with pytest.raises(SkipTest, match=r"^no gradient at all$"):
        assert_conforms(loss_called("refusing"), VECTOR, backend="torch")


@pytest.mark.few(0, 1)
@pytest.mark.parametrize(("name", "code"), [("right", 0), ("wrong", 1), ("refusing", 0)])
def test_screen_and_page_say_that_no_gradient_was_judged_where_none_was(
    kernels, tmp_path, name, code
):
    kernels("teachers", LOSS)
    path = tmp_path / "run.jsonl"
    found, shown = invoke("run", "-b", "torch", "-i", f"teachers:{name}", *PART, "-o", str(path))
    assert found == code, shown
    is_told = "no gradient of the loss was judged." in " ".join(shown.split())
    assert is_told is (name == "refusing")
    report = read_report(path)
    [row] = summary([report])["rows"]
    assert bool(row["unjudged"]) is (name == "refusing")


def test_functions_that_are_not_there_have_no_gradient_to_judge():
    absent = {"verdict": "not supported", "detail": "the implementation has no function"}
    judged = {"verdict": "pass", "detail": ""}
    lines = [
        {"id": "ordinary_001", **judged},
        {"id": "gradients_001", **absent},
        {"id": "logits_001", **absent},
    ]
    assert list(without_gradients(lines)) == ["  no gradient of the loss was judged."]
    assert list(without_gradients([lines[0], {"id": "gradients_001", **judged}])) == []
