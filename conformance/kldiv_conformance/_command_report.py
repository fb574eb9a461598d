"""The commands that read what `run --output` wrote: report, compare."""

from pathlib import Path

import click

from kldiv_conformance._console import plain, say
from kldiv_conformance._pages import write_pages
from kldiv_conformance._report import Report, farthest_apart, read_report
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
def report(runs: tuple[Path, ...], output: Path) -> None:
    """Write report.md and report.html about the runs that `run --output` wrote."""
    for path in write_pages(summary([load(path) for path in runs]), output):
        click.echo(printable(str(path)))


@click.command()
@click.argument("path", type=RUN)
@click.option(
    "--pairs", type=click.IntRange(min=1), default=10, show_default=True, help="Vectors to show."
)
def compare(path: Path, pairs: int) -> None:
    """Show on which vectors two backends of a run are farthest apart, in ulp."""
    found = farthest_apart(load(path))
    if not found:
        message = f"{str(path)!r} has no vector with numbers of two backends: run with two."
        raise click.UsageError(message)
    console = plain()
    for distance, identifier, (left, right) in found[:pairs]:
        say(console, f"{distance:>22} ulp  {identifier:<18} {left} and {right}")


def load(path: Path) -> Report:
    """Report of a file, or a clean error."""
    try:
        return read_report(path)
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None
