"""What the command line shows: progress while a run lasts, and a table when it is over."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kldiv_conformance._report import VERDICTS, Report
from kldiv_conformance._run import Line
from kldiv_conformance._suspects import certain, suspects
from kldiv_conformance._vectors import notes, vectors

A_SCREEN = 10
LIKELIEST = 5


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
    """Print the verdicts, why a backend did not run, the first failures, and their likely bugs."""
    console = Console()
    console.print(table(report))
    for name, reason in report.skipped.items():
        console.print(f"{name} did not run: {reason}", markup=False)
    failures = [outcome for outcome in report.outcomes if outcome["verdict"] == "failure"]
    for outcome in failures[:A_SCREEN]:
        text = f"{outcome['backend']}: {outcome['id']}: {outcome['detail']}"
        console.print(text, markup=False, soft_wrap=True)
    if len(failures) > A_SCREEN:
        console.print(f"and {len(failures) - A_SCREEN} more: write them with --output.")
    for name in report.names:
        show_suspects(report, name, console)


def table(report: Report) -> Table:
    """A row for each backend, a column for each verdict."""
    found = Table(title=report.header["name"])
    for heading in ("backend", *VERDICTS):
        found.add_column(heading, justify="left" if heading == "backend" else "right")
    for name in report.names:
        count = report.count(name)
        found.add_row(name, *(str(count[verdict]) for verdict in VERDICTS))
    return found


def show_suspects(report: Report, backend: str, console: Console) -> None:
    """Print the bugs that would explain most of the failures of a backend."""
    for suspect in suspects(report.of(backend))[:LIKELIEST]:
        text = (
            f"{backend}: {suspect.failures} of {suspect.vectors} vectors of {suspect.flag} fail. "
            f"{notes()[suspect.flag].bug}"
        )
        console.print(text, markup=False, soft_wrap=True)
    names = [suspect.flag for suspect in certain(report.of(backend))]
    if names:
        text = f"{backend}: all vectors fail of {', '.join(names)}."
        console.print(text, markup=False, soft_wrap=True)
