"""A student of logits, trained in one process or in many."""

from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Shard, distribute_tensor
from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module
from torch.nn.parallel import DistributedDataParallel

from kldiv_xp import kl_div_with_logits, linear_kl_div

ROWS, VOCABULARY, WIDTH, STEPS = 8, 12, 6, 5


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


def loss_of_logits(
    student: torch.nn.Module, tokens: torch.Tensor, teacher: torch.Tensor
) -> torch.Tensor:
    """Loss of what the last layer gives."""
    return kl_div_with_logits(student(tokens), teacher, temperature=2.0)


def loss_of_states(
    student: torch.nn.Module, tokens: torch.Tensor, teacher: torch.Tensor
) -> torch.Tensor:
    """The same from hidden states and the weight, which FSDP gathers when asked."""
    head = student[1]
    if hasattr(head, "unshard"):
        head.unshard()
    return linear_kl_div(student(tokens), head.weight, teacher, bias=head.bias, temperature=2.0)


class States(torch.nn.Sequential):
    """A student whose forward stops before the last layer."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Hidden states."""
        return self[0](tokens)


def train(
    student: torch.nn.Module,
    tokens: torch.Tensor,
    teacher: torch.Tensor,
    loss_of: Callable[..., torch.Tensor] = loss_of_logits,
) -> list[Any]:
    """Losses of some steps, then the weights."""
    optimizer = torch.optim.SGD(student.parameters(), lr=1.0)
    curve = []
    for _ in range(STEPS):
        loss = loss_of(student, tokens, teacher)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.detach())
    return [*curve, *(weight.detach() for weight in student.parameters())]


def alone() -> list[Any]:
    """The same for a student in one process."""
    return train(new_student(), *lesson())


def trained(kind: str, mesh: DeviceMesh) -> list[torch.Tensor]:
    """The same for one in many processes: each has its part of the batch, or of the head."""
    student, (tokens, teacher) = new_student(), lesson()
    if kind == "head":
        plan = {"1": ColwiseParallel(output_layouts=Shard(-1), use_local_output=False)}
        parallelize_module(student, mesh, plan)
        teacher = distribute_tensor(teacher, mesh, [Shard(1)])
    else:
        rank, world = dist.get_rank(), dist.get_world_size()
        tokens, teacher = tokens.chunk(world)[rank], teacher.chunk(world)[rank]
        if kind == "fsdp, hidden":
            student = States(*student)
        if kind == "ddp":
            student = DistributedDataParallel(student)
        else:
            for layer in (*student, student):
                fully_shard(layer, mesh=mesh)
    of_states = kind == "fsdp, hidden"
    loss_of = loss_of_states if of_states else loss_of_logits
    results = train(student, tokens, teacher, loss_of)
    return [one.full_tensor() if isinstance(one, DTensor) else averaged(one) for one in results]


def averaged(tensor: torch.Tensor) -> torch.Tensor:
    """Mean over the ranks, of losses of parts of the batch and of weights that are all alike."""
    total = tensor.clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()
