"""The command that judges an implementation: run."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._backend_run import TIMEOUT
from kldiv_conformance._console import show, with_progress
from kldiv_conformance._files import check_writable, write_whole
from kldiv_conformance._implementations import OURS
from kldiv_conformance._report import Report, collect
from kldiv_conformance._run import run_all
from kldiv_conformance._text import printable

CONFORMS, FAILS, UNDONE = 0, 1, 2


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
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=TIMEOUT,
    show_default=True,
    help="Seconds for each vector.",
)
@click.option(
    "--allow-missing", is_flag=True, help="Skip a backend that is named and does not run here."
)
def run(
    backend: tuple[str, ...],
    implementation: str,
    name: str | None,
    output: Path | None,
    deviations: Path | None,
    timeout: float,
    allow_missing: bool,
) -> None:
    """Judge an implementation by every vector.

    The exit code is 0 if all pass, 1 if a vector fails, and 2 if it could not be done.
    """
    backends = list(dict.fromkeys(backend or ADAPTERS))
    try:
        if output is not None:
            check_writable(output)
        started = run_all(
            backends, implementation, name=name, deviations=deviations, timeout=timeout
        )
        lines = list(with_progress(started))
        if output is not None:
            write_whole(output, "".join(f"{json.dumps(line)}\n" for line in lines))
        result = collect(lines, "this run")
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None
    show(result)
    undone = list(what_is_undone(result, set() if allow_missing else set(backend)))
    for sentence in undone:
        click.echo(printable(sentence), err=True)
    sys.exit(UNDONE if undone else FAILS if result.failed else CONFORMS)


def what_is_undone(report: Report, named: set[str]) -> Iterator[str]:
    """Sentences on what was asked for and has not been judged."""
    for name in sorted(named & set(report.skipped)):
        yield (
            f"{name} was named, and did not run: install what it needs, or skip it with "
            "--allow-missing."
        )
    for name in sorted(named & set(report.names)):
        if not report.judged(name):
            yield f"Nothing was judged on {name}: all vectors are 'not supported'."
    if not any(report.judged(name) for name in report.names):
        yield "Nothing was judged: no backend ran, or all vectors are 'not supported'."
