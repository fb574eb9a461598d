"""Output of the command line: progress during a run, and a table at its end."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kldiv_conformance._arguments import call_of
from kldiv_conformance._common_cause import common_cause
from kldiv_conformance._evidence import apart
from kldiv_conformance._explanations import explained
from kldiv_conformance._outcome import Line
from kldiv_conformance._reasons import by_function, flags_that_fail, reasons
from kldiv_conformance._report import VERDICTS, Report
from kldiv_conformance._text import printable
from kldiv_conformance._vectors import find, notes

A_SCREEN = 10
LIKELIEST = 5
FEW_LINES = 5


class Plain(Console):
    """Console that ends as every other output does if nobody reads it any more."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise it again: by itself rich ends with the exit code of a vector that fails."""
        raise  # noqa: PLE0704 - called while it is handled


def plain(*, stderr: bool = False) -> Console:
    """Console that takes no name for markup, nor for the word of a picture."""
    return Plain(markup=False, emoji=False, highlight=False, stderr=stderr)


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
        asked = left = 0
        for line in lines:
            if line["kind"] == "header":
                asked, left = line["vectors"], line["vectors"] * len(line["backends"])
                progress.update(task, total=left)
            if line["kind"] == "backend":
                progress.update(task, description=printable(line["backend"]))
                if line["skipped"] is not None:
                    left -= asked
                    progress.update(task, total=left or asked)  # a bar of 0 would be full
            progress.advance(task, line["kind"] == "outcome")
            yield line


def show(report: Report, written: Path | None = None) -> None:
    """Print the verdicts, the likely bugs, the first wrong numbers, and the argument checks.

    `written` is the file that already has all of them.
    """
    console = plain()
    console.print(table(report))
    if report.part is not None:
        say(console, report.part)
    for name, reason in report.skipped.items():
        say(console, f"{name} did not run: {reason}")
    for name in report.names:
        show_reasons(name, report.of(name), written, console)
    for name, text in report.printed.items():
        show_printed(name, text, console)
    for name in report.names:
        show_suspects(name, apart(report.of(name))[0], console)
    show_failures(apart(report.outcomes)[0], written, console)
    for name in report.names:
        show_checks(name, apart(report.of(name))[1], console)


def show_reasons(
    backend: str, outcomes: Sequence[Line], written: Path | None, console: Console
) -> None:
    """Print how each function did, and why vectors are not supported."""
    for place, sentence in enumerate(reasons(outcomes, written)):
        say(console, sentence if place else f"{backend}: {sentence}")
    for sentence in by_function(outcomes):
        say(console, f"{backend}: {sentence}")


def show_failures(outcomes: Sequence[Line], written: Path | None, console: Console) -> None:
    """Print the first failures."""
    failures = [outcome for outcome in outcomes if outcome["verdict"] == "failure"]
    for outcome in failures[:A_SCREEN]:
        call = call_of(find(outcome["id"]))
        say(console, f"{outcome['backend']}: {outcome['id']} ({call}): {outcome['detail']}")
    if len(failures) > A_SCREEN:
        where = f"all are in {written}" if written else "write all of them with --output"
        shown = f"{A_SCREEN} of the {len(failures)} failures are shown, but for argument checks"
        say(console, f"{shown}; {where}.")


def show_checks(backend: str, outcomes: Sequence[Line], console: Console) -> None:
    """Print how many calls that must raise do not, in one line."""
    failures = sum(outcome["verdict"] == "failure" for outcome in outcomes)
    if failures:
        found = flags_that_fail(outcomes)
        flags = ", ".join(f"{it['flag']} {it['failures']} of {it['vectors']}" for it in found)
        judged = sum(outcome["verdict"] != "not supported" for outcome in outcomes)
        text = f"{failures} of {judged} calls that must be refused fail"
        say(console, f"{backend}: argument checks: {text}: {flags}.")


def say(console: Console, text: str) -> None:
    """Print a line, without what would steer the terminal; a file has it in one piece."""
    console.print(printable(text), soft_wrap=not console.is_terminal)


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


def show_suspects(backend: str, outcomes: Sequence[Line], console: Console) -> None:
    """Print what all failures have in common, or the bugs that would explain most of them."""
    if (cause := common_cause(outcomes)) is not None:
        say(console, f"{backend}: {cause}")
        return
    sentences, flags = explained(outcomes)
    for sentence in sentences:
        say(console, f"{backend}: {sentence}")
    for suspect in flags[:LIKELIEST]:
        share = f"{suspect.failures} of {suspect.vectors} vectors that would show {suspect.flag}"
        bug = notes()[suspect.flag].bug
        less = "or, less likely, " if suspect.behind else ""
        say(console, f"{backend}: {less}{share} fail. {bug}")
