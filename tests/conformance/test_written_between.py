"""Losses of torch that are right in a plain step, and wrong where memory is written."""

import pytest

from kldiv_conformance import ADAPTERS, Implementation, find, judge
from kldiv_conformance._again import ASKS, ENABLED, VMAP
from kldiv_conformance._common_cause import common_cause, of_calls
from kldiv_conformance._operands import IN_TURN
from kldiv_conformance._sequences import asked_again
from kldiv_conformance._suspects import suspects
from kldiv_conformance._torch_derivatives import BESIDE, UNASKED
from kldiv_conformance._training import DIVIDED, REWRITTEN, TRANSFORMED
from kldiv_xp import kl_div

pytest.importorskip("torch", reason="torch is not installed")
import torch
from conformance_terms import Terms, derivatives, loss_of

ASKED = [find(it) for it in sorted(asked_again())]
VALUES, GRADIENTS = (
    [it for it in ASKED if it.function is None and it.kind == kind]
    for kind in ("value", "gradient")
)


class KeptOperands(Terms):
    """Operands that are kept where torch does not see that they are written again."""

    @staticmethod
    def forward(ctx, input, target):
        ctx.kept = input.detach(), target.detach()
        return Terms.forward(ctx, input, target)

    @staticmethod
    def backward(ctx, upstream):
        return derivatives(*ctx.kept, upstream)


class KeptResult(Terms):
    """A derivative that reads the result, kept where torch does not see that it is written."""

    @staticmethod
    def forward(ctx, input, target):
        found = Terms.forward(ctx, input, target)
        ctx.found = found.detach()
        return found

    @staticmethod
    def backward(ctx, upstream):
        _, target = ctx.saved_tensors
        return -target * upstream, (ctx.found / target + 1) * upstream


def lines(loss, asked):
    found = [judge(it, ADAPTERS["torch"], Implementation("other", loss)) for it in asked]
    return [it.to_json() for it in found]


def failures(loss, asked):
    return {it["detail"] for it in lines(loss, asked) if it["verdict"] == "failure"}


@pytest.mark.parametrize("loss", [kl_div, loss_of(Terms)], ids=["ours", "terms"])
def test_right_losses_pass(loss):
    assert failures(loss, ASKED) == set()


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (KeptOperands, f"{IN_TURN} {REWRITTEN}: d_input is another one."),
        (KeptResult, f"{IN_TURN} {DIVIDED}: d_target is another one."),
    ],
)
def test_derivative_that_reads_what_is_written_after_the_loss_is_convicted(terms, said):
    assert failures(loss_of(terms), GRADIENTS) == {said}


def turns_gradients_on(input, target, **options):
    torch.set_grad_enabled(True)
    return kl_div(input, target, **options)


def requires_a_gradient(input, target, **options):
    found = kl_div(input, target, **options)
    return found if found.requires_grad else found.detach().clone().requires_grad_()


LEFT_ON = "the call left torch.is_grad_enabled() at True, which was False before it."


@pytest.mark.parametrize(
    ("loss", "said"), [(turns_gradients_on, LEFT_ON), (requires_a_gradient, ASKS)]
)
def test_loss_that_makes_gradients_where_none_are_asked_for_is_convicted(loss, said):
    assert failures(loss, VALUES) == {f"{ENABLED} torch.no_grad(): {said}"}
    assert torch.is_grad_enabled()


def triples_within_func(input, target, **options):
    is_within = torch._C._functorch.peek_interpreter_stack() is not None
    return kl_div(input, target, **options) * (3 if is_within else 1)


def test_loss_that_is_wrong_within_torch_func_is_convicted():
    assert failures(triples_within_func, VALUES) == {
        f"{VMAP} of two batches: value is another one."
    }
    said = f"right by backward(), {TRANSFORMED}.grad() of its sum: d_input is another one."
    assert failures(triples_within_func, GRADIENTS) == {said}


def refuses_func(input, target, **options):
    if torch._C._functorch.peek_interpreter_stack() is not None:
        message = "no torch.func here"
        raise RuntimeError(message)
    return kl_div(input, target, **options)


def test_loss_that_refuses_torch_func_is_not_convicted():
    assert failures(refuses_func, [*VALUES, *GRADIENTS]) == set()


def test_causes_of_these_failures_are_told():
    found = lines(triples_within_func, GRADIENTS)
    said = f"all {len(found)} failures come of torch.func: "
    assert common_cause(found).startswith(said)
    assert of_calls(found)[0].startswith(f"{len(found)} failures come of torch.func: ")


def off_where_both_are_asked(input, target, **options):
    is_both = input.requires_grad and target.requires_grad
    return kl_div(input, target, **options) * (1.1 if is_both else 1)


def off_beside_a_constant(input, target, **options):
    found = kl_div(input, target, **options)
    is_off = target.requires_grad and not input.requires_grad
    return 1.1 * found - 0.1 * found.detach() if is_off else found


@pytest.mark.parametrize(
    ("loss", "text", "said"),
    [
        (off_where_both_are_asked, UNASKED, "calls that ask for no gradient: "),
        (off_beside_a_constant, BESIDE, "operands beside a constant: "),
    ],
)
def test_what_differs_by_what_is_asked_has_a_sentence_and_no_flag(loss, text, said):
    found = lines(loss, [find(f"gradients_{number:03}") for number in (1, 3, 5, 13)])
    assert all(text in it["detail"] for it in found)
    assert common_cause(found).startswith(f"all {len(found)} failures come of {said}")
    assert of_calls(found)[0].startswith(f"{len(found)} failures come of {said}")
    assert suspects(found) == []
