"""torch: torch.func, forward mode and Hessians of the eager loss."""

from functools import partial

import pytest
from backends.torch.eager_operands import (
    BOTH_SPACES,
    IN_SMALL_BLOCKS,
    SHAPE,
    TYPES,
    check_operands,
    close,
    tensors,
    torch,
)

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    sparse_kl_div_with_logits,
)

pytestmark = IN_SMALL_BLOCKS


@pytest.mark.few(16, 16)
@BOTH_SPACES
@TYPES
def test_mapped_loss_is_the_loss_of_each(type_, reduction, log_target):
    operands = tensors(log_target, type_)

    def loss(x, t):
        return kl_div(x, t, reduction=reduction, log_target=log_target)

    together = torch.func.vmap(loss)(*operands)
    apart = torch.stack([loss(x, t) for x, t in zip(*operands, strict=True)])
    close(together, apart, type_)
    half = torch.func.vmap(loss, (0, None))(operands[0], operands[1][5])
    close(half, torch.stack([loss(x, operands[1][5]) for x in operands[0]]), type_)


@BOTH_SPACES
def test_functional_derivatives_are_the_closed_form(log_target):
    operands = tensors(log_target)

    def loss(x, t):
        return kl_div(x, t, reduction="sum", log_target=log_target)

    closed = kl_div_gradient(*operands, reduction="sum", log_target=log_target)
    for found in (
        torch.func.grad(loss, (0, 1))(*operands),
        torch.func.jacrev(loss, (0, 1))(*operands),
        torch.func.vmap(torch.func.grad(loss, (0, 1)))(*operands),
    ):
        for derivative, exact in zip(found, closed, strict=True):
            close(derivative, exact)


@BOTH_SPACES
def test_forward_mode_agrees_with_reverse_mode(reduction, log_target):
    operands = tensors(log_target, zeros=False)
    moves = [torch.rand(SHAPE, dtype=torch.float64) for _ in operands]

    def loss(x, t):
        return kl_div(x, t, reduction=reduction, log_target=log_target)

    value, moved = torch.func.jvp(loss, tuple(operands), tuple(moves))
    closed = kl_div_gradient(*operands, reduction=reduction, log_target=log_target)
    along = sum(derivative * move for derivative, move in zip(closed, moves, strict=True))
    close(moved, along if reduction == "none" else along.sum())
    close(value, loss(*operands))

    from torch.autograd import forward_ad

    with forward_ad.dual_level():
        dual = [forward_ad.make_dual(o, m) for o, m in zip(operands, moves, strict=True)]
        close(forward_ad.unpack_dual(loss(*dual)).tangent, moved)
        assert forward_ad.unpack_dual(loss(*operands)).tangent is None


@BOTH_SPACES
def test_hessians_agree(log_target):
    operands = check_operands(log_target)

    def loss(x, t):
        return kl_div(x, t, reduction="sum", log_target=log_target)

    old = torch.autograd.functional.hessian(loss, operands)
    new = torch.func.hessian(loss, (0, 1))(*operands)
    for old_row, new_row in zip(old, new, strict=True):
        for a, b in zip(old_row, new_row, strict=True):
            close(a, b.detach())


def of_top(x, t, axis):
    """A loss whose teacher is known at two classes."""
    axis %= x.ndim
    known = t.log_softmax(axis).narrow(axis, 1, 2)
    places = torch.arange(1, 3).reshape([2 if place == axis else 1 for place in range(x.ndim)])
    return sparse_kl_div_with_logits(x, places.expand(known.shape), known, axis=axis)


ALONG = {
    "KL": kl_div_with_logits,
    "JS": js_div_with_logits,
    "js_div": lambda x, t, axis: js_div(x.log_softmax(axis), t.softmax(axis), axis=axis),
    "sparse": of_top,
    "KL of p": lambda x, t, axis: kl_div_with_logits(
        x, t.softmax(axis), axis=axis, target_is="probabilities"
    ),
    "derivative": lambda x, t, axis: kl_div_with_logits_gradient(x, t, axis=axis)[1].square().sum(),
}


@pytest.mark.few(7, 11)
@pytest.mark.parametrize("axis", [0, 1, -2])
@pytest.mark.parametrize("name", ALONG)
def test_losses_along_any_axis_are_mapped(name, axis):
    x, t = torch.randn((2, 3, 4, 5, 2), generator=torch.Generator().manual_seed(1))
    loss = partial(ALONG[name], axis=axis)
    for function in (loss, torch.func.grad(loss)):
        apart = torch.stack([function(*pair) for pair in zip(x, t, strict=True)])
        close(torch.func.vmap(function)(x, t), apart, "float32")
