"""What a report shows, as plain data: a row for each implementation on each backend."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from kldiv_conformance._comparison import disagreements
from kldiv_conformance._lines import Line
from kldiv_conformance._report import VERDICTS, Report
from kldiv_conformance._suspects import suspects
from kldiv_conformance._vector import Result, Vector
from kldiv_conformance._vectors import find, groups, notes, vectors

BINS = ((0, "0"), (1, "1"), (2, "2"), (4, "3-4"), (8, "5-8"), (64, "9-64"), (math.inf, "more"))


def summary(reports: Iterable[Report]) -> dict[str, Any]:
    """Everything that a page shows, worst implementation first."""
    runs = list(reports)
    rows = [row(report, backend) for report in runs for backend in report.names]
    rows.sort(key=lambda row: (-row["share"], row["implementation"], row["backend"]))
    return {
        "groups": {group: len(vectors(group)) for group in groups()},
        "rows": rows,
        "judged": sum(report.judged(name) for report in runs for name in report.names),
        "skipped": [
            {"implementation": report.header["name"], "backend": name, "reason": reason}
            for report in runs
            for name, reason in report.skipped.items()
        ],
        "runs": [report.header for report in runs],
        "vectors": {
            vector.id: [vector.comment, vector.flags, vector.group] for vector in vectors()
        },
        "flags": {flag: asdict(note) for flag, note in notes().items()},
        "verdicts": VERDICTS,
    }


def row(report: Report, backend: str) -> dict[str, Any]:
    """What one implementation did on one backend."""
    outcomes = report.of(backend)
    line = next(line for line in report.backends if line["backend"] == backend)
    conventions = agreement_with_conventions(outcomes)
    return {
        "implementation": report.header["name"],
        "backend": backend,
        "versions": line["versions"],
        "share": report.share_that_fails(backend),
        "counts": counted(report, backend, None),
        "cells": {group: counted(report, backend, group) for group in groups()},
        "suspects": [asdict(suspect) for suspect in suspects(outcomes)],
        "conventions": conventions,
        "follows": followed(conventions),
        "histogram": histogram(outcomes),
        "outcomes": {
            outcome["id"]: [VERDICTS.index(outcome["verdict"]), outcome["ulp"], outcome["detail"]]
            for outcome in outcomes
        },
    }


def counted(report: Report, backend: str, group: str | None) -> dict[str, int]:
    """How often each verdict came."""
    count = report.count(backend, group)
    return {verdict: count[verdict] for verdict in VERDICTS}


def histogram(outcomes: Sequence[Line]) -> list[tuple[str, int]]:
    """How many vectors have their largest error in each range of ulp."""
    count: Counter[str] = Counter()
    for outcome in outcomes:
        if outcome["ulp"] is not None:
            count[next(label for limit, label in BINS if outcome["ulp"] <= limit)] += 1
    return [(label, count[label]) for _, label in BINS]


def agreement_with_conventions(outcomes: Iterable[Line]) -> dict[str, tuple[int, int]]:
    """For each convention: on how many vectors it is followed, of those that distinguish it."""
    followed_by: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for outcome in outcomes:
        vector = find(outcome["id"])
        for name in vector.conventions if outcome["values"] else ():
            asked[name] += 1
            followed_by[name] += follows(outcome["values"], vector, name)
    return {name: (followed_by[name], total) for name, total in asked.items()}


def follows(values: dict[str, list[str]], vector: Vector, convention: str) -> bool:
    """Whether numbers are those that a convention prescribes."""
    for part, prescribed in vector.conventions[convention].items():
        ours = vector.results[part]
        wanted = Result(ours.shape, ours.dtype, prescribed, ours.error_bound)
        numbers = [float.fromhex(text) for text in values[part]]
        if len(numbers) != len(prescribed):
            return False
        if disagreements(numbers, wanted, vector.max_ulp, signed_zero=False):
            return False
    return True


def followed(conventions: dict[str, tuple[int, int]]) -> str | None:
    """The convention that an implementation follows most often, if it follows one at all."""
    shares = {name: agreed / asked for name, (agreed, asked) in conventions.items()}
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] else None
