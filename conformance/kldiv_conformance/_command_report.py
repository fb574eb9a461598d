"""The command that writes pages about runs: report."""

from pathlib import Path

import click

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
def report(runs: tuple[Path, ...], output: Path) -> None:
    """Write report.md and report.html about the runs that `run --output` wrote."""
    for path in write_pages(summary([load(path) for path in runs]), output):
        click.echo(printable(str(path)))


def load(path: Path) -> Report:
    """Report of a file, or a clean error."""
    try:
        return read_report(path)
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None
