"""The commands that look at vectors and backends: explain, list, backends."""

from collections import Counter

import click

from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._console import plain, say
from kldiv_conformance._explain import explanation
from kldiv_conformance._selecting import selecting
from kldiv_conformance._selection import Selection
from kldiv_conformance._text import printable


@click.command()
@click.argument("identifier", metavar="ID")
def explain(identifier: str) -> None:
    """Show a vector: operands, exact value, what each convention says, why it exists."""
    try:
        say(plain(), explanation(identifier))
    except KeyError as error:
        raise click.UsageError(printable(error.args[0])) from None


@click.command(name="list")
@selecting
@click.option("--vectors", "each", is_flag=True, help="A line for each vector.")
def list_groups(
    groups: tuple[str, ...],
    flags: tuple[str, ...],
    ids: tuple[str, ...],
    excluded: tuple[str, ...],
    each: bool,
) -> None:
    """List the groups and how many vectors each has, or the vectors themselves."""
    try:
        chosen = Selection(groups, flags, ids, excluded).chosen()
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None
    if each:
        for vector in chosen:
            click.echo(f"{vector.id:<22}  {', '.join(vector.flags):<50}  {vector.comment}")
        return
    for group, count in Counter(vector.group for vector in chosen).items():
        click.echo(f"{count:>5}  {group}")


@click.command()
def backends() -> None:
    """List the backends, and why one does not run here."""
    for name, adapter in ADAPTERS.items():
        click.echo(f"{name:<26}{adapter.reason_to_skip() or 'runs here'}")
