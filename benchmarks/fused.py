"""Processor time with the compiled loops and without: `python -m benchmarks.fused` prints a table.

Processor time of all threads, since it is the same beside other work where seconds are not; the
least of several calls.
"""

import os
import time
from collections.abc import Callable
from itertools import product

import click
import numpy as np

from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits
from kldiv_xp import kl_div_with_logits_gradient as logits_gradient
from kldiv_xp.fused.choice import FUSED_VARIABLE

Function = Callable[[], object]

SELECTED = 0.9
"""Share of the samples that the mask selects."""


def cases(rows: int, columns: int) -> dict[str, Function]:
    """Functions that are measured, by name."""
    import torch

    rng = np.random.default_rng(0)
    student, teacher = rng.standard_normal((2, rows, columns), dtype="float32") * 3
    log_q, log_p = (z - np.log(np.exp(z).sum(-1, keepdims=True)) for z in (student, teacher))
    p = np.exp(log_p)
    half, mask = np.where(p > np.median(p), p, 0), rng.random((rows, 1)) < SELECTED
    tensors = [torch.from_numpy(one) for one in (log_q, p)]
    short = [one.to(torch.bfloat16) for one in tensors]
    images = [one.reshape(20, -1) for one in (student, teacher)]
    batchmean = {"reduction": "batchmean"}
    return {
        "sum, NumPy": lambda: kl_div(log_q, p, **batchmean),
        "sum, torch": lambda: kl_div(*tensors, **batchmean),
        "half of the targets 0": lambda: kl_div(log_q, half, **batchmean),
        "a mask of samples": lambda: kl_div(log_q, p, axis=-1, where=mask, **batchmean),
        "a sum for each row": lambda: kl_div(log_q, p, axis=-1, reduction="none"),
        "every term": lambda: kl_div(log_q, p, reduction="none"),
        "both gradients": lambda: kl_div_gradient(log_q, p, **batchmean),
        "bfloat16, torch": lambda: kl_div(*short, **batchmean),
        "KL of logits": lambda: kl_div_with_logits(student, teacher),
        "both gradients of that": lambda: logits_gradient(student, teacher),
        "KL of logits along the first axis": lambda: kl_div_with_logits(student, teacher, axis=0),
        "both gradients of that again": lambda: logits_gradient(student, teacher, axis=0),
        "KL of 20 classes, the first axis": lambda: kl_div_with_logits(*images, axis=0),
        "both gradients of 20 classes": lambda: logits_gradient(*images, axis=0),
        "Jensen-Shannon of logits": lambda: js_div_with_logits(student, teacher),
        "the same, beta 0.3": lambda: js_div_with_logits(student, teacher, beta=0.3),
    }


def peers(rows: int, columns: int) -> dict[str, Function]:
    """Functions of the peers, by name."""
    import torch

    generator = torch.Generator().manual_seed(0)
    log_q, p = torch.randn((2, rows, columns), generator=generator).log_softmax(-1)
    p = p.exp()
    loss = torch.nn.functional.kl_div
    return {
        "reading both operands": lambda: (np.max(log_q.numpy()), np.max(p.numpy())),
        "`torch.nn.functional.kl_div`, eager": lambda: loss(log_q, p, reduction="batchmean"),
    }


def milliseconds(function: Function, calls: int) -> float:
    """Least processor time of a call, after one that compiles."""
    function()
    times = []
    for _ in range(calls):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times) * 1e3


@click.command()
@click.option("--rows", default=512, show_default=True)
@click.option("--columns", default=32000, show_default=True)
@click.option("--calls", default=5, show_default=True)
def main(rows: int, columns: int, calls: int) -> None:
    """Print the table of docs/backends.md."""
    found: dict[tuple[str, str], float] = {}
    measured = cases(rows, columns)
    for setting, (name, function) in product("01", measured.items()):
        os.environ[FUSED_VARIABLE] = setting
        found[name, setting] = milliseconds(function, calls)
    click.echo(f"| {rows} x {columns} float32, ms of processor time | without | with |")
    click.echo("|---|---|---|")
    for name in measured:
        click.echo(f"| {name} | {found[name, '0']:.3g} | {found[name, '1']:.3g} |")
    for name, function in peers(rows, columns).items():
        click.echo(f"| {name} | {milliseconds(function, calls):.3g} | |")


if __name__ == "__main__":
    main()
