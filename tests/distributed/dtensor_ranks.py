"""Program of every rank of the tests of DTensor, run by torchrun; rank 0 writes the findings.

Expected values are none of its business: the tests compute them in a single process.
"""

import json
import math
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import dtensor_beside_plain
import dtensor_hidden
import dtensor_operands as given
import dtensor_training as training
import torch
import torch.distributed as dist
from dtensor_operands import (
    APART,
    COMPILED,
    LAYOUTS,
    LOSSES,
    REDUCTIONS,
    Layout,
    Loss,
    distributed,
    meshes,
)
from dtensor_training import ROWS, VOCABULARY
from functorch.compile import make_boxed_func
from torch._dynamo.backends.common import aot_autograd
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import Replicate, Shard, distribute_tensor
from torch.distributed.tensor.debug import CommDebugMode

from kldiv_xp import (
    js_div_with_logits_gradient,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    sparse_kl_div_with_logits,
    sparse_kl_div_with_logits_gradient,
)
from kldiv_xp.backends.torch import dtensor_row_blocks


def value_and_gradient(
    loss: Loss, log_q: torch.Tensor, target: torch.Tensor, *mask: torch.Tensor
) -> list[torch.Tensor]:
    """Loss, and the derivatives of its sum by both operands."""
    log_q, target = log_q.requires_grad_(), target.requires_grad_()
    value = loss(log_q, target, *mask)
    derivatives = torch.autograd.grad(value.sum(), (log_q, target))
    return [value.detach(), *derivatives]


def found_by(name: str, layout: Layout) -> dict[str, Any]:
    """Value and gradient of distributed operands, and how often which collective was called."""
    arrays = distributed(name, layout)
    with CommDebugMode() as communication:
        results = value_and_gradient(LOSSES[name], *arrays)
    counts = {str(kind): count for kind, count in communication.get_comm_counts().items()}
    return {
        "results": [result.full_tensor() for result in results],
        "placements": [str(result.placements) for result in results],
        "collectives": counts,
    }


def found_apart(name: str, where: str) -> list[torch.Tensor]:
    """Value and gradient of operands that lie in different ways."""
    arrays = given.apart(name, where)
    return [result.full_tensor() for result in value_and_gradient(LOSSES[name], *arrays)]


def compiled(name: str, layout: Layout) -> dict[str, Any]:
    """The same of one whole graph of torch.compile, and the collectives in what it compiles."""
    torch.compiler.reset()
    called: list[str] = []

    def keep(graph: torch.fx.GraphModule, _: object) -> Callable[..., Any]:
        called.extend(str(node.target) for node in graph.graph.nodes if node.op == "call_function")
        return make_boxed_func(graph.forward)

    backend = aot_autograd(fw_compiler=keep, bw_compiler=keep)
    loss = torch.compile(LOSSES[name], backend=backend, fullgraph=True)
    results = value_and_gradient(loss, *distributed(name, layout))
    return {
        "results": [result.full_tensor() for result in results],
        "placements": [str(result.placements) for result in results],
        "collectives": [one for one in called if "c10d" in one and "wait" not in one],
    }


def closed_gradient(arrays: list[torch.Tensor]) -> list[torch.Tensor]:
    """Derivatives in closed form, alone and after the loss, its samples and its terms."""
    gradient = partial(kl_div_gradient, *arrays)
    return [
        *gradient(reduction="batchmean"),
        *gradient(reduction="batchmean", return_value=True),
        *gradient(reduction="none", axis=-1, return_value=True),
        *gradient(reduction="none", return_value=True),
    ]


def closed_gradient_of_logits(
    x: torch.Tensor, t: torch.Tensor, mask: torch.Tensor
) -> list[torch.Tensor]:
    """The same of a masked mean of divergences of logits, and of each of them times a number."""
    options = {"temperature": 2.0, "reduction": "mean", "where": mask}
    above = kl_div_with_logits(x, t, reduction="none")
    chained = {"reduction": "none", "upstream": above}
    return [
        *kl_div_with_logits_gradient(x, t, **options),
        *kl_div_with_logits_gradient(x, t, return_value=True, **options),
        *js_div_with_logits_gradient(x, t, **chained),
        *js_div_with_logits_gradient(x, t, return_value=True, **chained),
    ]


