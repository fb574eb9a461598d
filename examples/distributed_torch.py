"""Distil into a student whose vocabulary is spread over processes, as DTensors of PyTorch.

To run it: python examples/distributed_torch.py
"""

import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, distribute_tensor
from torch.distributed.tensor.debug import CommDebugMode
from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module

from kldiv_xp import kl_div_with_logits

PROCESSES = 2
BATCH, VOCABULARY, WIDTH = 64, 4096, 32
TEMPERATURE = 2.0
STEPS = 60
RATE = 100.0


def lesson():
    """Features of the batch, the teacher's logits, and the head of a student that knows nothing."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn((BATCH, WIDTH), generator=generator)
    teacher = features @ torch.randn((WIDTH, VOCABULARY), generator=generator) / 4
    student = torch.nn.Sequential(torch.nn.Linear(WIDTH, VOCABULARY, bias=False))
    torch.nn.init.zeros_(student[0].weight)
    return student, features, teacher


def train(student, features, teacher):
    """Loss of every step."""
    optimizer = torch.optim.SGD(student.parameters(), lr=RATE)
    curve = []
    for _ in range(STEPS):
        loss = kl_div_with_logits(student(features), teacher, temperature=TEMPERATURE)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.detach())
    return curve


def rank(number, folder):
    """One process: the first of them writes what all of them found."""
    store = f"file://{folder}/meeting"
    dist.init_process_group("gloo", init_method=store, rank=number, world_size=PROCESSES)
    torch.set_num_threads(1)
    mesh = init_device_mesh("cpu", (PROCESSES,))
    student, features, teacher = lesson()
    # Each process has its part of the vocabulary: of the head, and so of the logits.
    kept = ColwiseParallel(output_layouts=Shard(-1), use_local_output=False)
    parallelize_module(student, mesh, {"0": kept})
    teacher = distribute_tensor(teacher, mesh, [Shard(1)])
    curve = [loss.full_tensor().item() for loss in train(student, features, teacher)]
    logits = student(features).detach().requires_grad_()
    with CommDebugMode() as communication:
        kl_div_with_logits(logits, teacher, temperature=TEMPERATURE).backward()
    counts = {str(name): count for name, count in communication.get_comm_counts().items()}
    if number == 0:
        torch.save((curve, counts), f"{folder}/found")
    dist.destroy_process_group()


def main():
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(rank, (folder,), nprocs=PROCESSES)
        curve, counts = torch.load(Path(folder) / "found")
    alone = [loss.item() for loss in train(*lesson())]
    difference = max(abs(a / b - 1) for a, b in zip(curve, alone, strict=True))
    sent = ", ".join(f"{count} {name.split('.')[-1]}" for name, count in counts.items())

    print(f"{BATCH} samples of {VOCABULARY} tokens in {PROCESSES} processes, {STEPS} steps")
    print(f"loss fell from {curve[0]:.3f} to {curve[-1]:.3f} nats per sample")
    print(f"what a loss and its gradient send: {sent}")
    print(f"in a single process every loss is the same but for {difference:.0e} of it")
    return curve, alone, counts


if __name__ == "__main__":
    main()
