"""Measure on DTensor: all ranks run the same program, rank 0 hands over the records."""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor, Shard, distribute_tensor
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.distributed.memory import forget_peak, peak
from benchmarks.distributed.records import hand_over
from kldiv_xp import kl_div, kl_div_with_logits

LAYOUTS = {"batch": Shard(0), "vocabulary": Shard(1)}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "batchmean": partial(kl_div, reduction="batchmean"),
    "samples": partial(kl_div, reduction="none", axis=-1),
    "logits": kl_div_with_logits,
}


NAMES = {"c10d::allreduce_": "all-reduce", "_c10d_functional::all_reduce": "all-reduce"}
# What sends nothing.
SILENT = ("_c10d_functional::wait_tensor", "_c10d_functional::_wrap_tensor_autograd")


class Collectives(TorchDispatchMode):
    """Elements that every collective is called with."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[int]] = {}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Count, and do it."""
        if any(issubclass(kind, DTensor) for kind in types):
            return NotImplemented
        name = NAMES.get(function.name(), function.name())
        if function.namespace in ("c10d", "_c10d_functional") and name not in SILENT:
            tensors = args[0] if isinstance(args[0], list | tuple) else args[:1]
            self.found.setdefault(name, []).append(sum(one.numel() for one in tensors))
        return function(*args, **(kwargs or {}))


def whole(result: torch.Tensor) -> torch.Tensor:
    """Result that every rank has, and not only its part of a sum."""
    if isinstance(result, DTensor) and any(one.is_partial() for one in result.placements):
        return result.full_tensor()
    return result


def with_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Loss and its derivative by input."""

    def both(log_q: torch.Tensor, p: torch.Tensor) -> Any:
        log_q = log_q.detach().requires_grad_()
        value = function(log_q, p)
        return torch.autograd.grad(value, log_q)[0], whole(value.detach())

    return both


def functions() -> dict[str, Callable[..., Any]]:
    """The losses, and those that are one number with their gradient by input."""
    alone = {name: (lambda *arrays, f=f: whole(f(*arrays))) for name, f in FUNCTIONS.items()}
    both = {f"{n}, gradient": with_gradient(f) for n, f in FUNCTIONS.items() if n != "samples"}
    # What it costs that all ranks begin and end together.
    return alone | both | {"nothing": lambda *_: None}


def operands(rows: int, columns: int, mesh: DeviceMesh, layout: str) -> list[torch.Tensor]:
    """Log-probabilities and probabilities; plain tensors in a single process."""
    generator = torch.Generator().manual_seed(0)
    logits = [torch.randn((rows, columns), generator=generator) for _ in range(2)]
    whole_ones = [logits[0].log_softmax(1), logits[1].softmax(1)]
    if dist.get_world_size() == 1:
        return whole_ones
    placed = [distribute_tensor(one, mesh, [LAYOUTS[layout]]) for one in whole_ones]
    return [
        DTensor.from_local(one.to_local().clone(), mesh, one.placements, run_check=False)
        for one in placed
    ]


def runs(rows: int, columns: int, repeats: int) -> Iterator[dict[str, Any]]:
    """A record for every layout and function."""
    world = dist.get_world_size()
    mesh = init_device_mesh("cpu", (world,))
    for layout in LAYOUTS:
        arrays = operands(rows, columns, mesh, layout)
        for name, function in functions().items():
            with Collectives() as collectives:
                function(*arrays)
            before, times = forget_peak(), []
            for _ in range(repeats + 1):
                dist.barrier()
                started = time.perf_counter()
                result = function(*arrays)
                dist.barrier()
                times.append(time.perf_counter() - started)
                del result
            yield {
                "engine": "dtensor",
                "workers": world,
                "layout": layout,
                "function": name,
                "rows": rows,
                "columns": columns,
                "seconds": times[1:],
                "peak": peak(),
                "extra": max(0, peak() - before),
                "collectives": collectives.found,
            }


if __name__ == "__main__":
    dist.init_process_group("gloo")
    torch.set_num_threads(1)
    for record in runs(*map(int, sys.argv[1:])):
        if dist.get_rank() == 0:
            hand_over([record])
    dist.destroy_process_group()
