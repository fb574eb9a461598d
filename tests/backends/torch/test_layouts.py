"""Tensors that lie in memory in any way: every operand of every loss, value and gradients."""

from functools import partial

import pytest

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

ROWS, WIDTH, CLASSES, KNOWN = 4, 5, 7, 3


def operands():
    """Operands of all losses, by name."""
    random = torch.Generator().manual_seed(0)
    normal = partial(torch.randn, generator=random)
    target = normal(ROWS, CLASSES).log_softmax(-1)
    known, indices = target.topk(KNOWN, -1)
    return {
        "input": normal(ROWS, CLASSES),
        "target": target,
        "where": torch.tensor([True, False, True, True]),
        "known": known,
        "indices": indices,
        "hidden": normal(ROWS, WIDTH),
        "weight": normal(CLASSES, WIDTH),
        "bias": normal(CLASSES),
        "states": normal(ROWS, 2),
        "head": normal(CLASSES, 2),
        "offset": normal(CLASSES),
    }


def with_where(loss, **options):
    return lambda left, right, where: loss(left, right, where=where, **options)


def linear(hidden, weight, target, bias, where):
    return linear_kl_div(hidden, weight, target, bias=bias, where=where)


def linear_from_states(hidden, weight, states, bias, head, offset, where):
    options = {"bias": bias, "target_weight": head, "target_bias": offset, "where": where}
    return linear_kl_div(hidden, weight, states, beta=0.3, **options)


def linear_from_known(hidden, weight, known, bias, where, indices):
    options = {"indices": indices, "target_is": "log_probabilities"}
    return linear_kl_div(hidden, weight, known, bias=bias, where=where, **options)


def sparse(input, indices, known, where):
    options = {"target_is": "log_probabilities", "where": where}
    return sparse_kl_div_with_logits(input, indices, known, **options)


PAIR = ("input", "target", "where")
HEAD = ("hidden", "weight")
LOSSES = {
    "kl": (with_where(kl_div, log_target=True, axis=-1, reduction="mean"), PAIR),
    "js": (with_where(js_div, log_target=True), PAIR),
    "kl of logits": (with_where(kl_div_with_logits), PAIR),
    "js of logits": (with_where(js_div_with_logits), PAIR),
    "sparse": (sparse, ("input", "indices", "known", "where")),
    "linear": (linear, (*HEAD, "target", "bias", "where")),
    "linear, states": (linear_from_states, (*HEAD, "states", "bias", "head", "offset", "where")),
    "linear, known": (linear_from_known, (*HEAD, "known", "bias", "where", "indices")),
}


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
    loss, names = LOSSES[name]
    expected = loss_and_gradients(loss, [operands()[one] for one in names])
    for which in names:
        tensors = [layout(operands()[one]) if one == which else operands()[one] for one in names]
        found = loss_and_gradients(loss, tensors)
        torch.testing.assert_close(found, expected, msg=f"{which} is {layout.__name__}")


def loss_and_gradients(loss, tensors):
    """Loss, and its gradients with respect to input or hidden states, and the weight of a head."""
    leaves = [tensors[0].detach().requires_grad_()]
    leaves += [one.requires_grad_() for one in tensors[1:2] if one.shape == (CLASSES, WIDTH)]
    value = loss(*leaves, *tensors[len(leaves) :])
    return value.detach(), *torch.autograd.grad(value, leaves)
