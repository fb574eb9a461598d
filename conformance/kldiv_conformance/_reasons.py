"""Verdicts of each function, and the reasons why vectors are not supported."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kldiv_conformance._operands import STUDENT_ALONE
from kldiv_conformance._outcome import Line
from kldiv_conformance._vectors import find

MOST_FREQUENT = 4
NO_GRADIENT = "no gradient was given"
NO_FUNCTION = ("the function that is named is another", "the implementation has no function")
# Below this share of what was asked, right numbers prove little.
LITTLE = 0.01


def reasons(outcomes: Sequence[Line], written: Path | None = None) -> Iterator[str]:
    """Sentences on what was not asked; gradients have one of their own if none was judged.

    `written` is the file that already has all reasons.
    """
    unasked = [line for line in outcomes if line["verdict"] == "not supported"]
    if not unasked:
        return
    ungiven = [line for line in unasked if NO_GRADIENT in line["detail"]]
    others = [line for line in unasked if line["detail"].startswith(NO_FUNCTION)]
    left = [line for line in unasked if not is_told_apart(line["detail"])]
    yield f"{len(unasked)} of {len(outcomes)} vectors are not supported:"
    if ungiven:
        yield f"  {counted_gradients(outcomes, ungiven)}"
    yield from counted(left, written)
    if others:
        names = dict.fromkeys(find(line["id"]).function or "the loss" for line in others)
        yield f"  {vectors_of(len(others))}: functions that were not given: {', '.join(names)}."
    yield from without_gradients(outcomes) if any_gradient(outcomes) or not ungiven else ()
    judged = len(outcomes) - len(unasked)
    if 0 < judged < LITTLE * len(outcomes):
        yield f"  only {vectors_of(judged)} of {len(outcomes)} judged, which proves little."


def is_told_apart(detail: str) -> bool:
    """Whether a reason is a gradient or a function that nobody gave."""
    return NO_GRADIENT in detail or detail.startswith(NO_FUNCTION)


def counted(unasked: Sequence[Line], written: Path | None) -> Iterator[str]:
    """Clauses on the most frequent reasons, and on how many there are beside them."""
    count = Counter(line["detail"] for line in unasked)
    for detail, times in count.most_common(MOST_FREQUENT):
        yield f"  {vectors_of(times)}: {detail}"
    rest = sorted(count.values(), reverse=True)[MOST_FREQUENT:]
    if rest:
        others = f"{vectors_of(sum(rest))}: {len(rest)} other reasons"
        yield f"  {others}; {f'all are in {written}' if written else '--output FILE writes them'}."


def without_gradients(outcomes: Sequence[Line]) -> Iterator[str]:
    """Sentence on functions whose values were judged, and none of the gradients asked for."""
    judged, asked = defaultdict[str, set[str]](set), dict[str, None]()
    for line in outcomes:
        vector = find(line["id"])
        name = vector.function or "the loss"
        asked |= {name: None} if vector.kind == "gradient" else {}
        judged[name] |= {vector.kind} if is_judged(line) else set()
    without = [name for name in asked if "value" in judged[name] and "gradient" not in judged[name]]
    if without:
        yield f"  no gradient of {' and '.join(without)} was judged."


def flags_that_fail(checks: Sequence[Line]) -> list[dict[str, Any]]:
    """Flags of argument checks that fail, most failures first; each check has one flag."""
    judged = [line for line in checks if line["verdict"] != "not supported"]
    count = Counter(find(line["id"]).flags[0] for line in judged)
    failures = Counter(find(line["id"]).flags[0] for line in judged if line["verdict"] == "failure")
    return [
        {"flag": flag, "failures": times, "vectors": count[flag]}
        for flag, times in failures.most_common()
    ]


def any_gradient(outcomes: Sequence[Line]) -> bool:
    """Whether any gradient was judged."""
    return any(find(line["id"]).kind == "gradient" and is_judged(line) for line in outcomes)


def is_judged(line: Line) -> bool:
    """Whether a vector was judged, or one of its derivatives."""
    return line["verdict"] != "not supported" or STUDENT_ALONE in line["detail"]


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
    none = "" if any_gradient(outcomes) else "; no gradient was judged"
    return f"{vectors_of(len(ungiven))}: {ungiven[0]['detail'].rstrip('.')}{none}."


def vectors_of(count: int) -> str:
    """Number of vectors, in words."""
    return f"{count} vector{'' if count == 1 else 's'}"
