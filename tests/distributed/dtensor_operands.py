"""Operands of the tests of DTensor, where they lie, and the losses of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.distributed as dist
from dtensor_training import ROWS, VOCABULARY
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.placement_types import Placement

from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits

Loss = Callable[..., torch.Tensor]
Placements = tuple[Shard | Replicate, ...]


@dataclass(frozen=True)
class Layout:
    """Operands of some size and type, and where their parts lie, in a mesh of so many axes."""

    placements: Placements
    shape: tuple[int, ...] = (ROWS, VOCABULARY)
    dtype: torch.dtype = torch.float64


# Where four processes share 3 rows or columns, one of them has nothing.
LAYOUTS = {
    "batch": Layout((Shard(0),)),
    "vocabulary": Layout((Shard(1),)),
    "replicated": Layout((Replicate(),)),
    "batch, uneven": Layout((Shard(0),), (7, VOCABULARY)),
    "vocabulary, uneven": Layout((Shard(1),), (ROWS, 13)),
    "batch, fewer than processes": Layout((Shard(0),), (3, VOCABULARY)),
    "vocabulary, fewer than processes": Layout((Shard(1),), (ROWS, 3)),
    "batch, bfloat16": Layout((Shard(0),), dtype=torch.bfloat16),
    "vocabulary, bfloat16": Layout((Shard(1),), dtype=torch.bfloat16),
    "vocabulary of sequences": Layout((Shard(2),), (4, 2, 3)),
    "batch and vocabulary": Layout((Shard(0), Shard(1))),
    "vocabulary and copies": Layout((Shard(1), Replicate())),
    "vocabulary, cut twice": Layout((Shard(1), Shard(1))),
}

# Where the operands lie apart, torch's own operations bring them together.
APART = {
    "batch beside vocabulary": (Shard(0), Shard(1)),
    "batch beside replicated": (Shard(0), Replicate()),
    "vocabulary beside replicated": (Shard(1), Replicate()),
    "batch beside sums to come": (Shard(0), Partial()),
}


def with_options(loss: Loss, **options: Any) -> Loss:
    """Loss with options, and with a mask of rows if there is one."""
    return lambda log_q, target, where=None: loss(log_q, target, where=where, **options)


LOSSES: dict[str, Loss] = {
    "sum": with_options(kl_div, reduction="sum"),
    "mean": with_options(kl_div, reduction="mean"),
    "batchmean": with_options(kl_div, reduction="batchmean"),
    "terms": with_options(kl_div, reduction="none"),
    "samples": with_options(kl_div, reduction="none", axis=-1),
    "masked": with_options(kl_div, reduction="mean", axis=-1),
    "terms, masked": with_options(kl_div, reduction="none"),
    "samples, masked": with_options(kl_div, reduction="none", axis=-1),
    "logarithm": with_options(kl_div, reduction="batchmean", log_target=True),
    "tables": with_options(kl_div, reduction="sum", log_input=False, generalized=True),
    "logits": with_options(kl_div_with_logits, temperature=2.0),
    "logits, rows": with_options(kl_div_with_logits, reduction="none"),
    "logits, masked": with_options(kl_div_with_logits, reduction="mean"),
    "logits, probabilities": with_options(kl_div_with_logits, target_is="probabilities"),
    "logits, near": with_options(kl_div_with_logits, reduction="none"),
    "js": with_options(js_div_with_logits),
    "js, near": with_options(js_div_with_logits, reduction="none"),
}


# Compiled losses: each once, where processes add up or where they do not.
COMPILED = [
    *[("batchmean", "vocabulary"), ("masked", "batch")],
    *[("logits", "vocabulary"), ("logits, rows", "batch")],
]
# What an upstream derivative of either kind belongs to.
REDUCTIONS = {"number": "sum", "terms": "none"}

OF_PROBABILITIES = (
    "sum",
    "mean",
    "batchmean",
    "terms",
    "samples",
    "masked",
    "terms, masked",
    "samples, masked",
    "tables",
    "logits, probabilities",
)


def operands(name: str, layout: Layout) -> list[torch.Tensor]:
    """Log-probabilities, what a loss takes for a target, and its mask if it has one.

    Probabilities of 0 are among them, and the same numbers in every process.
    """
    generator = torch.Generator().manual_seed(9)
    logits = torch.randn((2, *layout.shape), generator=generator, dtype=torch.float64)
    log_q, p = logits[0].log_softmax(-1), logits[1].softmax(-1)
    p[1, ..., ::3] = 0
    log_q[1, ..., 0] = -torch.inf
    rows = torch.arange(math.prod(layout.shape[:-1])).reshape(*layout.shape[:-1], 1) % 3 > 0
    whole = name in ("terms, masked", "samples, masked")
    shaped = rows.expand(layout.shape) if whole else rows[..., 0] if name == "masked" else rows
    mask = [shaped] if "masked" in name else []
    target = p if name in OF_PROBABILITIES else p.log()
    if "near" in name:
        target = log_q + distances(layout) * logits[1]
    if name == "tables":
        log_q = log_q.exp()
    if name.startswith(("logits", "js")) and layout.dtype == torch.float64:
        log_q = log_q - 1000  # logits whose exponentials are 0
    return [log_q.to(layout.dtype), target.to(layout.dtype), *mask]


def distances(layout: Layout) -> torch.Tensor:
    """How far apart the logits of a row are: each form has a row, and equal ones are among them."""
    shape = layout.shape[:-1]
    rows = torch.arange(math.prod(shape)).reshape(*shape, 1)
    return torch.tensor([3.0, 1e-4, 0.0, 0.3], dtype=torch.float64)[rows % 4]


def distributed(name: str, layout: Layout) -> list[DTensor]:
    """The same, placed; a mask of rows has nothing to be cut in along the vocabulary."""
    mesh = meshes()[len(layout.placements)]
    last = len(layout.shape) - 1
    beside = [Replicate() if one.is_shard(last) else one for one in layout.placements]
    return [
        distribute_tensor(one, mesh, layout.placements if one.shape == layout.shape else beside)
        for one in operands(name, layout)
    ]


@cache
def meshes() -> dict[int, DeviceMesh]:
    """All processes, in a row and in two columns."""
    world = dist.get_world_size()
    return {
        1: init_device_mesh("cpu", (world,)),
        2: init_device_mesh("cpu", (world // 2, 2), mesh_dim_names=("row", "column")),
    }


def apart(name: str, where: str) -> list[DTensor]:
    """Operands that lie in different ways."""
    mesh, arrays = meshes()[1], operands(name, LAYOUTS["batch"])
    places = APART[where]
    return [placed_as(one, mesh, place) for one, place in zip(arrays, places, strict=True)]


def placed_as(tensor: torch.Tensor, mesh: DeviceMesh, placement: Placement) -> DTensor:
    """Tensor placed; of a sum yet to be added up the first process has all."""
    if not placement.is_partial():
        return distribute_tensor(tensor, mesh, [placement])
    share = tensor if dist.get_rank() == 0 else torch.zeros_like(tensor)
    return DTensor.from_local(share, mesh, [placement], run_check=False)
