"""Gradients that are right alone, and wrong where training calls the loss or backward() again."""

import pytest

from kldiv_conformance import ADAPTERS, Implementation, find, judge
from kldiv_conformance._operands import WrongCallError
from kldiv_conformance._sequences import asked_again
from kldiv_conformance._training import refuse_training

pytest.importorskip("torch", reason="torch is not installed")
import torch
from conformance_terms import Terms, derivatives, loss_of

ASKED = [find(it) for it in sorted(asked_again())]
GRADIENTS = [it for it in ASKED if it.function is None and it.kind == "gradient"]
BETWEEN = "the loss is called again before its backward()"
TWICE = "backward() is called twice (retain_graph=True), whose gradients add up in .grad"
SUMMED = "one sum has the loss twice"


class KeptInTheClass(Terms):
    """Tensors of the last forward call, whichever it was."""

    @staticmethod
    def forward(ctx, input, target):
        KeptInTheClass.kept = input, target
        return Terms.forward(ctx, input, target)

    @staticmethod
    def backward(ctx, upstream):
        return derivatives(*KeptInTheClass.kept, upstream)


class MultipliedInPlace(Terms):
    """Gradients of the forward call, which backward() multiplies where they lie."""

    @staticmethod
    def forward(ctx, input, target):
        ctx.found = derivatives(input, target, 1)
        return Terms.forward(ctx, input, target)

    @staticmethod
    def backward(ctx, upstream):
        return tuple(one.mul_(upstream) for one in ctx.found)


class OneNumber(Terms):
    """Gradients that take an upstream derivative of stride 0 for memory that it does not fill."""

    @staticmethod
    def backward(ctx, upstream):
        if 0 in upstream.stride():
            first = upstream.reshape(-1)[:1]
            upstream = torch.cat([first, first.new_zeros(upstream.numel() - 1)]).view_as(upstream)
        return derivatives(*ctx.saved_tensors, upstream)


LENT = {}


class LentGradients(Terms):
    """Gradients in memory that the next backward() takes."""

    @staticmethod
    def backward(ctx, upstream):
        found = derivatives(*ctx.saved_tensors, upstream)
        places = LENT.setdefault((found[0].shape, found[0].dtype), tuple(map(torch.clone, found)))
        for place, one in zip(places, found, strict=True):
            place.copy_(one)
        return places


def implementation(terms):
    return Implementation("other", loss_of(terms))


def details(terms):
    found = [judge(it, ADAPTERS["torch"], implementation(terms)) for it in GRADIENTS]
    return {it.detail for it in found if it.verdict == "failure"}


def test_right_gradients_pass():
    found = {judge(it, ADAPTERS["torch"], implementation(Terms)).verdict for it in GRADIENTS}
    assert "pass" in found
    assert "failure" not in found


@pytest.mark.parametrize(
    ("terms", "where"),
    [(KeptInTheClass, BETWEEN), (MultipliedInPlace, TWICE)],
)
def test_gradient_that_other_calls_change_is_convicted(terms, where):
    told = f"right in a call of its own, wrong where {where}: d_input is another one."
    assert details(terms) == {told}


def test_gradient_that_misreads_an_expanded_upstream_derivative_is_convicted():
    told = (
        "right where all operands lie in one piece of memory, wrong for upstream derivatives that "
        "are one number in memory, as those of loss.sum(): d_input is another one."
    )
    assert told in details(OneNumber)  # where the loss is no sum of its own


def test_gradient_whose_memory_the_next_call_takes_is_convicted():
    told = details(LentGradients)
    assert told
    assert all("the call changed the result of the call before" in detail for detail in told)


def test_gradient_whose_memory_another_call_of_one_sum_takes_is_convicted():
    pair = torch.tensor([0.1, 0.2, 0.7]).log(), torch.tensor([0.5, 0.3, 0.2])
    right = dict(zip(("d_input", "d_target"), derivatives(*pair, 1.5), strict=True))
    assert refuse_training(right, list(pair), Terms.apply, *pair, 1.5) == tuple(right.values())
    with pytest.raises(WrongCallError, match=rf"wrong where {SUMMED}: d_input is another one\.$"):
        refuse_training(right, list(pair), LentGradients.apply, *pair, 1.5)
