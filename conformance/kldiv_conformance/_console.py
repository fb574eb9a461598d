"""What the command line shows: progress while a run lasts, and a table when it is over."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kldiv_conformance._lines import Line
from kldiv_conformance._report import VERDICTS, Report
from kldiv_conformance._suspects import certain, suspects
from kldiv_conformance._text import printable
from kldiv_conformance._vectors import notes

A_SCREEN = 10
LIKELIEST = 5
FEW_LINES = 5


def plain(*, stderr: bool = False) -> Console:
    """Console that takes no name for markup, nor for the word of a picture."""
    return Console(markup=False, emoji=False, highlight=False, stderr=stderr)


def with_progress(lines: Iterable[Line]) -> Iterator[Line]:
    """Lines, with a progress bar on standard error while they come."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=plain(stderr=True)) as progress:
        task = progress.add_task("starting", total=None)
        asked = 0
        for line in lines:
            if line["kind"] == "header":
                asked = line["vectors"]
                progress.update(task, total=asked * len(line["backends"]))
            if line["kind"] == "backend":
                progress.update(task, description=printable(line["backend"]))
                if line["skipped"] is not None:
                    progress.advance(task, asked)
            progress.advance(task, line["kind"] == "outcome")
            yield line


def show(report: Report) -> None:
    """Print the verdicts, why a backend did not run, the first failures, and their likely bugs."""
    console = plain()
    console.print(table(report))
    for name, reason in report.skipped.items():
        say(console, f"{name} did not run: {reason}")
    for name, text in report.printed.items():
        show_printed(name, text, console)
    failures = [outcome for outcome in report.outcomes if outcome["verdict"] == "failure"]
    for outcome in failures[:A_SCREEN]:
        say(console, f"{outcome['backend']}: {outcome['id']}: {outcome['detail']}")
    if len(failures) > A_SCREEN:
        console.print(f"and {len(failures) - A_SCREEN} more: write them with --output.")
    for name in report.names:
        show_suspects(report, name, console)


def say(console: Console, text: str) -> None:
    """Print a line, without what would steer the terminal."""
    console.print(printable(text), soft_wrap=True)


def show_printed(backend: str, text: str, console: Console) -> None:
    """Print the beginning of what an implementation has printed."""
    lines = text.splitlines()
    say(console, f"{backend}: the implementation printed:")
    for line in lines[:FEW_LINES]:
        say(console, f"  {line}")
    if len(lines) > FEW_LINES:
        say(console, f"  and {len(lines) - FEW_LINES} more lines.")


def table(report: Report) -> Table:
    """A row for each backend, a column for each verdict."""
    found = Table(title=printable(report.header["name"]))
    for heading in ("backend", *VERDICTS):
        found.add_column(heading, justify="left" if heading == "backend" else "right")
    for name in report.names:
        count = report.count(name)
        found.add_row(printable(name), *(str(count[verdict]) for verdict in VERDICTS))
    return found


def show_suspects(report: Report, backend: str, console: Console) -> None:
    """Print the bugs that would explain most of the failures of a backend."""
    for suspect in suspects(report.of(backend))[:LIKELIEST]:
        text = (
            f"{backend}: {suspect.failures} of {suspect.vectors} vectors of {suspect.flag} fail. "
            f"{notes()[suspect.flag].bug}"
        )
        say(console, text)
    names = [suspect.flag for suspect in certain(report.of(backend))]
    if names:
        text = f"{backend}: all vectors fail of {', '.join(names)}."
        say(console, text)
