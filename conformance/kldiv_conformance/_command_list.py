"""The commands that look at vectors and backends: explain, list, backends."""

import click

from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._console import plain, say
from kldiv_conformance._explain import explanation
from kldiv_conformance._text import printable
from kldiv_conformance._vectors import groups, vectors


@click.command()
@click.argument("identifier", metavar="ID")
def explain(identifier: str) -> None:
    """Show a vector: operands, exact value, what each convention says, why it exists."""
    try:
        say(plain(), explanation(identifier))
    except KeyError as error:
        raise click.UsageError(printable(error.args[0])) from None


@click.command(name="list")
def list_groups() -> None:
    """List the groups and how many vectors each has."""
    for group in groups():
        click.echo(f"{len(vectors(group)):>5}  {group}")


@click.command()
def backends() -> None:
    """List the backends, and why one does not run here."""
    for name, adapter in ADAPTERS.items():
        click.echo(f"{name:<26}{adapter.reason_to_skip() or 'runs here'}")
