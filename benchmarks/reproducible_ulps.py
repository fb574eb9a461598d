"""How far libraries are apart by default, and with the same bits.

`python -m benchmarks.reproducible_ulps` prints, for any two of them, the largest distance of a
result in units in the last place.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import array_api_strict
import click
import dask.array as da
import jax
import numpy as np
import torch

from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits

Numbers = list[Any]
LOSSES: dict[str, Callable[..., Any]] = {
    "terms": partial(kl_div, reduction="none"),
    "sum": partial(kl_div, reduction="sum"),
    "logits": partial(kl_div_with_logits, reduction="none"),
    "Jensen-Shannon": partial(js_div_with_logits, reduction="none"),
}


def libraries() -> dict[str, tuple[Callable[..., Any], Callable[..., Any]]]:
    """For each library, the function that makes an array and the one that compiles a loss."""
    jax.config.update("jax_enable_x64", val=True)

    def as_it_is(loss: Any) -> Any:
        return loss

    return {
        "NumPy": (np.asarray, as_it_is),
        "array-api-strict": (array_api_strict.asarray, as_it_is),
        "torch": (torch.from_numpy, as_it_is),
        "torch.compile": (torch.from_numpy, partial(torch.compile, fullgraph=True)),
        "JAX": (jax.numpy.asarray, as_it_is),
        "jax.jit": (jax.numpy.asarray, jax.jit),
        "Dask": (partial(da.from_array, chunks=(7, 50)), as_it_is),
    }


def apart(one: Any, other: Any) -> int:
    """The largest distance of two arrays in units in the last place."""
    left, right = (
        np.atleast_1d(np.asarray(it)).view("int32").astype("int64") for it in (one, other)
    )
    ordered = [np.where(it < 0, -(2**31) - it, it) for it in (left, right)]
    return int(abs(ordered[0] - ordered[1]).max())


def results(make: Any, compiled: Any, reproducible: bool) -> dict[str, Any]:
    """Results of every loss."""
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((2, 100, 1000), dtype="float32") * 3
    log_q, log_p = (z - np.log(np.exp(z).sum(-1, keepdims=True)) for z in (x, t))
    found = {}
    for name, loss in LOSSES.items():
        pair = (log_q, np.exp(log_p)) if loss.func is kl_div else (x, t)  # type: ignore[attr-defined]
        function = compiled(partial(loss, reproducible=reproducible))
        found[name] = np.asarray(function(*map(make, pair)))
    return found


@click.command()
def main() -> None:
    """Print both tables."""
    ways = libraries()
    for reproducible in (False, True):
        found = {name: results(*way, reproducible) for name, way in ways.items()}
        title = f"reproducible={reproducible}"
        click.echo(f"\n| {title} | {' | '.join(list(ways)[1:])} |\n|{'---|' * len(ways)}")
        for place, (name, one) in enumerate(list(found.items())[:-1]):
            cells = [
                ""
                if other <= place
                else ", ".join(str(apart(one[k], found[to][k])) for k in LOSSES)
                for other, to in enumerate(found)
            ]
            click.echo(f"| {name} | {' | '.join(cells[1:])} |")


if __name__ == "__main__":
    main()
