"""Losses that are right for leaves of torch's graph alone, or that write `.grad` themselves."""

from collections import defaultdict

import pytest

import kldiv_xp
from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._calls import made
from kldiv_conformance._common_cause import common_cause
from kldiv_conformance._operands import WrongCallError
from kldiv_conformance._sequences import has_distinct_numbers
from kldiv_conformance._torch_derivatives import (
    KINDS,
    OF_PARAMETERS,
    OF_RESULTS,
    differentiate_torch,
    kind_of,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

GRADIENTS = [it for it in vectors() if it.kind == "gradient"]
FUNCTIONS = sorted({it.function or "kl_div" for it in GRADIENTS})


def first_of(name, kind=None):
    """A gradient of finite numbers, of operands of a kind."""
    every = (it for it in GRADIENTS if (it.function or "kl_div") == name)
    finite = (it for it in every if all(map(has_distinct_numbers, it.pair.values())))
    return next(it for it in finite if kind in {None, kind_of_vector(it)})


def kind_of_vector(vector):
    return kind_of(*(made(it, ADAPTERS["torch"]) for it in vector.pair.values()))


def doubled(tensor):
    return 2 * tensor - tensor.detach()


def is_result(tensor):
    return not tensor.is_leaf


def is_parameter(tensor):
    return isinstance(tensor, torch.nn.Parameter)


def where(holds, change):
    return lambda tensor: change(tensor) if holds(tensor) else tensor


def sets_gradient(tensor):
    if tensor.is_leaf:
        tensor.grad = torch.zeros_like(tensor)
    return tensor


class AddsToGradient(torch.autograd.Function):
    """The same tensor, whose derivative is added to its `.grad` as well."""

    @staticmethod
    def forward(ctx, tensor):
        ctx.tensor = tensor
        return tensor.clone()

    @staticmethod
    def backward(ctx, upstream):
        if ctx.tensor.grad is None:
            ctx.tensor.grad = torch.zeros_like(ctx.tensor)
        ctx.tensor.grad += upstream
        return upstream


def clears_gradient(tensor):
    tensor.grad = None
    return tensor


def keeps_gradient(tensor):
    if not tensor.is_leaf:
        tensor.retain_grad()
    return tensor


SAID = "must be the same where {}; it is another one."
WRITTEN = "the call changed input.grad and target.grad, which must stay as it was."
MISTAKES = {
    "doubled of results": (where(is_result, doubled), SAID.format(OF_RESULTS)),
    "nothing of results": (where(is_result, torch.Tensor.detach), SAID.format(OF_RESULTS)),
    "doubled of parameters": (where(is_parameter, doubled), SAID.format(OF_PARAMETERS)),
    "1.1 times parameters": (where(is_parameter, lambda it: 1.1 * it), SAID.format(OF_PARAMETERS)),
    "sets .grad": (sets_gradient, WRITTEN),
    "adds to .grad": (AddsToGradient.apply, WRITTEN),
    "clears .grad": (clears_gradient, WRITTEN),
    "keeps .grad of results": (keeps_gradient, WRITTEN),
}


def spoiled(name, mistake):
    """Our functions, one of which makes a mistake with what is differentiated."""
    right = getattr(kldiv_xp, name)

    def wrong(*arrays, **options):
        return right(*(mistake(it) if it.requires_grad else it for it in arrays), **options)

    if name == "kl_div":
        return Implementation("wrong", wrong)
    return Implementation("wrong", None, None, {name: wrong})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_right_losses_pass(name):
    found = judge(first_of(name), ADAPTERS["torch"], spoiled(name, lambda tensor: tensor))
    assert (found.verdict, found.detail) == ("pass", "")


@pytest.mark.parametrize("which", MISTAKES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_loss_that_is_right_for_leaves_alone_or_writes_gradients_is_convicted(name, which):
    mistake, told = MISTAKES[which]
    found = judge(first_of(name), ADAPTERS["torch"], spoiled(name, mistake))
    assert found.verdict == "failure"
    assert told in found.detail


def constant_teacher(input, target, *, reduction, log_target):
    if target.requires_grad:
        raise NotImplementedError
    student = where(is_result, doubled)(input)
    return kldiv_xp.kl_div(student, target, reduction=reduction, log_target=log_target)


def test_loss_whose_teacher_is_a_constant_is_asked_for_results_too():
    found = judge(first_of("kl_div"), ADAPTERS["torch"], Implementation("wrong", constant_teacher))
    assert (found.verdict, found.detail) == ("failure", f"d_input {SAID.format(OF_RESULTS)}")


def beside_constants(input, target):
    is_step = not (input.is_leaf or target.requires_grad)
    return kldiv_xp.kl_div(doubled(input) if is_step else input, target, reduction="sum")


def test_results_beside_constants_are_asked_for_as_training_does():
    arrays = [torch.rand(3, size) + 0.1 for size in (2, 3, 4, 5, 6, 7, 8, 9)]
    kinds = [kind_of(it, it) for it in arrays]
    assert OF_RESULTS in kinds
    array = arrays[kinds.index(OF_RESULTS)]
    with pytest.raises(WrongCallError, match="d_input must be the same where the target is a"):
        differentiate_torch(beside_constants, array.log(), array, 1.0)


def of_torch(mistake):
    def loss(input, target, **options):
        return torch.nn.functional.kl_div(mistake(input), target, **options)

    return Implementation("torch's", loss)


@pytest.mark.few(1, 1)
@pytest.mark.parametrize(
    ("holds", "kind"), [(is_result, OF_RESULTS), (is_parameter, OF_PARAMETERS)]
)
def test_compiled_loss_is_asked_for_operands_of_each_kind(holds, kind):
    asked, adapter = first_of("kl_div", kind), ADAPTERS["torch-compile"]
    assert judge(asked, adapter, of_torch(lambda tensor: tensor)).verdict == "pass"
    found = judge(asked, adapter, of_torch(where(holds, doubled)))
    assert found.verdict == "failure"
    assert "2 times the right number" in found.detail


def test_vectors_of_each_function_meet_every_kind():
    met = defaultdict(set)
    for vector in GRADIENTS:
        met[vector.function].add(kind_of_vector(vector))
    assert set(map(frozenset, met.values())) == {frozenset(KINDS)}


def test_report_says_that_failures_come_of_results():
    line = {"id": "gradients_001", "verdict": "failure", "values": {}}
    lines = [{**line, "detail": f"d_input {SAID.format(OF_RESULTS)}"} for _ in range(2)]
    told = (
        "all 2 failures come of operands that are the result of another operation: take them like "
        "leaves; the first: d_input must be the same where"
    )
    assert common_cause(lines).startswith(told)
