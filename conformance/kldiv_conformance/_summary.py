"""Contents of a report as plain data: a row for each implementation on each backend."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from kldiv_conformance._agreement import Agreement, agreements, sides
from kldiv_conformance._comparison import disagreements
from kldiv_conformance._distance import BOTH_RIGHT, words_on
from kldiv_conformance._errors import wrong_results
from kldiv_conformance._evidence import apart
from kldiv_conformance._explanations import explained
from kldiv_conformance._outcome import Line
from kldiv_conformance._reasons import flags_that_fail, without_gradients
from kldiv_conformance._report import VERDICTS, Report
from kldiv_conformance._vector import Result, Vector
from kldiv_conformance._vectors import find, groups, notes, vectors

MAJORITY = 0.5
FARTHEST = 3
ARGUMENTS = "invalid_arguments"
BINS = ((0, "0"), (1, "1"), (2, "2"), (4, "3-4"), (8, "5-8"), (64, "9-64"), (math.inf, "more"))


def summary(reports: Iterable[Report]) -> dict[str, Any]:
    """Everything that a page shows, worst implementation first."""
    runs = list(reports)
    rows = [row(report, backend) for report in runs for backend in report.names]
    for row_, side in zip(rows, sides(runs), strict=True):
        row_["label"] = side.label
    rows.sort(key=lambda row: (-row["share"], row["implementation"], row["backend"]))
    asked = [group for group in groups() if group != ARGUMENTS]
    columns = [group for group in asked if any(judged(row["cells"][group]) for row in rows)]
    unasked = [
        group for group in asked if not any(any(row["cells"][group].values()) for row in rows)
    ]
    return {
        "columns": columns,
        "unasked": unasked,
        "unsupported": [group for group in asked if group not in columns + unasked],
        "groups": {group: len(vectors(group)) for group in groups() if group != ARGUMENTS},
        "rows": rows,
        "judged": sum(report.judged(name) for report in runs for name in report.names),
        "skipped": [
            {"implementation": report.header["name"], "backend": name, "reason": reason}
            for report in runs
            for name, reason in report.skipped.items()
        ],
        "runs": [{**report.header, "part": report.part} for report in runs],
        "vectors": {
            vector.id: [vector.comment, vector.flags, vector.group] for vector in vectors()
        },
        "flags": {flag: asdict(note) for flag, note in notes().items()},
        "verdicts": VERDICTS,
        "agreements": [pair_of(found) for found in agreements(runs)],
    }


def row(report: Report, backend: str) -> dict[str, Any]:
    """Outcomes of one implementation on one backend."""
    outcomes = report.of(backend)
    numbers, checks = apart(outcomes)
    line = next(line for line in report.backends if line["backend"] == backend)
    conventions = agreement_with_conventions(outcomes)
    sentences, flags = explained(numbers)
    return {
        "implementation": report.header["name"],
        "backend": backend,
        "versions": line["versions"],
        "share": share_that_fails(numbers),
        "counts": counted(numbers),
        "checks": counted(checks),
        "cells": {group: counted(report.of(backend, group)) for group in groups()},
        "explanations": sentences,
        "unjudged": [sentence.strip() for sentence in without_gradients(outcomes)],
        "suspects": [asdict(suspect) for suspect in flags],
        "check_flags": flags_that_fail(checks),
        "conventions": conventions,
        "follows": followed(conventions),
        "histogram": histogram(outcomes),
        "outcomes": {
            outcome["id"]: [
                VERDICTS.index(outcome["verdict"]),
                told_ulp(outcome),
                outcome["detail"],
            ]
            for outcome in outcomes
        },
    }


def counted(outcomes: Iterable[Line]) -> dict[str, int]:
    """How often each verdict came."""
    count = Counter(outcome["verdict"] for outcome in outcomes)
    return {verdict: count[verdict] for verdict in VERDICTS}


def judged(counts: Mapping[str, int]) -> int:
    """How many of these verdicts were given."""
    return sum(counts.values()) - counts["not supported"]


def share_that_fails(outcomes: Sequence[Line]) -> float:
    """Failures among the vectors that a backend can express."""
    count = counted(outcomes)
    expressed = judged(count)
    return count["failure"] / expressed if expressed else 0.0


def pair_of(found: Agreement) -> dict[str, Any]:
    """How two rows agree: how many vectors they share, and in which groups they are apart."""
    beyond = [it for it in found.distances if it.bounds > BOTH_RIGHT]
    return {
        "left": found.left.label,
        "right": found.right.label,
        "shared": len(found.distances) if found.compared else 0,
        "equal": found.equal,
        "apart": dict(Counter(find(it.identifier).group for it in beyond)),
        "farthest": [
            {**asdict(it), "bounds": f"{it.bounds:.3g}", "numbers": words_on(it)}
            for it in found.distances[:FARTHEST]
            if it.bounds
        ],
    }


def told_ulp(outcome: Line) -> int | None:
    """Largest error of a vector; None where it fails for another reason than such an error."""
    failed = outcome["verdict"] in {"failure", "deviation"}
    is_other = failed and not (outcome["ulp"] and any(wrong_results([outcome])))
    return None if is_other else outcome["ulp"]


def histogram(outcomes: Sequence[Line]) -> list[tuple[str, int]]:
    """How many vectors have their largest error in each range of ulp."""
    errors = [ulp for outcome in outcomes if (ulp := told_ulp(outcome)) is not None]
    count = Counter(next(label for limit, label in BINS if ulp <= limit) for ulp in errors)
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
    """The convention that an implementation follows on most vectors, and more than any other."""
    shares = {name: agreed / asked for name, (agreed, asked) in conventions.items()}
    most = max(shares.values(), default=0.0)
    best = [name for name, share in shares.items() if share == most]
    return best[0] if len(best) == 1 and most > MAJORITY else None
