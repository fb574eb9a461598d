"""What bounds the time of the same bits without compiled loops: the passes that NumPy needs.

`python -m benchmarks.reproducible_floor` measures each operation on a block, adds up as many as the
specification has, and prints the sum next to the default and the loss itself, of the same run.
"""

from collections import Counter
from collections.abc import Callable

import click
import numpy as np

from benchmarks.reproducible import cases, nanoseconds
from kldiv_xp import thread_limit
from kldiv_xp.backends.numpy.reproducible.blocks import BLOCK

CALLS = 8

# Passes over a block; each step of the specification is one, since NumPy has no other way.
LOGARITHM = Counter(
    {"int32": 4, "to float64": 3, "divide": 1, "round": 1, "to int32": 2, "to int64": 1}
    | {"float32": 1, "look up": 1, "float64": 5}
)
EXPONENTIAL = Counter(
    {"to float64": 1, "to int64": 1, "round": 2, "look up": 1, "float64": 8},
)
EXACT_SUM = Counter({"float64": 4, "sum of int64": 2})
TERM = Counter({"to float64": 2, "float64": 2})
LIMITS = Counter({"largest": 4})
PASSES = {
    "NumPy, sum": LOGARITHM + TERM + EXACT_SUM + LIMITS,
    "NumPy, sum, log_target": EXPONENTIAL + TERM + EXACT_SUM + LIMITS,
    "NumPy, every term": LOGARITHM + TERM + LIMITS + Counter({"to float64": 1, "float32": 3}),
}


def operations() -> dict[str, Callable[[], object]]:
    """Operations on a block, by name."""
    rng = np.random.default_rng(0)
    wide, other, narrow = rng.random(BLOCK) + 1, np.empty(BLOCK), rng.random(BLOCK, dtype="float32")
    whole, places = np.empty(BLOCK, "int32"), rng.integers(0, 1 << 15, BLOCK)
    numbers, result, table = narrow.view("int32"), np.empty(BLOCK, "float32"), rng.random(1 << 15)
    indices, steps = np.empty(BLOCK, "int64"), places.astype("int32")
    return {
        "int32": lambda: np.subtract(numbers, 5, out=whole),
        "float32": lambda: np.multiply(narrow, np.float32(3), out=result),
        "float64": lambda: np.multiply(wide, 3.0, out=other),
        "divide": lambda: np.divide(3.0, wide, out=other),
        "round": lambda: np.rint(wide, out=other),
        "to float64": lambda: np.copyto(other, narrow),
        "to int32": lambda: np.copyto(whole, wide, casting="unsafe"),
        "to int64": lambda: np.copyto(indices, steps),
        "look up": lambda: table.take(places, out=other, mode="clip"),
        "sum of int64": lambda: np.add.reduce(places),
        "largest": narrow.max,
    }


@click.command()
@click.option("--rows", default=512, show_default=True)
@click.option("--columns", default=32000, show_default=True)
def main(rows: int, columns: int) -> None:
    """Print the table."""
    of_block = {
        name: nanoseconds(lambda one=one, **_: one(), BLOCK, CALLS)[0]  # type: ignore[misc]
        for name, one in operations().items()
    }
    click.echo(", ".join(f"{name} {value:.2f}" for name, value in of_block.items()))
    click.echo("| ns an element | default | passes alone | ratio | reproducible | ratio |")
    click.echo("|---|---|---|---|---|---|")
    measured = cases(rows, columns)
    with thread_limit(1):
        for name, passes in PASSES.items():
            default, same = nanoseconds(measured[name], rows * columns, CALLS)
            least = sum(of_block[one] * count for one, count in passes.items())
            click.echo(
                f"| {name} | {default:.1f} | {least:.1f} | {least / default:.1f} "
                f"| {same:.1f} | {same / default:.1f} |"
            )


if __name__ == "__main__":
    main()
