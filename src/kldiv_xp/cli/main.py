"""The command line: diagnose two files of arrays."""

import json
from pathlib import Path
from typing import Any, get_args

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kldiv_xp._typing import Axis, InputKind, TargetKind
from kldiv_xp.calls.reduction import REDUCTIONS
from kldiv_xp.cli.array_files import load_array
from kldiv_xp.cli.plot import draw
from kldiv_xp.diagnosis.diagnose import diagnose
from kldiv_xp.diagnosis.report import Report

FOUND = 1
# The packages of the extra `cli`, but for the array library, which is there.
EXTRA = {"click", "matplotlib", "rich", "safetensors"}
FILES = "kldiv_xp.files"
NO_MASK = "A picture draws all samples, and --where leaves some out: leave out --plot."


@click.group()
def main() -> None:
    """The Kullback-Leibler divergence loss: what is wrong with its operands."""


def array_argument(context: click.Context, _: click.Parameter, name: str) -> Any:
    """Array of a file argument, or a usage error; the context keeps the file names."""
    context.meta.setdefault(FILES, []).append(printable(name))
    return array_of_file(name)


def array_of_file(name: str) -> Any:
    """Array of a file, or a usage error."""
    try:
        return load_array(name)
    except OSError as error:
        remedy = "give the path of a file that exists, from the current folder"
        raise click.BadParameter(refusal(error, name, "read", remedy)) from error
    except (ValueError, ImportError) as error:
        raise click.BadParameter(refusal_of_error(error)) from error


def mask_option(_: click.Context, __: click.Parameter, name: str | None) -> Any:
    """Mask of a file, if one is given, or a usage error."""
    return None if name is None else array_of_file(name)


def axes_of(_: click.Context, __: click.Parameter, value: str | None) -> Axis:
    """Axis, or comma-separated axes, if any are given."""
    if value is None:
        return None
    try:
        axes = tuple(map(int, value.split(",")))
    except ValueError as error:
        message = (
            "an axis is a whole number, and several have commas between them; got "
            f"{value!r}: write -1 or 1,2."
        )
        raise click.BadParameter(message) from error
    return axes if len(axes) > 1 else axes[0]


def refusal_of_error(error: Exception) -> str:
    """Message for an error of the diagnosis."""
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        package = error.name.partition(".")[0]
        in_a_clone = ", or in a clone pip install '.[cli]' for all that the command line may need"
        every = in_a_clone if package in EXTRA else ""
        return f"This needs {package}, which is not installed: pip install {package}{every}."
    return printable(str(error) or type(error).__name__)


def refusal(error: OSError, name: str | Path, verb: str, remedy: str) -> str:
    """Message for a file that the system cannot read or write."""
    path, got = str(error.filename or name), error.strerror or str(error)
    return printable(f"{path!r} must be a file that can be {verb}; got {got!r}: {remedy}.")


def printable(text: str) -> str:
    """Text on one line without control characters, which names in files may hold."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


@main.command("diagnose")
@click.argument("input", callback=array_argument)
@click.argument("target", callback=array_argument)
@click.option("--log-target", is_flag=True, help="The target holds log-probabilities.")
@click.option(
    "--input-is",
    type=click.Choice(get_args(InputKind)),
    help="What the input holds; with logits the loss is that of kl_div_with_logits. The default is "
    "logits beside a temperature, else log_probabilities.",
)
@click.option(
    "--target-is",
    type=click.Choice(get_args(TargetKind)),
    help="What the target holds; the default is logits for an input of logits, else probabilities.",
)
@click.option(
    "--axis",
    callback=axes_of,
    help="Axis of one distribution, or axes with commas between them; if left out the last one, "
    "and the loss is that of a call without axis.",
)
@click.option(
    "--where", callback=mask_option, help="File of the mask, True at what has a part in the loss."
)
@click.option("--temperature", type=float, help="What divides the logits.")
@click.option("--beta", type=float, help="Weight of the target in a Jensen-Shannon divergence.")
@click.option("--reduction", type=click.Choice(REDUCTIONS), help="The loss by it alone.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the divergences of the samples into this PNG file; not beside --where.",
)
@click.pass_context
def diagnose_files(
    context: click.Context,
    /,
    input: Any,
    target: Any,
    axis: Axis,
    as_json: bool,
    plot: Path | None,
    **options: Any,
) -> None:
    """Look for the usual mistakes in INPUT (log-probabilities) and TARGET.

    Both are files of one array (.npy), or of several, of which one is named: a.npz:name,
    a.safetensors:name. Exits with status 0 if nothing was found, 1 if something was, 2 if it
    cannot be done.
    """
    try:
        if plot is not None and options["where"] is not None:
            raise ValueError(NO_MASK)
        report = diagnose(input, target, axis=axis, **options)
        if as_json:
            click.echo(json.dumps(report.as_dict(), indent=2))
        else:
            print_report(report)
        if plot is not None:
            draw(plot, input, target, report, context.meta[FILES])
    except OSError as error:
        remedy = "make its folder first, or name a file in another one"
        raise click.UsageError(refusal(error, plot or "", "written", remedy)) from error
    except (TypeError, ValueError, ImportError, MemoryError) as error:
        raise click.UsageError(refusal_of_error(error)) from error
    context.exit(FOUND if report else 0)


def print_report(report: Report) -> None:
    """Print a report as a table."""
    console = Console()
    console.print(report.headline, markup=False, highlight=False)
    if report:
        console.print(table_of_findings(report))
    for line in report.scale:
        console.print(line, markup=False, highlight=False)


def table_of_findings(report: Report) -> Table:
    """Table with one row per finding."""
    made = Table(show_lines=True)
    for column in ("mistake", "index", "value", "count", "what to do"):
        made.add_column(column, overflow="fold", justify="right" if column == "count" else "left")
    for one in report.findings:
        index = "" if one.index is None else str(one.index)
        value = "" if one.value is None else f"{one.value:.6g}"
        made.add_row(one.code, index, value, str(one.count), escape(printable(one.message)))
    return made
