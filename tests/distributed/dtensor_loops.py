"""Program of every rank where rows of logits lie in parts: with compiled loops, and without.

Rank 0 writes the findings; what is expected, the tests compute in a single process.
"""

import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.debug import CommDebugMode

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

ROWS, CLASSES = 8, 75
Tensors = list[torch.Tensor]


@dataclass(frozen=True)
class Case:
    """A loss, and what it is given."""

    options: dict[str, Any]
    shape: tuple[int, int] = (ROWS, CLASSES)
    dtype: torch.dtype = torch.float64
    masked: bool = False
    placements: tuple[Shard | Replicate, ...] = (Shard(1),)

    @property
    def of_kl(self) -> bool:
        """Whether it is a Kullback-Leibler divergence."""
        return "beta" not in self.options


JS, AT_3 = {"beta": 0.5}, {"temperature": 3.0}
CASES = {
    "KL": Case({}),
    "KL, masked": Case({"reduction": "mean"}, masked=True),
    "KL at 2": Case({"temperature": 2.0, "scale_by_temperature_squared": False}),
    "KL at 3": Case(AT_3),
    "KL of p": Case({"target_is": "probabilities"}),
    "KL, float16": Case({}, dtype=torch.float16),
    "KL, bfloat16": Case({}, dtype=torch.bfloat16, masked=True),
    "KL, float32": Case({}, dtype=torch.float32),
    "KL, one class": Case({}, shape=(ROWS, 1)),
    "KL, cut twice": Case({}, placements=(Shard(1), Shard(1))),
    "KL, rows cut too": Case({}, placements=(Shard(0), Shard(1))),
    "KL, one row": Case({}, shape=(1, CLASSES), placements=(Shard(0), Shard(1))),
    "JS": Case(JS),
    "JS, masked": Case({"beta": 0.3, "reduction": "mean", **AT_3}, masked=True),
    "JS, bfloat16": Case(JS, dtype=torch.bfloat16),
    "JS, float32": Case({"beta": 0.3}, dtype=torch.float32),
    "JS, one class": Case(JS, shape=(ROWS, 1)),
    "reverse": Case({"beta": 1.0}),
    "JS of p": Case({"beta": 0.3, "target_is": "probabilities"}),
}
# What each rank sets KLDIV_XP_FUSED to: no loops, loops, and loops in one rank alone.
SETTINGS = {"plain": "00", "loops": "11", "loops of one": "10"}
FORMS = ["value", "derivatives", "closed", "by input", "learned by one"]


def operands(case: Case) -> Tensors:
    """Rows far apart, near and alike, and such that hold -inf, or that alone, or NaN; a mask."""
    generator = torch.Generator().manual_seed(7)
    rows, classes = case.shape
    x, t = 3 * torch.randn((2, ROWS, classes), generator=generator, dtype=torch.float64)
    t[1], t[2] = x[1] * 1.0001, x[2]
    x[3, ::3] = t[3, ::3] = t[4, -1] = -torch.inf
    x[5] = -torch.inf
    x[6, -1] = torch.nan
    if case.options.get("target_is") == "probabilities":
        t = t.softmax(-1)
    mask = [(torch.arange(ROWS) % 3 > 0)[:, None]] * case.masked
    return [x[:rows].to(case.dtype), t[:rows].to(case.dtype), *mask]


def results(case: Case, form: str, x: torch.Tensor, t: torch.Tensor, *mask: Any) -> Tensors:
    """The value, both derivatives by autograd, all three in closed form, or one of them twice.

    Or the value where one rank alone learns.
    """
    loss = kl_div_with_logits if case.of_kl else js_div_with_logits
    gradient = kl_div_with_logits_gradient if case.of_kl else js_div_with_logits_gradient
    options = {"reduction": "none", **case.options, **({"where": mask[0]} if mask else {})}
    if form == "value":
        return [loss(x, t, **options)]
    if form == "closed":
        return list(gradient(x, t, return_value=True, **options))
    is_first = not dist.is_initialized() or dist.get_rank() == 0
    x = x.detach().requires_grad_(is_first or form != "learned by one")
    t = t.detach().requires_grad_(form == "derivatives")
    value = loss(x, t, **options)
    if form == "learned by one":
        return [value.detach()]
    if form == "derivatives":
        return list(torch.autograd.grad(value.sum(), (x, t)))
    return [torch.autograd.grad(value.sum(), x, retain_graph=True)[0] for _ in range(2)]


def placed(case: Case) -> list[DTensor]:
    """Operands in parts; a mask is whole along the classes."""
    mesh = meshes()[len(case.placements)]
    beside = [Replicate() if one.is_shard(1) else one for one in case.placements]
    x, t, *mask = operands(case)
    return [
        *(distribute_tensor(one, mesh, case.placements) for one in (x, t)),
        *(distribute_tensor(one, mesh, beside) for one in mask),
    ]


@cache
def meshes() -> dict[int, DeviceMesh]:
    """All ranks, in a row and in two columns."""
    world = dist.get_world_size()
    shapes = (world,), (world // 2, 2)
    return {len(shape): init_device_mesh("cpu", shape) for shape in shapes}


def found_by(case: Case, form: str) -> dict[str, Any]:
    """Results, and how often ranks have met."""
    arrays = placed(case)
    with CommDebugMode() as communication:
        found = results(case, form, *arrays)
    counts = {str(kind): count for kind, count in communication.get_comm_counts().items()}
    return {"results": [one.full_tensor() for one in found], "collectives": counts}


def main(path: str) -> None:
    """Everything, once."""
    dist.init_process_group("gloo", timeout=timedelta(seconds=300))
    found = {}
    for name, settings in SETTINGS.items():
        os.environ["KLDIV_XP_FUSED"] = settings[min(dist.get_rank(), 1)]
        for told, case in CASES.items():
            for form in FORMS:
                found[name, told, form] = found_by(case, form)
    if dist.get_rank() == 0:
        torch.save(found, path)
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
