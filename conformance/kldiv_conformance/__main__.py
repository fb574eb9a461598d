"""The command line: run, report, compare, explain, list, backends."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._console import show, with_progress
from kldiv_conformance._explain import explanation
from kldiv_conformance._implementations import OURS, load_implementation
from kldiv_conformance._pages import write_pages
from kldiv_conformance._report import Report, collect, farthest_apart, read_report
from kldiv_conformance._run import run_all
from kldiv_conformance._summary import summary
from kldiv_conformance._vectors import groups, vectors

RUN = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
@click.version_option(package_name="kldiv-xp")
def main() -> None:
    """Judge a KL divergence loss, in any framework, by exact results."""
    sys.path.insert(0, str(Path.cwd()))


@main.command()
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


@main.command()
@click.argument("runs", nargs=-1, required=True, type=RUN)
@click.option(
    "--output",
    "-o",
    default="report",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to.",
)
def report(runs: tuple[Path, ...], output: Path) -> None:
    """Write report.md and report.html about the runs that `run --output` wrote."""
    for path in write_pages(summary(load(path) for path in runs), output):
        click.echo(path)


@main.command()
@click.argument("path", type=RUN)
@click.option("--pairs", default=10, show_default=True, help="Vectors to show.")
def compare(path: Path, pairs: int) -> None:
    """Show on which vectors two backends of a run are farthest apart, in ulp."""
    console = Console()
    for distance, identifier, (left, right) in farthest_apart(load(path))[:pairs]:
        console.print(f"{distance:>22} ulp  {identifier:<18} {left} and {right}", markup=False)


@main.command()
@click.argument("identifier", metavar="ID")
def explain(identifier: str) -> None:
    """Show a vector: operands, exact value, what each convention says, why it exists."""
    try:
        Console().print(explanation(identifier), markup=False, soft_wrap=True)
    except KeyError as error:
        raise click.UsageError(error.args[0]) from None


@main.command(name="list")
def list_groups() -> None:
    """List the groups and how many vectors each has."""
    for group in groups():
        click.echo(f"{len(vectors(group)):>5}  {group}")


@main.command()
def backends() -> None:
    """List the backends, and why one does not run here."""
    for name, adapter in ADAPTERS.items():
        click.echo(f"{name:<26}{adapter.reason_to_skip() or 'runs here'}")


def load(path: Path) -> Report:
    """Report of a file, or a clean error."""
    try:
        return read_report(path)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


if __name__ == "__main__":
    main(prog_name="kldiv-conformance")
