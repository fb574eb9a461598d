"""Losses of DTensors with one operand that is a plain tensor, and what the refusal says to do."""

from collections.abc import Callable
from typing import Any

import torch
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Shard, distribute_tensor
from torch.distributed.tensor.experimental import implicit_replication

from kldiv_xp import (
    js_div_with_logits_gradient,
    kl_div,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

ROWS, VOCABULARY, WIDTH = 6, 8, 3
Operands = dict[str, torch.Tensor]


def tensors(**sizes: tuple[int, ...]) -> Operands:
    """Operands of these sizes, the same in every process."""
    generator = torch.Generator().manual_seed(5)
    return {
        name: torch.randn(size, generator=generator, dtype=torch.float64)
        for name, size in sizes.items()
    }


def tables(of_logits: bool) -> Operands:
    """Two operands and a mask of samples."""
    both = tensors(input=(ROWS, VOCABULARY), target=(ROWS, VOCABULARY))
    if not of_logits:
        both = {"input": both["input"].log_softmax(-1), "target": both["target"].softmax(-1)}
    return {**both, "where": torch.arange(ROWS) % 3 > 0}


def known_in_part() -> Operands:
    """A teacher of two classes."""
    both = tables(of_logits=True)
    values, indices = both["target"].log_softmax(-1).topk(2)
    return {"input": both["input"], "indices": indices, "target": values, "where": both["where"]}


def heads() -> Operands:
    """Hidden states and a last layer."""
    sizes = {"input": (ROWS, WIDTH), "weight": (VOCABULARY, WIDTH), "target": (ROWS, VOCABULARY)}
    return tensors(**sizes)


LOSSES: dict[str, tuple[Callable[..., Any], Operands]] = {
    "tables": (lambda **given: kl_div(reduction="sum", axis=-1, **given), tables(of_logits=False)),
    "logits": (kl_div_with_logits, tables(of_logits=True)),
    "gradient": (lambda **given: js_div_with_logits_gradient(**given)[0], tables(of_logits=True)),
    "sparse": (sparse_kl_div_with_logits, known_in_part()),
    "hidden": (linear_kl_div, heads()),
}
CASES = [(loss, name) for loss, (_, operands) in LOSSES.items() for name in operands]


def beside_plain(mesh: DeviceMesh, loss: str, name: str) -> tuple[str, torch.Tensor, torch.Tensor]:
    """What is told of a plain operand; the loss after the remedy, and with implicit copies."""
    function, operands = LOSSES[loss]
    cut = {one: distribute_tensor(value, mesh, [Shard(0)]) for one, value in operands.items()}
    given = {**cut, name: operands[name]}
    try:
        function(**given)
    except TypeError as error:
        told = str(error)
    else:
        told = ""
    followed = function(**{**cut, name: DTensor.from_local(operands[name], mesh)})
    with implicit_replication():
        implicit = function(**given)
    return told, followed.full_tensor(), implicit.full_tensor()


def of_weight_alone(mesh: DeviceMesh) -> str:
    """What is told if the weight alone is a DTensor, as FSDP leaves it."""
    operands = heads()
    weight = distribute_tensor(operands.pop("weight"), mesh, [Shard(0)])
    try:
        linear_kl_div(weight=weight, **operands)
    except TypeError as error:
        return str(error)
    return ""
