"""The options of commands that choose vectors."""

from collections.abc import Callable
from typing import Any

import click


def selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that choose vectors; each may be given several times."""
    options = {
        "--group": ("groups", "Vectors of this group."),
        "--flag": ("flags", "Vectors with this flag."),
        "--vector": ("ids", "The vector with this id."),
        "--exclude": ("excluded", "No vector of this group, with this flag or with this id."),
    }
    for option, (name, text) in reversed(options.items()):
        command = click.option(option, name, multiple=True, help=text)(command)
    return command
