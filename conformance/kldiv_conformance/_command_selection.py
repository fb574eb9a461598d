"""The options that choose some of the vectors, and backends of one's own."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kldiv_conformance._adapter import Adapter
from kldiv_conformance._own_adapters import all_adapters
from kldiv_conformance._text import printable

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option("--group", "-g", multiple=True, help="Vectors of a group; may be repeated."),
    click.option("--flag", "-f", multiple=True, help="Vectors with a flag; may be repeated."),
    click.option("--vector", "-v", multiple=True, help="An id, or a pattern like 'half_*'."),
    click.option("--exclude", "-x", multiple=True, help="Not this group, flag, id or dtype."),
    click.option("--sample", type=click.IntRange(min=1), help="So many of them, evenly spread."),
)
adapter_option = click.option(
    "--adapter", "-a", multiple=True, help="A backend of your own, as module:name."
)


def selection_options(command: Command) -> Command:
    """Give a command the options of a selection."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def known_backends(specifications: tuple[str, ...]) -> dict[str, Adapter]:
    """Backends by their names, those of modules in the current folder included.

    Raises
    ------
    click.UsageError
        If a specification does not lead to an adapter, or its name is taken.
    """
    if specifications:  # behind all else, so that no file here hides a library
        sys.path.append(str(Path.cwd()))
    try:
        return all_adapters(specifications)
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from None
