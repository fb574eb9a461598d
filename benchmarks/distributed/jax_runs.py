"""Measure on JAX: one program on several devices of a process, a record for each case."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from benchmarks.distributed.memory import forget_peak, peak
from benchmarks.distributed.records import hand_over
from kldiv_xp import kl_div, kl_div_with_logits

LAYOUTS = {"batch": PartitionSpec("d", None), "vocabulary": PartitionSpec(None, "d")}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "batchmean": partial(kl_div, reduction="batchmean"),
    "samples": partial(kl_div, reduction="none", axis=-1),
    "logits": kl_div_with_logits,
}
KINDS = "all-reduce|all-gather|all-to-all|collective-permute|reduce-scatter"


def functions() -> dict[str, Callable[..., Any]]:
    """The losses, and those that are one number with their gradient by input."""
    both = {
        f"{name}, gradient": jax.value_and_grad(function)
        for name, function in FUNCTIONS.items()
        if name != "samples"
    }
    return FUNCTIONS | both


def reduced(text: str) -> dict[str, list[int]]:
    """Elements of every collective of a program; a tuple counts as one."""
    found: dict[str, list[int]] = {}
    for shapes, kind in re.findall(rf"= (\([^=]*?\)|\S+) ({KINDS})(?:-start)?\(", text):
        sizes = [
            prod(int(size) for size in one.split(",") if size)
            for one in re.findall(r"\w+\[([\d,]*)\]", shapes)
        ]
        found.setdefault(kind, []).append(sum(sizes))
    return found


def runs(devices: int, rows: int, columns: int, repeats: int) -> Iterator[dict[str, Any]]:
    """A record for every layout and function."""
    mesh = jax.make_mesh(
        (devices,), ("d",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices]
    )
    for layout, spec in LAYOUTS.items():
        sharding = NamedSharding(mesh, spec)
        keys = jax.random.split(jax.random.key(0))
        log_q, log_p = (
            jax.device_put(jax.nn.log_softmax(jax.random.normal(key, (rows, columns))), sharding)
            for key in keys
        )
        operands = log_q, jnp.exp(log_p)
        for name, function in functions().items():
            program = jax.jit(function).lower(*operands).compile()
            before, times = forget_peak(), []
            for _ in range(repeats + 1):
                started = time.perf_counter()
                jax.block_until_ready(program(*operands))
                times.append(time.perf_counter() - started)
            yield {
                "engine": "jax",
                "workers": devices,
                "layout": layout,
                "function": name,
                "rows": rows,
                "columns": columns,
                "seconds": times[1:],
                "peak": peak(),
                "extra": max(0, peak() - before),
                "collectives": reduced(program.as_text()),
            }


if __name__ == "__main__":
    hand_over(runs(*map(int, sys.argv[1:])))
