"""Verdicts of each function, and the reasons why vectors are not supported."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from kldiv_conformance._outcome import Line
from kldiv_conformance._vectors import find

MOST_FREQUENT = 4
NO_GRADIENT = "no gradient was given"


def reasons(outcomes: Sequence[Line], written: Path | None = None) -> Iterator[str]:
    """Sentences on what was not asked; gradients have one of their own if none was judged.

    `written` is the file that already has all reasons.
    """
    unasked = [line for line in outcomes if line["verdict"] == "not supported"]
    if not unasked:
        return
    ungiven = [line for line in unasked if NO_GRADIENT in line["detail"]]
    count = Counter(line["detail"] for line in unasked if NO_GRADIENT not in line["detail"])
    yield f"{len(unasked)} of {len(outcomes)} vectors are not supported:"
    if ungiven:
        yield f"  {counted_gradients(outcomes, ungiven)}"
    for detail, times in count.most_common(MOST_FREQUENT):
        yield f"  {vectors_of(times)}: {detail}"
    rest = sorted(count.values(), reverse=True)[MOST_FREQUENT:]
    if rest:
        others = f"{vectors_of(sum(rest))}: {len(rest)} other reasons"
        yield f"  {others}; {f'all are in {written}' if written else '--output FILE writes them'}."


def by_function(outcomes: Sequence[Line]) -> Iterator[str]:
    """Sentence on each function's verdicts, if several are judged: one may hide another's bugs."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for line in outcomes:
        if line["verdict"] != "not supported":
            found[find(line["id"]).function or "the loss"][line["verdict"]] += 1
    if len(found) > 1:
        counts = (
            f"{name} {', '.join(f'{times} {verdict}' for verdict, times in count.items())}"
            for name, count in found.items()
        )
        yield f"of each function: {'; '.join(counts)}."


def counted_gradients(outcomes: Sequence[Line], ungiven: Sequence[Line]) -> str:
    """Clause on derivatives that nobody gave, and whether any was judged."""
    judged = any(
        find(line["id"]).kind == "gradient" and line["verdict"] != "not supported"
        for line in outcomes
    )
    none = "" if judged else "; no gradient was judged"
    return f"{vectors_of(len(ungiven))}: {ungiven[0]['detail'].rstrip('.')}{none}."


def vectors_of(count: int) -> str:
    """Number of vectors, in words."""
    return f"{count} vector{'' if count == 1 else 's'}"
