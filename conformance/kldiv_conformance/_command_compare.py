"""The command that says how far runs are from each other: compare."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from kldiv_conformance._agreement import Agreement, Distance, agreements, words_on
from kldiv_conformance._command_numbers import Number
from kldiv_conformance._command_report import RUN, load
from kldiv_conformance._console import plain, say
from kldiv_conformance._report import Report
from kldiv_conformance._text import printable
from kldiv_conformance._vectors import find

AGREE, APART, UNDONE = 0, 1, 2


@click.command()
@click.argument("runs", nargs=-1, required=True, type=RUN)
@click.option(
    "--pairs",
    "shown",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Vectors to show of each pair.",
)
@click.option(
    "--fail-above",
    type=Number(min=0, max=sys.float_info.max),
    metavar="B",
    help="Exit with 1 if a pair is farther apart than this many bounds.",
)
@click.option("--bits", is_flag=True, help="Exit with 1 if a pair is not equal bit for bit.")
def compare(runs: tuple[Path, ...], shown: int, fail_above: float | None, bits: bool) -> None:
    """Show where implementations and backends are farthest apart, in units of the bound.

    The sides are the backends of all runs.  Two right numbers are at most 2 bounds apart.
    """
    reports = {str(path): load(path) for path in runs}
    found = agreements([*reports.values()])
    if not any(pair.distances for pair in found):
        names = ", ".join(repr(str(path)) for path in runs)
        message = (
            f"nothing to compare in {names}: pass runs of two implementations or backends that "
            "have numbers for the same vectors."
        )
        raise click.UsageError(message)
    for pair in found:
        show(pair, shown)
    left = [
        f"{label} has no vector in common with any other: pass runs of the same part."
        for label in without_a_pair(found)
    ]
    left += [f"{path!r} has no backend that ran: {why(one)}." for path, one in idle(reports)]
    for sentence in left:
        click.echo(printable(sentence), err=True)
    beyond = [pair for pair in found if exceeds(pair, fail_above) or (bits and has_other(pair))]
    if fail_above is not None:
        apart = sum(exceeds(pair, fail_above) for pair in found)
        click.echo(f"{apart} of {len(found)} pairs are more than {fail_above:g} bounds apart.")
    sys.exit(UNDONE if left else APART if beyond else AGREE)


def idle(reports: Mapping[str, Report]) -> list[tuple[str, Report]]:
    """Runs in which nothing ran, by their paths."""
    return [(path, report) for path, report in reports.items() if not report.names]


def why(report: Report) -> str:
    """Reasons why backends did not run."""
    return "; ".join(f"{name}, {reason}" for name, reason in report.skipped.items())


def without_a_pair(pairs: Sequence[Agreement]) -> list[str]:
    """Labels of sides that were compared with nothing."""
    labels = [side.label for pair in pairs for side in (pair.left, pair.right)]
    compared = {side.label for pair in pairs if pair.distances for side in (pair.left, pair.right)}
    return [label for label in dict.fromkeys(labels) if label not in compared]


def exceeds(pair: Agreement, limit: float | None) -> bool:
    """Whether a pair is farther apart than it may be."""
    return limit is not None and any(it.bounds > limit for it in pair.distances)


def has_other(pair: Agreement) -> bool:
    """Whether a pair has other bits anywhere."""
    return pair.equal < len(pair.distances)


def show(pair: Agreement, most: int) -> None:
    """Print how a pair agrees, and where it is farthest apart."""
    console = plain()
    say(console, f"{pair.left.label} and {pair.right.label}: {summed_up(pair)}")
    for distance in [it for it in pair.distances if it.bounds or it.ulp][:most]:
        say(console, f"  {described(distance)}")


def summed_up(pair: Agreement) -> str:
    """Words on how many vectors a pair shares, and how many of them are equal."""
    shared, alone = len(pair.distances), pair.alone
    words = f"{shared} vectors compared, {pair.equal} equal bit for bit"
    if any(alone):
        words += f"; {alone[0]} and {alone[1]} have numbers on one side alone"
    return f"{words}."


def described(distance: Distance) -> str:
    """Line on one vector: distance, numbers, flags and comment."""
    vector = find(distance.identifier)
    return (
        f"{units(distance):<34} {distance.identifier} {distance.place}: {words_on(distance)}; "
        f"{', '.join(vector.flags)}: {vector.comment}"
    )


def units(distance: Distance) -> str:
    """Distance in bounds, and in ulp."""
    bounds = "inf" if distance.bounds == float("inf") else f"{distance.bounds:.3g}"
    return f"{bounds} bounds" + ("" if distance.ulp is None else f", {distance.ulp} ulp")
