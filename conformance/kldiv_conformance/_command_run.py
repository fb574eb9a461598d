"""The command that judges an implementation: run."""

import json
import sys
from pathlib import Path

import click

from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._console import show, with_progress
from kldiv_conformance._implementations import OURS, load_implementation
from kldiv_conformance._report import collect
from kldiv_conformance._run import run_all


@click.command()
@click.option(
    "--backend", "-b", multiple=True, type=click.Choice(list(ADAPTERS)), help="All if left out."
)
@click.option("--implementation", "-i", default=OURS, show_default=True, help="module:function")
@click.option("--name", help="What a report calls it, if it is an adapter of something else.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="JSON lines to write.")
@click.option(
    "--deviations",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with known failures, a file BACKEND.toml for each backend.",
)
def run(
    backend: tuple[str, ...],
    implementation: str,
    name: str | None,
    output: Path | None,
    deviations: Path | None,
) -> None:
    """Judge an implementation by every vector; the exit code is 1 if one fails."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        load_implementation(implementation)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    backends = list(backend or ADAPTERS)
    started = run_all(backends, implementation, name=name, deviations=deviations)
    lines = list(with_progress(started, len(backends)))
    if output is not None:
        output.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    result = collect(lines, "this run")
    show(result)
    sys.exit(1 if result.failed else 0)
