"""Tensors that lie in memory in any way: every operand of every loss, value and gradients."""

import pytest
from backends.torch.losses import LOSSES, operands, torch


def spaced(tensor):
    """Every other element of a larger tensor, which begins later."""
    wide = tensor.new_zeros((*tensor.shape[:-1], 2 * tensor.shape[-1] + 1))
    wide[..., 1::2] = tensor
    return wide[..., 1::2]


def across(tensor):
    """The axes of memory in the opposite order."""
    backwards = tuple(reversed(range(tensor.ndim)))
    return tensor.permute(backwards).contiguous().permute(backwards)


def later(tensor):
    """Contiguous, but not from the start of its storage."""
    return torch.cat([tensor[:1], tensor])[1:]


LAYOUTS = [spaced, across, later]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", LOSSES)
def test_each_operand_may_lie_in_memory_in_any_way(name, layout):
    loss = LOSSES[name]
    expected = loss_and_gradients(loss, operands())
    for which in (*loss.operands.values(), "where"):
        tensors = operands()
        tensors[which] = layout(tensors[which])
        found = loss_and_gradients(loss, tensors)
        torch.testing.assert_close(found, expected, msg=f"{which} is {layout.__name__}")


def loss_and_gradients(loss, tensors):
    """Loss, and its gradients with respect to input or hidden states, and the weight of a head."""
    names = [loss.operands[one] for one in ("input", "weight") if one in loss.operands]
    leaves = {name: tensors[name].detach().requires_grad_() for name in names}
    value = loss({**tensors, **leaves}, where=tensors["where"])
    return value.detach(), *torch.autograd.grad(value, list(leaves.values()))
