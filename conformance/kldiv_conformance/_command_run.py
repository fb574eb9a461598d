"""The command that judges an implementation: run."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from kldiv_conformance._backend_run import TIMEOUT
from kldiv_conformance._command_numbers import Number
from kldiv_conformance._command_selection import (
    adapter_option,
    known_backends,
    selection_options,
)
from kldiv_conformance._console import show, with_progress
from kldiv_conformance._evidence import apart
from kldiv_conformance._files import check_apart, check_writable, write_whole
from kldiv_conformance._implementations import OURS
from kldiv_conformance._junit import junit_xml
from kldiv_conformance._outcome import Line
from kldiv_conformance._own_adapters import own_adapters
from kldiv_conformance._report import Report, collect
from kldiv_conformance._run import run_all
from kldiv_conformance._selection import Selection, hint
from kldiv_conformance._text import printable

CONFORMS, FAILS, UNDONE = 0, 1, 2
CHECKS_ALONE = (
    "all vectors but those of argument checks are 'not supported'; for the checks alone, choose "
    "--group invalid_arguments."
)


@click.command()
@click.option("--backend", "-b", multiple=True, help="All, or those of --adapter, if left out.")
@adapter_option
@click.option("--implementation", "-i", default=OURS, show_default=True, help="module:function")
@click.option("--name", help="What a report calls it, if it is an adapter of something else.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="JSON lines to write.")
@click.option("--junit", type=click.Path(path_type=Path), help="JUnit XML to write.")
@click.option(
    "--deviations",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with known failures, a file BACKEND.toml for each backend.",
)
@click.option(
    "--timeout",
    type=Number(min=0, min_open=True),
    default=TIMEOUT,
    show_default=True,
    help="Seconds for each vector.",
)
@click.option(
    "--allow-missing", is_flag=True, help="Skip a backend that is named and does not run here."
)
@selection_options
def run(
    backend: tuple[str, ...],
    adapter: tuple[str, ...],
    implementation: str,
    name: str | None,
    output: Path | None,
    junit: Path | None,
    deviations: Path | None,
    timeout: float,
    allow_missing: bool,
    **options: Any,
) -> None:
    """Judge an implementation by every vector, or by those that are chosen.

    The exit code is 0 if all pass, 1 if a vector fails, and 2 if it could not be done.
    """
    selection = Selection(**options)
    named = named_backends(backend, adapter)
    try:
        outputs = [path for path in (output, junit) if path is not None]
        check_apart(outputs)
        for path in outputs:
            check_writable(path)
        started = run_all(
            named or list(known_backends(())),
            implementation,
            name=name,
            deviations=deviations,
            adapters=adapter,
            chosen=selection.vectors(),
            chosen_by=str(selection),
            timeout=timeout,
        )
        lines = list(with_progress(started))
        if output is not None:
            write_whole(output, "".join(f"{json.dumps(line)}\n" for line in lines))
        result = collect(lines, "this run")
        if junit is not None:
            write_whole(junit, junit_xml([result]))
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None
    show(result, output)
    missing = set() if allow_missing else set(named) & set(result.skipped)
    undone = [*not_run(missing), *what_is_undone(result, set(named))]
    for sentence in undone:
        click.echo(printable(sentence), err=True)
    sys.exit(UNDONE if undone else FAILS if result.failed else CONFORMS)


def named_backends(names: tuple[str, ...], specifications: tuple[str, ...]) -> list[str]:
    """Backends that are named, or are one's own if none is; none if neither is given.

    Raises
    ------
    click.UsageError
        If there is no backend of a name.
    """
    known = known_backends(specifications)
    for name in names:
        if name not in known:
            said = f"{hint(name, known)}, and `kldiv-conformance backends` lists all"
            message = f"`backend` {name!r} is of no adapter: {said}."
            raise click.UsageError(printable(message))
    return list(dict.fromkeys(names)) or [own.name for own in own_adapters(specifications).values()]


def not_run(missing: set[str]) -> Iterator[str]:
    """Sentences on backends that were named and did not run."""
    for name in sorted(missing):
        yield (
            f"{name} was named, and did not run: install what it needs, or skip it with "
            "--allow-missing."
        )


def what_is_undone(report: Report, named: set[str]) -> Iterator[str]:
    """Sentences on what was asked for and has not been judged, on each backend that is named."""
    if not any(report.judged(name) for name in report.names):
        yield "Nothing was judged: no backend ran, or all vectors are 'not supported'."
    elif not named and lacks_numbers(report.outcomes):
        yield f"No number was judged: {CHECKS_ALONE}"
    for name in sorted(named & set(report.names)):
        if not report.judged(name):
            yield f"Nothing was judged on {name}: all vectors are 'not supported'."
        elif lacks_numbers(report.of(name)):
            yield f"No number was judged on {name}: {CHECKS_ALONE}"


def lacks_numbers(outcomes: Sequence[Line]) -> bool:
    """Whether numbers were asked for, and none was judged."""
    numbers, _ = apart(outcomes)
    return bool(numbers) and all(line["verdict"] == "not supported" for line in numbers)
