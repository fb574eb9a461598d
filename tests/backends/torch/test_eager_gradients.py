"""torch: the first derivative is the closed form, whatever was asked for."""

import threading
from functools import partial

import pytest
from backends.torch.eager_operands import (
    BOTH_SPACES,
    DIFFERENTIATED,
    IN_SMALL_BLOCKS,
    LAYOUTS,
    SHAPE,
    TYPES,
    assert_gradients,
    check_operands,
    close,
    detached,
    plain,
    tensors,
    torch,
)
from numpy.testing import assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient

pytestmark = IN_SMALL_BLOCKS


@pytest.mark.few(45, 51)
@BOTH_SPACES
@DIFFERENTIATED
@TYPES
def test_gradient_is_the_closed_form_and_only_what_was_asked_for(
    type_, reduction, log_target, differentiated
):
    options = {"reduction": reduction, "log_target": log_target}
    operands = tensors(log_target, type_, differentiated)
    loss = kl_div(*operands, **options)
    upstream = torch.full_like(loss, 3).detach()
    loss.backward(upstream)
    closed = kl_div_gradient(*detached(operands), **options, upstream=upstream)
    assert_gradients(operands, closed, differentiated, type_)


def test_gradients_of_operands_of_two_types_have_their_types(reduction):
    log_q, p = tensors(type_="float32", differentiated=(True, True))
    wide = p.detach().double().requires_grad_()
    loss = kl_div(log_q, wide, reduction=reduction)
    assert loss.dtype == torch.float64
    loss.sum().backward()
    assert (log_q.grad.dtype, wide.grad.dtype) == (torch.float32, torch.float64)


ROWS = torch.arange(SHAPE[0])[:, None] % 3 > 0
MASKS = {
    None: ROWS.expand(SHAPE),
    -1: ROWS,
    0: torch.arange(SHAPE[1])[None] % 3 > 0,
    (0, 1): torch.ones(1, 1, dtype=torch.bool),
}


@pytest.mark.few(31, 65)
@BOTH_SPACES
@DIFFERENTIATED
@pytest.mark.parametrize("axis", MASKS, ids=str)
def test_gradients_of_masked_samples_are_those_of_the_plain_expression(
    reduction, axis, differentiated, log_target
):
    options = {"reduction": reduction, "log_target": log_target, "axis": axis}

    def value_and_gradients(way):
        operands = tensors(log_target, differentiated=differentiated)
        (value,) = way(*operands, where=MASKS[axis], **options)
        upstream = torch.linspace(1, 2, value.numel(), dtype=torch.float64)
        value.backward(upstream.reshape(value.shape))
        return [value.detach(), *(one.grad for one in operands if one.requires_grad)]

    found = value_and_gradients(lambda *operands, **named: [kl_div(*operands, **named)])
    close(found, value_and_gradients(partial(plain, kl_div)))


@BOTH_SPACES
@DIFFERENTIATED
@pytest.mark.parametrize("layout", [*LAYOUTS.values()][:4], ids=[*LAYOUTS][:4])
def test_gradient_goes_through_any_layout(layout, log_target, differentiated):
    operands = tensors(log_target, differentiated=differentiated)
    kl_div(*map(layout, operands), reduction="batchmean", log_target=log_target).backward()
    closed = kl_div_gradient(*detached(operands), reduction="batchmean", log_target=log_target)
    assert_gradients(operands, closed, differentiated)


def test_expanded_and_permuted_upstream_is_read_where_it_is():
    log_q, p = tensors(differentiated=(True, True))
    weights = torch.rand(SHAPE[::-1], dtype=torch.float64).t()
    for upstream in (torch.tensor(2.0, dtype=torch.float64).expand(SHAPE), weights):
        found = torch.autograd.grad(kl_div(log_q, p, reduction="none"), (log_q, p), upstream)
        assert_array_equal(found[0], -p.detach() * upstream)


@pytest.mark.few(9, 7)
@BOTH_SPACES
@pytest.mark.parametrize("check", ["gradcheck", "gradgradcheck"])
def test_derivatives_are_those_of_differences(check, reduction, log_target):
    def loss(x, t):
        return kl_div(x, t, reduction=reduction, log_target=log_target)

    assert getattr(torch.autograd, check)(loss, check_operands(log_target))


def test_loss_is_recomputed_under_a_checkpoint():
    from torch.utils.checkpoint import checkpoint

    log_q, p = tensors(differentiated=(True, False))
    checkpoint(lambda x: kl_div(x, p, reduction="sum"), log_q, use_reentrant=False).backward()
    assert_array_equal(log_q.grad, -p)


def test_gradient_may_be_computed_in_another_thread():
    log_q, p = tensors(differentiated=(True, False))
    worker = threading.Thread(target=lambda: kl_div(log_q, p, reduction="sum").backward())
    worker.start()
    worker.join()
    assert_array_equal(log_q.grad, -p)
