"""The command that says how far runs are from each other: compare."""

import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import click

from kldiv_conformance._agreement import Agreement, agreements
from kldiv_conformance._command_numbers import Number
from kldiv_conformance._command_report import RUN, load
from kldiv_conformance._console import plain, say
from kldiv_conformance._distance import Distance, words_on
from kldiv_conformance._files import same_file
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

    The sides are the backends of all runs.  Two right numbers are at most 2 bounds apart, also
    where a vector takes two, as an infinite one and 0 where a probability rounds to 0.
    """
    check_apart(runs)
    reports = {str(path): load(path) for path in runs}
    found = agreements([*reports.values()])
    if not any(pair.compared for pair in found):
        names = ", ".join(repr(str(path)) for path in runs)
        message = (
            f"nothing to compare in {names}: pass runs of two implementations or backends that "
            "have numbers for the same vectors."
        )
        raise click.UsageError(printable(message))
    for pair in found:
        show(pair, shown)
    for path, one in reports.items():
        show_skipped(path, one)
    left = [not_compared(pair) for pair in found if not pair.compared]
    left += [f"{path!r} has no backend that ran." for path, one in reports.items() if not one.names]
    for sentence in left:
        click.echo(printable(sentence), err=True)
    beyond = [pair for pair in found if exceeds(pair, fail_above) or (bits and has_other(pair))]
    if fail_above is not None:
        apart = sum(exceeds(pair, fail_above) for pair in found)
        click.echo(f"{apart} of {len(found)} pairs are more than {fail_above:g} bounds apart.")
    sys.exit(UNDONE if left else APART if beyond else AGREE)


def check_apart(runs: Sequence[Path]) -> None:
    """Refuse a run that is named twice, which would be compared with itself."""
    for path, other in combinations(runs, 2):
        if same_file(path, other):
            message = f"{str(path)!r} is named twice: name another run."
            raise click.UsageError(printable(message))


def not_compared(pair: Agreement) -> str:
    """Sentence on a pair that has no vector with numbers on both sides."""
    remedy = (
        "mend what fails without numbers first"
        if pair.distances
        else "pass runs of a part that both were asked and support"
    )
    return f"nothing of {pair.left.label} and {pair.right.label} was compared: {remedy}."


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


def show_skipped(path: str, report: Report) -> None:
    """Print which backends of a run did not run, so that nothing of them was compared."""
    for name, reason in report.skipped.items():
        say(plain(), f"{name} of {path!r} did not run: {reason}")


def summed_up(pair: Agreement) -> str:
    """Words on how many vectors were compared, how many of them are equal, and why not others."""
    words = [f"{pair.compared} vectors compared, {pair.equal} equal bit for bit"]
    one, both = pair.lost
    if both:
        words.append(f"{both} failed without numbers on both sides")
    if one:
        words.append(f"{one} failed without numbers on one side")
    if any(pair.alone):
        words.append(f"{pair.alone[0]} and {pair.alone[1]} have numbers on one side alone")
    if pair.unsupported:
        words.append(f"{pair.unsupported} not supported on either side")
    return f"{'; '.join(words)}."


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
