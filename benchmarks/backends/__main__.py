"""The command line: run, report."""

import json
import platform
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.backends.page import write_page
from benchmarks.backends.verdicts import judged, tested
from benchmarks.rounds import ROOT
from kldiv_conformance._adapters import ADAPTERS

DOCS = ROOT / "docs"
FOLDER = click.Path(file_okay=False, path_type=Path)
NAMES = click.Choice(list(ADAPTERS))


@click.group()
def main() -> None:
    """Judge kldiv_xp on every array library that is installed, and write a page about it."""


@main.command()
@click.option("--backend", "-b", "backends", type=NAMES, multiple=True, help="Of them; else all.")
@click.option("--output", "-o", default=DOCS, type=FOLDER, help="Folder of the page.")
def run(backends: tuple[str, ...], output: Path) -> None:
    """Judge, write backends/results.json, and the page from it.

    What was found of a backend that is not asked for, or does not run here, stays.
    """
    path = output / "backends" / "results.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    document = read(path)
    for backend in backends or ADAPTERS:
        found = judged(backend)
        click.echo(f"{backend}: {found.get('verdicts') or found['skipped']}")
        if found["skipped"]:
            document["backends"].setdefault(backend, found)
            continue
        about = {"judged": time.strftime("%Y-%m-%d", time.gmtime()), "machine": machine()}
        document["backends"][backend] = {**about, **found, "tests": tested(backend)}
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    publish(output)


@main.command()
@click.option("--output", "-o", default=DOCS, type=FOLDER, help="Folder of the page.")
def report(output: Path) -> None:
    """Write the page anew from backends/results.json."""
    publish(output)


def read(path: Path) -> dict[str, Any]:
    """Results that are there already."""
    if not path.exists():
        return {"backends": {}}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def machine() -> str:
    """System and Python."""
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


def publish(output: Path) -> None:
    """Write the page, and say where it is."""
    write_page(read(output / "backends" / "results.json"), output / "backends.md")
    click.echo(f"{output / 'backends.md'} is written")


if __name__ == "__main__":
    main()
