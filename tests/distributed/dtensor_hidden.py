"""Loss of hidden states whose tokens, or whose vocabulary, lie in parts."""

import torch
from dtensor_training import ROWS, VOCABULARY
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor

from kldiv_xp import linear_kl_div, linear_kl_div_gradient

WIDTH = 5
# Of the hidden states, the weight, and the target.
PLACES = {
    "tokens": (Shard(0), Replicate(), Shard(0)),
    "vocabulary": (Replicate(), Shard(0), Shard(1)),
    "replicated": (Replicate(), Replicate(), Replicate()),
}


def operands() -> list[torch.Tensor]:
    """Hidden states, the weight of the output layer, and the teacher's logits."""
    generator = torch.Generator().manual_seed(8)
    shapes = (ROWS, WIDTH), (VOCABULARY, WIDTH), (ROWS, VOCABULARY)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def hidden(states: torch.Tensor, weight: torch.Tensor, target: torch.Tensor) -> list[torch.Tensor]:
    """Loss, and its derivatives with respect to the hidden states and the weight; both once more.

    By autograd, and in closed form.
    """
    learned = states.detach().requires_grad_(), weight.detach().requires_grad_()
    loss = linear_kl_div(*learned, target, temperature=2.0)
    options = {"temperature": 2.0, "return_value": True}
    *closed, _ = linear_kl_div_gradient(states, weight, target, **options)
    return [loss.detach(), *torch.autograd.grad(loss, learned), *closed]


def hidden_in_parts(mesh: DeviceMesh, place: str) -> list[torch.Tensor]:
    """The same of operands in parts, gathered."""
    placed = [
        distribute_tensor(one, mesh, [where])
        for one, where in zip(operands(), PLACES[place], strict=True)
    ]
    return [one.full_tensor() if isinstance(one, DTensor) else one for one in hidden(*placed)]


def sentences() -> list[torch.Tensor]:
    """The same of an odd number of sentences of two tokens."""
    generator = torch.Generator().manual_seed(9)
    shapes = (3, 2, WIDTH), (VOCABULARY, WIDTH), (3, 2, VOCABULARY)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def of_uneven_sentences(mesh: DeviceMesh) -> tuple[str, torch.Tensor]:
    """Refusal of sentences that are cut unevenly, and the loss after its remedy."""
    states, weight, target = (
        distribute_tensor(one, mesh, [where])
        for one, where in zip(sentences(), PLACES["tokens"], strict=True)
    )
    told = ""
    try:
        linear_kl_div(states, weight, target)
    except ValueError as error:
        told = str(error)
    states, target = (one.redistribute(placements=[Replicate()]) for one in (states, target))
    return told, linear_kl_div(states, weight, target).full_tensor()
