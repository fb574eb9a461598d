"""The command line: run, report, compare, explain, list, backends."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from traceback import extract_tb
from typing import Any

import click

from kldiv_conformance._command_compare import compare
from kldiv_conformance._command_list import backends, explain, list_groups
from kldiv_conformance._command_report import report
from kldiv_conformance._command_run import run
from kldiv_conformance._text import described, printable

UNDONE = 2


class UndoneError(click.ClickException):
    """Reason why a command cannot be done, in one sentence."""

    exit_code = UNDONE


class Commands(click.Group):
    """Commands whose every end is a sentence and an exit code of the table in README.md."""

    def invoke(self, ctx: click.Context) -> Any:
        """Result of a command."""
        try:
            with stopped_by_signals():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise UndoneError("interrupted, and nothing was written.") from None
        except BrokenPipeError:  # of `| head`, which has read enough
            let_go_of_the_output()
            raise click.exceptions.Exit(UNDONE) from None
        except OSError as error:
            name = "" if error.filename is None else f"{str(error.filename)!r}: "
            raise UndoneError(printable(f"{name}{error.strerror or error}.")) from None
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            raise UndoneError(printable(unforeseen(error))) from error


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Take what would end this process at once for Ctrl-C, so that no worker outlives it."""
    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            with suppress(ValueError):  # of a thread that is not the main one
                before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def let_go_of_the_output() -> None:
    """Send what is still to be written nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unforeseen(error: Exception) -> str:
    """Sentence on an exception that no command expects, and where it came from."""
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    return f"{described(error)}, in {where}: report it with the command that was given."


def tell_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the version of the package that is installed, and end."""
    if not asked:
        return
    try:
        click.echo(f"{context.info_name}, version {version('kldiv-xp')}")
    except PackageNotFoundError:
        message = (
            "kldiv-xp is not installed, so that it has no version: in a clone pip install -e ."
        )
        raise UndoneError(message) from None
    context.exit()


@click.group(cls=Commands, no_args_is_help=False)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=tell_version)
def main() -> None:
    """Judge a KL divergence loss, in any framework, by exact results."""


for command in (run, report, compare, explain, list_groups, backends):
    main.add_command(command)
