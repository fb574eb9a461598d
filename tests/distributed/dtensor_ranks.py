"""Program of every rank of the tests of DTensor, run by torchrun; rank 0 writes the findings.

Expected values are none of its business: the tests compute them in a single process.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import torch
import torch.distributed as dist
from functorch.compile import make_boxed_func
from torch._dynamo.backends.common import aot_autograd
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.debug import CommDebugMode
from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module
from torch.distributed.tensor.placement_types import Placement
from torch.nn.parallel import DistributedDataParallel

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    sparse_kl_div_with_logits,
)
from kldiv_xp.backends.torch import dtensor_split_rows

Loss = Callable[..., torch.Tensor]
Placements = tuple[Shard | Replicate, ...]
ROWS, VOCABULARY, WIDTH, STEPS = 8, 12, 6, 5


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


def value_and_gradient(
    loss: Loss, log_q: torch.Tensor, target: torch.Tensor, *mask: torch.Tensor
) -> list[torch.Tensor]:
    """Loss, and the derivatives of its sum by both operands."""
    log_q, target = log_q.requires_grad_(), target.requires_grad_()
    value = loss(log_q, target, *mask)
    slopes = torch.autograd.grad(value.sum(), (log_q, target))
    return [value.detach(), *slopes]


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
    arrays = apart(name, where)
    return [result.full_tensor() for result in value_and_gradient(LOSSES[name], *arrays)]


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


def closed_gradient(arrays: list[DTensor]) -> list[torch.Tensor]:
    """Derivatives in closed form."""
    return [one.full_tensor() for one in kl_div_gradient(*arrays, reduction="batchmean")]


def closed_gradient_of_logits(
    x: torch.Tensor, t: torch.Tensor, mask: torch.Tensor
) -> list[torch.Tensor]:
    """The same of a masked mean of divergences of logits, and of each of them times a number."""
    slopes = kl_div_with_logits_gradient(x, t, temperature=2.0, reduction="mean", where=mask)
    above = kl_div_with_logits(x, t, reduction="none")
    chained = js_div_with_logits_gradient(x, t, reduction="none", upstream=above)
    return [*slopes, *chained]


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
    slopes = kl_div_gradient(log_q, p, reduction=REDUCTIONS[kind], upstream=placed, where=mask)
    return [one.full_tensor() for one in slopes]


def teachers() -> list[torch.Tensor]:
    """Logits of a student, places of a teacher's entries, its log-probabilities, and a mask."""
    generator = torch.Generator().manual_seed(6)
    student, teacher = torch.randn((2, ROWS, VOCABULARY), generator=generator, dtype=torch.float64)
    top = teacher.log_softmax(-1).topk(3)
    return [student, top.indices, top.values, torch.arange(ROWS)[:, None] % 3 > 0]


def sparse(student: torch.Tensor, *others: torch.Tensor) -> list[torch.Tensor]:
    """Loss from a teacher known at some indices, and its gradient."""
    indices, target, where = others
    student = student.detach().requires_grad_()
    options = {"where": where, "reduction": "mean", "temperature": 2.0}
    loss = sparse_kl_div_with_logits(student, indices, target, **options)
    return [loss.detach(), *torch.autograd.grad(loss, student)]


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


def new_student() -> torch.nn.Sequential:
    """Logits of the next token, the same in every process."""
    torch.manual_seed(3)
    embedding = torch.nn.Embedding(VOCABULARY, WIDTH, dtype=torch.float64)
    head = torch.nn.Linear(WIDTH, VOCABULARY, dtype=torch.float64)
    return torch.nn.Sequential(embedding, head)


def lesson() -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and the teacher's logits for them."""
    generator = torch.Generator().manual_seed(4)
    tokens = torch.randint(VOCABULARY, (ROWS,), generator=generator)
    table = torch.randn((VOCABULARY, VOCABULARY), generator=generator, dtype=torch.float64)
    return tokens, 2 * table[tokens]


def train(student: torch.nn.Module, tokens: torch.Tensor, teacher: torch.Tensor) -> list[Any]:
    """Losses of some steps, then the weights."""
    optimizer = torch.optim.SGD(student.parameters(), lr=1.0)
    curve = []
    for _ in range(STEPS):
        loss = kl_div_with_logits(student(tokens), teacher, temperature=2.0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.detach())
    return [*curve, *(weight.detach() for weight in student.parameters())]


def trained(kind: str, mesh: DeviceMesh) -> list[torch.Tensor]:
    """The same for a student in many processes: each has its part of the batch, or of the head."""
    student, (tokens, teacher) = new_student(), lesson()
    if kind == "head":
        plan = {"1": ColwiseParallel(output_layouts=Shard(-1), use_local_output=False)}
        parallelize_module(student, mesh, plan)
        teacher = distribute_tensor(teacher, mesh, [Shard(1)])
    else:
        rank, world = dist.get_rank(), dist.get_world_size()
        tokens, teacher = tokens.chunk(world)[rank], teacher.chunk(world)[rank]
        if kind == "ddp":
            student = DistributedDataParallel(student)
        else:
            for layer in (*student, student):
                fully_shard(layer, mesh=mesh)
    results = train(student, tokens, teacher)
    return [one.full_tensor() if isinstance(one, DTensor) else averaged(one) for one in results]


def averaged(tensor: torch.Tensor) -> torch.Tensor:
    """Mean over the ranks, of losses of parts of the batch and of weights that are all alike."""
    total = tensor.clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


def main(path: str, *, compiling: bool = True) -> None:
    """Everything, once."""
    dist.init_process_group("gloo", timeout=timedelta(seconds=60))
    # Rows in parts go through in several blocks, of a row or two.
    dtensor_split_rows.DTENSOR_BLOCK_ELEMENTS = 2 * VOCABULARY // dist.get_world_size()
    found: dict[str, Any] = {
        (name, where): found_by(name, layout)
        for where, layout in LAYOUTS.items()
        for name in LOSSES
    }
    for where, layout in LAYOUTS.items():
        found["closed", where] = closed_gradient(distributed("sum", layout))
        of_logits = closed_gradient_of_logits(*distributed("logits, masked", layout))
        found["closed logits", where] = [one.full_tensor() for one in of_logits]
        for kind in REDUCTIONS:
            found["chained", kind, where] = chained(kind, layout)
    for where in APART:
        found["closed", where] = closed_gradient(apart("sum", where))
        for name in ("batchmean", "terms", "samples", "logits"):
            found["apart", name, where] = found_apart(name, where)
    for name in ("batchmean", "masked", "logits", "logits, rows") if compiling else ():
        for where in ("batch", "vocabulary"):
            found["compiled", name, where] = compiled(name, LAYOUTS[where])
    found["sparse"] = sparse_in_parts(meshes()[1])
    for kind in ("ddp", "fsdp", "head"):
        found["trained", kind] = trained(kind, meshes()[1])
    if dist.get_rank() == 0:
        torch.save(found, path)
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
