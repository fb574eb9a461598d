"""The commands that look at vectors and backends: explain, list, backends."""

from collections import Counter
from typing import Any

import click

from kldiv_conformance._command_selection import (
    adapter_option,
    known_backends,
    selection_options,
)
from kldiv_conformance._console import plain, say
from kldiv_conformance._explain import explanation
from kldiv_conformance._selection import Selection, matches
from kldiv_conformance._text import printable
from kldiv_conformance._vectors import by_id


@click.command()
@click.argument("identifier", metavar="ID")
def explain(identifier: str) -> None:
    """Show a vector, or those of a pattern: operands, exact value, conventions, why it exists."""
    found = [one for one in by_id() if matches([identifier], [one])] or [identifier]
    try:
        say(plain(), "\n\n".join(map(explanation, found)))
    except KeyError as error:
        raise click.UsageError(printable(error.args[0])) from None


@click.command(name="list")
@click.option("--vectors", "shown", is_flag=True, help="A line for each vector: id and comment.")
@selection_options
def list_groups(shown: bool, **options: Any) -> None:
    """List the groups and how many vectors each has, or the vectors themselves."""
    try:
        found = Selection(**options).vectors()
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None
    counts = Counter(vector.group for vector in found)
    lines = (f"{vector.id:<18} {vector.comment}" for vector in found)
    for line in lines if shown else (f"{counts[name]:>5}  {name}" for name in counts):
        click.echo(line)


@click.command()
@adapter_option
def backends(adapter: tuple[str, ...]) -> None:
    """List the backends, and why one does not run here."""
    for name, found in known_backends(adapter).items():
        click.echo(printable(f"{name:<26}{found.reason_to_skip() or 'runs here'}"))
