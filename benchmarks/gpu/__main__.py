"""The command line: run, report."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

import click

from benchmarks.gpu import checks
from benchmarks.gpu.cases import cases
from benchmarks.gpu.machine import machine
from benchmarks.gpu.measure import measure
from benchmarks.gpu.page import read, write_page
from benchmarks.gpu.peers import PEERS
from benchmarks.rounds import ROOT

PAGE = ROOT / "docs" / "gpu.md"
RESULTS = Path("gpu") / "results.json"
KERNELS = Path("gpu") / "kernels.json"
PARTS = ("measured", "syncs", "conformance", "tests")
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def main() -> None:
    """Prove and measure kldiv_xp on a CUDA device, and write a page about it."""


@main.command()
@click.option("--dry-run", is_flag=True, help="All of it on a few elements, without a GPU.")
@click.option("--output", "-o", type=FOLDER, help="Folder of the page; docs/ unless a dry run.")
@click.option("--part", "parts", type=click.Choice(PARTS), multiple=True, help="Of it; else all.")
@click.option("--peer", "peers", type=click.Choice(list(PEERS)), multiple=True, help="Of them.")
@click.option("--seconds", type=float, help="For the unit tests; what had ended then is told.")
def run(
    dry_run: bool,
    output: Path | None,
    parts: tuple[str, ...],
    peers: tuple[str, ...],
    seconds: float | None,
) -> None:
    """Test, judge and measure; write gpu/results.json, and the page from it.

    With --part or --peer, results of the others that are there already stay.
    """
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
    path = output / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    document = (parts and read(path)) or {}
    if document and document["machine"] != found:
        message = f"{path} is of another machine: run all parts, or pass another --output."
        raise click.UsageError(message)
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    document.update({"dry_run": dry_run, "started": started, "machine": found})
    for results in steps(parts or PARTS, peers or tuple(PEERS), seconds, dry_run=dry_run):
        merge(document, results)
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    publish(output)


def merge(document: dict[str, Any], results: dict[str, Any]) -> None:
    """Add results, those of peers beside those of others."""
    for name, found in results.items():
        if name == "measured":
            measured = document.setdefault(name, {})
            for case, entries in found.items():
                measured.setdefault(case, {}).update(entries)
        elif name == "peers":
            document.setdefault(name, {}).update(found)
        else:
            document[name] = found


def steps(
    parts: Sequence[str], peers: Sequence[str], seconds: float | None, *, dry_run: bool
) -> Iterator[dict[str, Any]]:
    """Parts of the results, each as soon as it is there: it is not lost with the others."""
    if "measured" in parts:
        yield from measure(cases(dry_run=dry_run), peers, click.echo, dry_run=dry_run)
    click.echo("waits, conformance, unit tests")
    with ThreadPoolExecutor() as pool:
        made: dict[str, Callable[..., Any]] = {
            "syncs": checks.all_syncs,
            "conformance": checks.conformance,
            "tests": partial(checks.tests, seconds=seconds),
        }
        futures = {
            pool.submit(check, dry_run=dry_run): name
            for name, check in made.items()
            if name in parts
        }
        for future in as_completed(futures):
            yield {futures[future]: future.result()}


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
