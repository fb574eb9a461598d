"""torch: the one node of autograd, what it keeps, and graphs of further derivatives."""

import gc

import pytest
from backends.torch.eager_operands import (
    BOTH_SPACES,
    DIFFERENTIATED,
    IN_SMALL_BLOCKS,
    TYPES,
    close,
    detached,
    tensors,
    torch,
)
from numpy.testing import assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient, thread_limit

pytestmark = IN_SMALL_BLOCKS


@BOTH_SPACES
@DIFFERENTIATED
def test_node_keeps_its_operands_and_nothing_else(reduction, log_target, differentiated):
    operands = tensors(log_target, differentiated=differentiated)
    kept = []

    def keep(tensor):
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = kl_div(*operands, reduction=reduction, log_target=log_target)
    addresses = {operand.data_ptr() for operand in operands}
    assert {tensor.data_ptr() for tensor in kept} <= addresses
    assert len(kept) <= 2
    parents = [node for node, _ in loss.grad_fn.next_functions if node is not None]
    assert [type(node).__name__ for node in parents] == ["AccumulateGrad"] * sum(differentiated)


def test_packed_operands_are_unpacked_for_the_gradient():
    log_q, p = tensors(differentiated=(True, True))
    with torch.autograd.graph.save_on_cpu():
        kl_div(log_q, p, reduction="sum").backward()
    assert_array_equal(log_q.grad, -p.detach())


@pytest.mark.parametrize("changed", [0, 1])
def test_operand_that_changed_before_the_gradient_is_refused(reduction, changed):
    operands = tensors(differentiated=(True, True))
    loss = kl_div(*operands, reduction=reduction).sum()
    with torch.no_grad():
        operands[changed].mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_graph_is_freed_after_its_gradient_and_kept_on_demand():
    log_q, p = tensors(differentiated=(True, False))
    loss = kl_div(log_q, p, reduction="sum")
    loss.backward(retain_graph=True)
    loss.backward()
    assert_array_equal(log_q.grad, -2 * p)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@TYPES
def test_value_alone_has_no_graph(context, reduction, type_):
    operands = tensors(type_=type_, differentiated=(True, True))
    with context(), thread_limit(1):
        loss = kl_div(*operands, reduction=reduction)
        derivatives = kl_div_gradient(*operands, reduction=reduction)
    assert not loss.requires_grad
    assert loss.is_inference() == (context is torch.inference_mode)
    assert not any(derivative.requires_grad for derivative in derivatives)
    close(loss, kl_div(*detached(operands), reduction=reduction), type_)


def test_tensors_of_inference_mode_are_read(reduction):
    with torch.inference_mode():
        operands = tensors()
    close(kl_div(*operands, reduction=reduction), kl_div(*tensors(), reduction=reduction))


def test_enable_grad_within_no_grad_makes_a_graph():
    operands = tensors(differentiated=(True, False))
    with torch.no_grad(), torch.enable_grad():
        assert kl_div(*operands, reduction="sum").requires_grad


@BOTH_SPACES
@DIFFERENTIATED
def test_second_derivative_needs_only_what_is_differentiated(log_target, differentiated):
    operands = tensors(log_target, differentiated=differentiated, zeros=False)
    leaves = [operand for operand in operands if operand.requires_grad]
    derivatives = torch.autograd.grad(
        kl_div(*operands, reduction="sum", log_target=log_target), leaves, create_graph=True
    )
    total = sum(derivative.square().sum() for derivative in derivatives)
    if total.requires_grad:
        total.backward()
        assert all(torch.isfinite(leaf.grad).all() for leaf in leaves if leaf.grad is not None)
    # -p does not depend on log q, so that its derivative ends there.
    assert total.requires_grad == (differentiated != (True, False))


def test_penalty_of_the_gradient_goes_through_a_model():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 5, dtype=torch.float64), torch.nn.LogSoftmax(1))
    samples = torch.rand(3, 4, dtype=torch.float64, requires_grad=True)
    p = torch.softmax(torch.rand(3, 5, dtype=torch.float64), 1)
    loss = kl_div(model(samples), p, reduction="batchmean")
    (derivative,) = torch.autograd.grad(loss, samples, create_graph=True)
    derivative.square().sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters())


def test_nothing_is_kept_alive():
    import weakref

    log_q, p = tensors(differentiated=(True, True))
    kl_div(log_q, p, reduction="sum").backward()
    references = [weakref.ref(log_q), weakref.ref(p)]
    del log_q, p
    gc.collect()
    assert [reference() for reference in references] == [None, None]
