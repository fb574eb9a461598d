"""The command line: run, report."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from benchmarks.gpu import checks
from benchmarks.gpu.cases import cases
from benchmarks.gpu.machine import machine
from benchmarks.gpu.measure import measure
from benchmarks.gpu.page import read, write_page
from benchmarks.rounds import ROOT

PAGE = ROOT / "docs" / "gpu.md"
RESULTS = Path("gpu") / "results.json"
KERNELS = Path("gpu") / "kernels.json"
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def main() -> None:
    """Prove and measure kldiv_xp on a CUDA device, and write a page about it."""


@main.command()
@click.option("--dry-run", is_flag=True, help="All of it on a few elements, without a GPU.")
@click.option("--output", "-o", type=FOLDER, help="Folder of the page; docs/ unless a dry run.")
def run(dry_run: bool, output: Path | None) -> None:
    """Test, judge and measure; write gpu/results.json, and the page from it."""
    if output is None:
        if dry_run:
            message = (
                "a dry run proves nothing about a GPU: pass the folder for its page, --output."
            )
            raise click.UsageError(message)
        output = PAGE.parent
    found = machine()
    if not dry_run and found["GPU"].startswith(("none", "unknown")):
        message = (
            f"needs a CUDA device; got {found['GPU']}: use --dry-run to go through it without."
        )
        raise click.UsageError(message)
    document: dict[str, Any] = {
        "dry_run": dry_run,
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": found,
    }
    path = output / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    for parts in steps(dry_run=dry_run):
        document.update(parts)
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    publish(output)


def steps(*, dry_run: bool) -> Iterator[dict[str, Any]]:
    """Parts of the results, one after the other; what has been found is not lost with the next."""
    yield measure(cases(dry_run=dry_run), click.echo, dry_run=dry_run)
    click.echo("waits, conformance, unit tests")
    with ThreadPoolExecutor() as pool:
        waits = {
            name: pool.submit(checks.syncs, name, dry_run=dry_run) for name in ("torch", "cupy")
        }
        conformance = pool.submit(checks.conformance, dry_run=dry_run)
        tests = pool.submit(checks.tests, dry_run=dry_run)
        yield {"syncs": {name: one.result() for name, one in waits.items()}}
        yield {"conformance": conformance.result()}
        yield {"tests": tests.result()}


@main.command()
@click.option("--output", "-o", default=PAGE.parent, type=FOLDER, help="Folder of the page.")
def report(output: Path) -> None:
    """Write the page again, from gpu/results.json, or without a run where there is none."""
    publish(output)


def publish(output: Path) -> None:
    """Write the page, and say where it is."""
    write_page(read(output / RESULTS), output / PAGE.name, read(output / KERNELS))
    click.echo(output / PAGE.name)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.gpu")
