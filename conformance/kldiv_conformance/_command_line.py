"""The command line: run, report, compare, explain, list, backends."""

from typing import Any

import click

from kldiv_conformance._command_list import backends, explain, list_groups
from kldiv_conformance._command_report import compare, report
from kldiv_conformance._command_run import run
from kldiv_conformance._text import printable


class UndoneError(click.ClickException):
    """What keeps a command from being done, in one sentence."""

    exit_code = 2


class Commands(click.Group):
    """Commands whose every end is a sentence and an exit code of the table in README.md."""

    def invoke(self, ctx: click.Context) -> Any:
        """Result of a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise UndoneError("interrupted, and nothing was written.") from None
        except OSError as error:
            name = "" if error.filename is None else f"{str(error.filename)!r}: "
            raise UndoneError(printable(f"{name}{error.strerror or error}.")) from None


@click.group(cls=Commands, no_args_is_help=False)
@click.version_option(package_name="kldiv-xp")
def main() -> None:
    """Judge a KL divergence loss, in any framework, by exact results."""


for command in (run, report, compare, explain, list_groups, backends):
    main.add_command(command)
