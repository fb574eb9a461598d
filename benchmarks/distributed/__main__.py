"""The command line: measure, and write docs/distributed.md about it."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from benchmarks.distributed.page import write_page
from benchmarks.machine import machine

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "distributed.md"
# With the library that each needs.
ENGINES = {"dask": "distributed", "cubed": "cubed", "dtensor": "torch", "jax": "jax"}
CHOICE = click.Choice(list(ENGINES))
FOLDER = click.Path(file_okay=False, path_type=Path)
FLAG = "--xla_force_host_platform_device_count=4"
# One process has the loops that several have: those of NumPy, on one thread.
ALONE = {"XLA_FLAGS": FLAG, "OMP_NUM_THREADS": "1", "KLDIV_XP_FUSED": "0"}
# Rows of a store of Zarr, memory of a worker, elements of a chunk; rows of an array, repetitions.
FULL = {"store": (32768, 32768), "limit": 2**30, "chunk": 2**22, "rows": (128, 512), "repeats": 5}
QUICK = {"store": (2048, 8192), "limit": 2**30, "chunk": 2**20, "rows": (32, 64), "repeats": 2}


@click.group()
def main() -> None:
    """Measure the loss on the engines of many machines, and write a page about it."""


@main.command()
@click.option("--quick", is_flag=True, help="Everything on small operands: to test it.")
@click.option("--engine", "-e", multiple=True, type=CHOICE, help="Default: all installed ones.")
@click.option("--output", "-o", default=PAGE.parent, type=FOLDER, help="Folder of the page.")
def run(quick: bool, engine: tuple[str, ...], output: Path) -> None:
    """Measure, write distributed/results.json, and the page from it.

    What engines were not chosen keep their results of the run before.
    """
    engine = engine or tuple(filter(is_installed, ENGINES))
    size = QUICK if quick else FULL
    path = output / "distributed" / "results.json"
    kept = json.loads(path.read_text(encoding="utf-8"))["records"] if path.exists() else []
    names = {"numpy", "dask"} if "dask" in engine else set()
    kept = [one for one in kept if one["engine"] not in {*engine, *names}]
    records = [record for name in engine for record in measured(name, size)]
    document = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "quick": quick,
        "machine": machine(),
        "size": size,
        "kept": sorted({one["engine"] for one in kept}),
        "records": [*kept, *records],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    write_page(path, output / "distributed.md")


@main.command()
@click.option("--output", "-o", default=PAGE.parent, type=FOLDER, help="Folder of the page.")
def report(output: Path) -> None:
    """Write the page anew from results.json."""
    write_page(output / "distributed" / "results.json", output / "distributed.md")


def is_installed(engine: str) -> bool:
    """Whether an engine can be measured; says so if not."""
    found = importlib.util.find_spec(ENGINES[engine]) is not None
    if not found:
        click.echo(f"{ENGINES[engine]} is not installed: {engine} is left out.")
    return found


def measured(engine: str, size: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Records of an engine, each measured in processes of their own."""
    for command in commands(engine, size):
        click.echo(" ".join(command))
        done = subprocess.run(  # noqa: S603 - our own modules
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, **ALONE},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        yield from (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))


def commands(engine: str, size: dict[str, Any]) -> list[list[str]]:
    """Modules to run, with their arguments."""
    if engine in {"dask", "cubed"}:
        arguments = [*size["store"], size["limit"], size["chunk"]]
        return [[f"benchmarks.distributed.{engine}_runs", *map(str, arguments)]]
    columns, repeats = size["store"][1], size["repeats"]
    runs = [(workers, [rows, columns, repeats]) for workers in (1, 2, 4) for rows in size["rows"]]
    if engine == "jax":
        return [["benchmarks.distributed.jax_runs", str(n), *map(str, rest)] for n, rest in runs]
    return [
        [
            "torch.distributed.run",
            "--standalone",
            f"--nproc-per-node={workers}",
            "-m",
            "benchmarks.distributed.torch_runs",
            *map(str, rest),
        ]
        for workers, rest in runs
    ]


if __name__ == "__main__":
    main()
