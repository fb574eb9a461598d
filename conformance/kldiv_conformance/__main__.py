"""The command line: run, report, explain, list."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._explain import explanation
from kldiv_conformance._implementations import OURS, load_implementation
from kldiv_conformance._report import VERDICTS, Report, collect, farthest_apart, read_report
from kldiv_conformance._run import Line, run_all
from kldiv_conformance._vectors import groups, vectors


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
@click.option("--output", "-o", type=click.Path(path_type=Path), help="JSON lines to write.")
def run(backend: tuple[str, ...], implementation: str, output: Path | None) -> None:
    """Judge an implementation by every vector; the exit code is 1 if one fails."""
    try:
        load_implementation(implementation)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    backends = list(backend or ADAPTERS)
    lines = list(with_progress(run_all(backends, implementation), len(backends)))
    if output is not None:
        output.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    result = collect(lines, "this run")
    show(result)
    sys.exit(1 if result.failed else 0)


def with_progress(lines: Iterable[Line], backends: int) -> Iterator[Line]:
    """Lines, with a progress bar on standard error while they come."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=backends * len(vectors()))
        for line in lines:
            if line["kind"] == "backend":
                progress.update(task, description=line["backend"])
                if line["skipped"]:
                    progress.advance(task, len(vectors()))
            progress.advance(task, line["kind"] == "outcome")
            yield line


def show(report: Report) -> None:
    """Print the verdicts, the first failures, and why a backend did not run."""
    console = Console()
    table = Table(title=report.header["implementation"])
    for heading in ("backend", *VERDICTS):
        table.add_column(heading, justify="left" if heading == "backend" else "right")
    for name in report.names:
        count = report.count(name)
        table.add_row(name, *(str(count[verdict]) for verdict in VERDICTS))
    console.print(table)
    for name, reason in report.skipped.items():
        console.print(f"{name} did not run: {reason}", markup=False)
    failures = [outcome for outcome in report.outcomes if outcome["verdict"] == "failure"]
    for outcome in failures[:10]:
        text = f"{outcome['backend']}: {outcome['id']}: {outcome['detail']}"
        console.print(text, markup=False, soft_wrap=True)
    if len(failures) > 10:  # noqa: PLR2004 - a screen of them
        console.print(f"and {len(failures) - 10} more: write them with --output.")


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
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


def load(path: Path) -> Report:
    """Report of a file, or a clean error."""
    try:
        return read_report(path)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


if __name__ == "__main__":
    main(prog_name="kldiv-conformance")
