"""A gradient that the loss clips is told as that, and by no other cause."""

import re

import numpy as np
import pytest

from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._explanations import explained
from kldiv_xp import kl_div, kl_div_gradient

ASKED = [it for it in vectors("gradients") if it.function is None and len(it.input.values) < 100]
REMEDY = "clip gradients in the training, and not in the loss."


def told(change, asked=ASKED):
    """Sentences and flags of a loss whose derivatives are changed."""

    def gradient(*operands, **options):
        return tuple(change(it).astype(it.dtype) for it in kl_div_gradient(*operands, **options))

    loss = Implementation("clipped", kl_div, gradient, {})
    with np.errstate(all="ignore"):
        return explained([judge(it, ADAPTERS["numpy"], loss).to_json() for it in asked])


def clipped_norm(bound):
    return lambda it: it / np.maximum(1.0, np.linalg.norm(it.ravel().astype("float64")) / bound)


@pytest.mark.few(1, 3)
@pytest.mark.parametrize("bound", [0.1, 0.5])
@pytest.mark.parametrize("what", ["every wrong number is, but for its sign,", "the norm is"])
def test_a_clipped_gradient_is_told_with_its_bound_and_nothing_else(what, bound):
    change = clipped_norm(bound) if "norm" in what else lambda it: np.clip(it, -bound, bound)
    sentences, flags = told(change)
    assert sorted(re.sub(r"in \d+ of \d+ ", "", it) for it in sentences) == [
        f"the gradient is clipped: wrong {name} {what} {bound} where it must be larger, and "
        f"nowhere is it larger; {REMEDY}"
        for name in ("d_input", "d_target")
    ]
    assert {it.flag for it in flags} <= {"InfiniteInput"}


@pytest.mark.few(1, 5)
@pytest.mark.parametrize(
    "change",
    [
        lambda it: it / 2,
        lambda it: -it,
        np.zeros_like,
        np.sign,
        lambda it: np.clip(it, -0.1, 0.1) + 0.3 * it,
        lambda it: it * it,
    ],
    ids=["half", "sign", "zero", "signs", "soft", "square"],
)
def test_a_gradient_that_is_wrong_otherwise_is_not_told_as_clipped(change):
    sentences, _ = told(change)
    assert not [it for it in sentences if "clipped" in it]


@pytest.mark.slow
def test_sums_of_calls_are_no_cause_where_single_calls_are_clipped():
    torch = pytest.importorskip("torch", reason="torch is not installed")

    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(_, operand):
            return operand.view_as(operand)

        @staticmethod
        def backward(_, upstream):
            return upstream.clamp(-1, 1)

    def loss(input, target, **options):
        pair = (Clip.apply(it) if it.requires_grad else it for it in (input, target))
        return kl_div(*pair, **options)

    lines = [
        judge(it, ADAPTERS["torch"], Implementation("clipped", loss)).to_json()
        for it in ASKED
        if it.input.dtype != "bfloat16"
    ]
    assert any("one sum has the loss twice" in line["detail"] for line in lines)
    sentences, flags = explained(lines)
    assert all(it.startswith("the gradient is clipped: ") for it in sentences)
    assert flags == []
