"""The command that writes pages about runs: report."""

from collections.abc import Sequence
from pathlib import Path

import click

from kldiv_conformance._files import check_apart, check_writable, write_whole
from kldiv_conformance._junit import junit_xml
from kldiv_conformance._pages import write_pages
from kldiv_conformance._report import Report, read_report
from kldiv_conformance._summary import summary
from kldiv_conformance._text import printable

RUN = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("runs", nargs=-1, required=True, type=RUN)
@click.option(
    "--output",
    "-o",
    default="report",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to.",
)
@click.option("--junit", type=click.Path(path_type=Path), help="JUnit XML to write as well.")
def report(runs: tuple[Path, ...], output: Path, junit: Path | None) -> None:
    """Write report.md and report.html about the runs that `run --output` wrote."""
    reports = [load(path) for path in runs]
    if junit is not None:
        write_junit(junit, runs, reports)
    make_folder(output)
    for path in write_pages(summary(reports), output):
        click.echo(printable(str(path)))


def make_folder(path: Path) -> None:
    """Make the folder of the pages, or end with a clean error."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = (
            f"the folder {str(path)!r} cannot be made ({error.strerror or error}): name one with "
            "--output where you may write."
        )
        raise click.UsageError(printable(message)) from None


def write_junit(path: Path, runs: Sequence[Path], reports: Sequence[Report]) -> None:
    """Write JUnit XML beside the runs, or a clean error."""
    try:
        check_apart([path], runs)
        check_writable(path)
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None
    write_whole(path, junit_xml(reports))
    click.echo(printable(str(path)))


def load(path: Path) -> Report:
    """Report of a file, or a clean error."""
    try:
        return read_report(path)
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None