def upstream_of(kind: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Derivative of something by the loss, or by each of its terms."""
    if kind == "number":
        return torch.tensor(3.0, dtype=torch.float64)
    return torch.arange(1.0, 1 + math.prod(shape), dtype=torch.float64).reshape(shape)


def chained(kind: str, layout: Layout) -> list[torch.Tensor]:
    """The same times a derivative that lies in all processes, or in parts as the operands do."""
    log_q, p, mask = distributed("terms, masked", layout)
    upstream = upstream_of(kind, layout.shape)
    places = [Replicate()] * len(layout.placements) if kind == "number" else layout.placements
    placed = distribute_tensor(upstream, log_q.device_mesh, places)
    derivatives = kl_div_gradient(log_q, p, reduction=REDUCTIONS[kind], upstream=placed, where=mask)
    return [one.full_tensor() for one in derivatives]


def teachers() -> list[torch.Tensor]:
    """Logits of a student, places of a teacher's entries, its log-probabilities, and a mask."""
    generator = torch.Generator().manual_seed(6)
    student, teacher = torch.randn((2, ROWS, VOCABULARY), generator=generator, dtype=torch.float64)
    top = teacher.log_softmax(-1).topk(3)
    return [student, top.indices, top.values, torch.arange(ROWS)[:, None] % 3 > 0]


def sparse(student: torch.Tensor, *others: torch.Tensor) -> list[torch.Tensor]:
    """Loss from a teacher known at some indices, and its gradient."""
    indices, target, where = others
    options = {"where": where, "reduction": "mean", "temperature": 2.0}
    closed = sparse_kl_div_with_logits_gradient(
        student, indices, target, return_value=True, **options
    )
    student = student.detach().requires_grad_()
    loss = sparse_kl_div_with_logits(student, indices, target, **options)
    return [loss.detach(), *torch.autograd.grad(loss, student), *closed]


def sparse_in_parts(mesh: DeviceMesh) -> list[Any]:
    """The same where every process has some samples, and why they are not to be split."""
    placed = [distribute_tensor(one, mesh, [Shard(0)]) for one in teachers()]
    results: list[Any] = [one.full_tensor() for one in sparse(*placed)]
    split = distribute_tensor(teachers()[0], mesh, [Shard(1)])
    try:
        sparse(split, *placed[1:])
    except ValueError as error:
        results.append(str(error))
    followed = split.redistribute(placements=[Replicate()])
    return [*results, *(one.full_tensor() for one in sparse(followed, *placed[1:]))]


def main(path: str, *, compiling: bool) -> None:
    """Everything that is eager, or that is compiled, once."""
    dist.init_process_group("gloo", timeout=timedelta(seconds=300))
    # Rows in parts go through in several blocks, of a row or two.
    dtensor_row_blocks.DTENSOR_BLOCK_ELEMENTS = 2 * VOCABULARY // dist.get_world_size()
    found = found_compiled() if compiling else found_eager()
    if dist.get_rank() == 0:
        torch.save(found, path)
    dist.destroy_process_group()


def found_compiled() -> dict[Any, Any]:
    """Results of the compiled programs."""
    return {(name, where): compiled(name, LAYOUTS[where]) for name, where in COMPILED}


def found_eager() -> dict[Any, Any]:
    """Results of eager calls."""
    found: dict[Any, Any] = {
        (name, where): found_by(name, layout)
        for where, layout in LAYOUTS.items()
        for name in LOSSES
    }
    for where, layout in LAYOUTS.items():
        closed = closed_gradient(distributed("sum", layout))
        found["closed", where] = [one.full_tensor() for one in closed]
        of_logits = closed_gradient_of_logits(*distributed("logits, masked", layout))
        found["closed logits", where] = [one.full_tensor() for one in of_logits]
        for kind in REDUCTIONS:
            found["chained", kind, where] = chained(kind, layout)
    for where in APART:
        closed = closed_gradient(given.apart("sum", where))
        found["closed", where] = [one.full_tensor() for one in closed]
        for name in ("batchmean", "terms", "samples", "logits"):
            found["apart", name, where] = found_apart(name, where)
    found["sparse"] = sparse_in_parts(meshes()[1])
    for place in dtensor_hidden.PLACES:
        found["hidden", place] = dtensor_hidden.hidden_in_parts(meshes()[1], place)
    found["uneven sentences"] = dtensor_hidden.of_uneven_sentences(meshes()[1])
    for loss, name in dtensor_beside_plain.CASES:
        found["plain", loss, name] = dtensor_beside_plain.beside_plain(meshes()[1], loss, name)
    found["weight alone"] = dtensor_beside_plain.of_weight_alone(meshes()[1])
    for kind in ("ddp", "fsdp", "fsdp, hidden", "head"):
        found["trained", kind] = training.trained(kind, meshes()[1])
    return found


if __name__ == "__main__":
    main(sys.argv[1], **json.loads(sys.argv[2]))
