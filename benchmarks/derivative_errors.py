"""How far derivatives of losses of float32 logits are off.

`python -m benchmarks.derivative_errors` prints the table of docs/numerics.md: for each temperature
the largest error of a derivative, as a vector and relative to its length, against float64.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import click
import jax
import numpy as np
import torch

from kldiv_xp import js_div_with_logits_gradient, kl_div_with_logits_gradient

Pair = tuple[Any, Any]
Gradient = Callable[..., Pair]
LOSSES: dict[str, Gradient] = {
    "KL": kl_div_with_logits_gradient,
    **{
        f"JS, beta {beta}": partial(js_div_with_logits_gradient, beta=beta)
        for beta in (0.5, 0.3, 0.001)
    },
}
TEMPERATURES = (1.0, 3.0, 0.001, 100.0)
SPREADS, OFFSETS, NOISES = (1, 4, 12), (0, 0.5, 30), (1e-6, 1e-4, 1e-2, 1, 10)
SIZES = {2: 400, 3: 400, 7: 200, 100: 40, 1000: 4}
LARGE_SIZES = (50, 1000, 32000)
# XLA takes 0 for what is below the smallest normal number, and entries of these are.
LEAST_LENGTH = 1e-31


def every_kind(temperature: float) -> Iterator[Pair]:
    """Students and teachers: flat and peaked, offset, nearly equal and far apart."""
    rng = np.random.default_rng(0)
    for size, count in SIZES.items():
        for spread in SPREADS:
            for offset in OFFSETS:
                for noise in NOISES:
                    teacher = spread * rng.normal(size=(count, size))
                    student = teacher + noise * rng.normal(size=teacher.shape) + offset
                    yield student * temperature, teacher * temperature


def one_class_differs(temperature: float) -> Iterator[Pair]:
    """Nearly uniform rows whose most probable class alone differs."""
    rng = np.random.default_rng(1)
    for size in LARGE_SIZES:
        for flat in (0, 1e-3, 1):
            teacher = flat * rng.normal(size=(1, size))
            for difference in (0.01, 1, -5, 12, 20, 30):
                student = teacher.copy()
                student[0, teacher.argmax()] += difference
                yield student * temperature, teacher * temperature


def largest_error(found: Any, expected: Any) -> float:
    """Largest error of a row relative to its length."""
    gap, length = (
        np.linalg.norm(one, axis=-1) for one in (np.asarray(found, "float64") - expected, expected)
    )
    is_number = length > LEAST_LENGTH
    return float(np.where(is_number, gap / np.where(is_number, length, 1), 0).max())


def libraries(gradient: Gradient) -> dict[str, Callable[[Any, Any], Pair]]:
    """The gradient of NumPy arrays, computed by each library."""
    compiled = jax.jit(gradient)
    return {
        "NumPy": gradient,
        "torch": lambda *both: gradient(*map(torch.from_numpy, both)),
        "jax.jit": compiled,
    }


def errors(pairs: Iterator[Pair], temperature: float) -> dict[str, float]:
    """Largest error of any loss and operand, for each library."""
    options = {"temperature": temperature, "reduction": "sum"}
    gradients = [partial(loss, **options) for loss in LOSSES.values()]
    ways = [(gradient, libraries(gradient)) for gradient in gradients]
    found: dict[str, float] = {}
    for pair in pairs:
        narrow = [one.astype("float32") for one in pair]
        for gradient, by_library in ways:
            exact = gradient(*(one.astype("float64") for one in narrow))
            for name, way in by_library.items():
                ours = map(largest_error, way(*narrow), exact)
                found[name] = max(found.get(name, 0.0), *ours)
    return found


@click.command()
def main() -> None:
    """Print the table."""
    rows = {"all kinds": every_kind, "one class differs": one_class_differs}
    for number, (name, pairs) in enumerate(rows.items()):
        for temperature in TEMPERATURES if name == "all kinds" else TEMPERATURES[:2]:
            found = errors(pairs(temperature), temperature)
            if not number and temperature == TEMPERATURES[0]:
                click.echo(f"| rows | $T$ | {' | '.join(found)} |\n|{'---|' * (2 + len(found))}")
            cells = " | ".join(f"{error:.1e}" for error in found.values())
            click.echo(f"| {name} | {temperature:g} | {cells} |")


if __name__ == "__main__":
    main()
