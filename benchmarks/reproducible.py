"""Processor time of the same bits: `python -m benchmarks.reproducible` prints a table.

Each call is measured next to the default's, on one thread, in turns; the least of several.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import click
import numpy as np

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    thread_limit,
)

Function = Callable[..., object]


def cases(rows: int, columns: int) -> dict[str, Function]:
    """Functions that take options, by name."""
    import torch

    rng = np.random.default_rng(0)
    both = rng.standard_normal((2, rows, columns), dtype="float32") * 2
    log_q, log_p = (z - np.log(np.exp(z).sum(-1, keepdims=True)) for z in both)
    p, found = np.exp(log_p), {}
    sums: dict[str, Any] = {"reduction": "sum"}
    found["NumPy, sum"] = lambda **how: kl_div(log_q, p, **sums, **how)
    found["NumPy, sum, log_target"] = lambda **how: kl_div(
        log_q, log_p, log_target=True, **sums, **how
    )
    found["NumPy, every term"] = lambda **how: kl_div(log_q, p, reduction="none", **how)
    found["NumPy, both gradients"] = lambda **how: kl_div_gradient(log_q, p, **sums, **how)
    for dtype in (torch.float32, torch.bfloat16):
        tensors = [torch.from_numpy(one).to(dtype) for one in (log_q, p, log_p)]
        found |= of_torch(str(dtype).removeprefix("torch."), *tensors)
    return found | of_logits(*both, p)


def of_logits(x: Any, t: Any, p: Any) -> dict[str, Function]:
    """Divergences from logits, and both derivatives."""
    given: dict[str, Any] = {"target_is": "probabilities"}
    found: dict[str, Function] = {}
    for name, divisor in (("logits", 1.0), ("logits, T = 2", 2.0)):

        def value(divisor: float = divisor, **how: Any) -> object:
            return kl_div_with_logits(x, t, temperature=divisor, **how)

        def gradients(divisor: float = divisor, **how: Any) -> object:
            return kl_div_with_logits_gradient(x, t, temperature=divisor, **how)

        found |= {f"NumPy, {name}": value, f"NumPy, {name}, both gradients": gradients}
    found["NumPy, Jensen-Shannon"] = lambda **how: js_div_with_logits(x, t, **how)
    found["NumPy, Jensen-Shannon, both gradients"] = lambda **how: js_div_with_logits_gradient(
        x, t, **how
    )
    found["NumPy, logits, probabilities"] = lambda **how: kl_div_with_logits(x, p, **given, **how)
    return found


def of_torch(name: str, log_q: Any, p: Any, log_p: Any) -> dict[str, Function]:
    """Sums of tensors of a type, and with the gradient."""
    found: dict[str, Function] = {}
    student = log_q.clone().requires_grad_()
    for space, target in (("", p), (", log_target", log_p)):
        options: dict[str, Any] = {"reduction": "sum", "log_target": target is log_p}

        def value(target: Any = target, options: Any = options, **how: Any) -> object:
            return kl_div(log_q, target, **options, **how)

        def gradient(target: Any = target, options: Any = options, **how: Any) -> object:
            return kl_div(student, target, **options, **how).backward()

        found[f"torch, {name}, sum{space}"] = value
        found[f"torch, {name}, sum and gradient{space}"] = gradient
    return found


def of_jit(rows: int, columns: int) -> dict[str, Function]:
    """Losses of JAX, each one program."""
    import jax

    jax.config.update("jax_enable_x64", val=True)
    x, t = jax.random.normal(jax.random.key(0), (2, rows, columns), "float32") * 2
    logs = [jax.nn.log_softmax(one) for one in (x, t)]
    found: dict[str, Function] = {}
    for name, (loss, operands) in compiled_losses(x, t, *logs, jax.numpy.exp(logs[1])).items():
        program = jax.jit(loss, static_argnames="reproducible")

        def call(program: Any = program, operands: Any = operands, **how: Any) -> object:
            return jax.block_until_ready(program(*operands, **how))

        found[f"jax.jit, {name}"] = call
    return found


def of_compile(rows: int, columns: int) -> dict[str, Function]:
    """Losses of torch, each one program."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, t = torch.randn((2, rows, columns)) * 2
    logs = [one.log_softmax(-1) for one in (x, t)]
    return {
        f"torch.compile, {name}": partial(torch.compile(loss, fullgraph=True), *operands)
        for name, (loss, operands) in compiled_losses(x, t, *logs, logs[1].exp()).items()
    }


def compiled_losses(
    x: Any, t: Any, log_q: Any, log_p: Any, p: Any
) -> dict[str, tuple[Function, tuple[Any, Any]]]:
    """Losses and their operands."""
    in_logs = {"reduction": "sum", "log_target": True}
    return {
        "sum": (partial(kl_div, reduction="sum"), (log_q, p)),
        "sum, log_target": (partial(kl_div, **in_logs), (log_q, log_p)),
        "every term": (partial(kl_div, reduction="none"), (log_q, p)),
        "both gradients": (partial(kl_div_gradient, reduction="sum"), (log_q, p)),
        "logits": (kl_div_with_logits, (x, t)),
        "logits, both gradients": (kl_div_with_logits_gradient, (x, t)),
        "Jensen-Shannon": (js_div_with_logits, (x, t)),
        "Jensen-Shannon, both gradients": (js_div_with_logits_gradient, (x, t)),
    }


def nanoseconds(function: Function, elements: int, calls: int) -> tuple[float, float]:
    """Processor time for an element of the default, and with the same bits."""
    function(), function(reproducible=True)
    least = [float("inf")] * 2
    for _ in range(calls):
        for place, how in enumerate(({}, {"reproducible": True})):
            started = time.process_time()
            function(**how)
            least[place] = min(least[place], time.process_time() - started)
    return least[0] * 1e9 / elements, least[1] * 1e9 / elements


@click.command()
@click.option("--rows", default=512, show_default=True)
@click.option("--columns", default=32000, show_default=True)
@click.option("--calls", default=5, show_default=True)
@click.option("--jit", "make", flag_value=of_jit, type=click.UNPROCESSED, help="Programs of JAX.")
@click.option("--compile", "make", flag_value=of_compile, type=click.UNPROCESSED, help="Of torch.")
def main(
    rows: int, columns: int, calls: int, make: Callable[[int, int], dict[str, Function]]
) -> None:
    """Print the table."""
    click.echo("| ns an element | default | reproducible | ratio |\n|---|---|---|---|")
    with thread_limit(1):
        for name, function in (make or cases)(rows, columns).items():
            default, same = nanoseconds(function, rows * columns, calls)
            click.echo(f"| {name} | {default:.1f} | {same:.1f} | {same / default:.1f} |")


if __name__ == "__main__":
    main()
