"""Failures without numbers: what they say, what it means, and which flags it is evidence of."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from kldiv_conformance._kinds import is_empty, is_half, is_without_axes
from kldiv_conformance._outcome import Line
from kldiv_conformance._vectors import find

RAISED = "must return a value, but raised"
# How a detail tells of a failure without numbers, and what is said of one and of several.
LOST = {
    RAISED: ("raises an exception", "raise an exception"),
    "no answer within": ("has no answer in time", "have no answer in time"),
    "the process of": (
        "ends the process that computes it",
        "end the process that computes them",
    ),
    "cannot read: ": (
        "returns something that is no array of the backend",
        "return something that is no array of the backend",
    ),
}
READS = (
    "the loss reads a value while it is compiled or differentiated, by `if`, `bool()`, `float()` "
    "or `item()`: use `where`"
)
MASKS = "the loss selects by a mask, so that a size depends on values: use `where`"
# Parts of errors, and what they mean.
MEANINGS = {
    "TracerArrayConversionError": (
        "NumPy is given an array of JAX that is differentiated or compiled: use `jax.numpy`"
    ),
    "TracerBoolConversionError": READS,
    "TracerIntegerConversionError": READS,
    "ConcretizationTypeError": READS,
    "NonConcreteBooleanIndexError": MASKS,
    "does not require grad": (
        "the result is detached from the graph, as by `detach()`, `item()`, `no_grad()` or NumPy "
        "inside the loss"
    ),
    "Can't call numpy() on Tensor that requires grad": (
        "NumPy is given a tensor that is differentiated: use functions of torch"
    ),
    "Data-dependent branching": READS,
    "Could not guard on data-dependent expression": READS,
    "Unsupported Tensor.item() call": READS,
}
# Flags whose bug is that something raises, and the vectors of each.
OF_ERRORS = {
    "Empty": is_empty,
    "ZeroDimensional": is_without_axes,
    "HalfPrecision": is_half,
}


def lost(line: Line) -> str | None:
    """How the detail of a failure without numbers tells of it, None for any other outcome."""
    if line["verdict"] not in {"failure", "deviation"} or line["values"]:
        return None
    return next((text for text in LOST if text in line["detail"]), None)


def error_of(detail: str) -> str:
    """First sentence of an error that a detail tells."""
    text = detail.partition(RAISED)[2].strip()
    return re.split(r"[.:]?\s(?=Explanation:|See https)|\.(?:\s|$)", text)[0]


def kind_of(error: str) -> str:
    """The same for errors that differ by numbers and shapes alone."""
    return re.sub(r"\[[^]]*\]|\([\d, ]*\)|\d+", "#", error)


def meaning(text: str) -> str:
    """Clause on what an error means, empty where it is not plain."""
    return next((f"; {clause}" for part, clause in MEANINGS.items() if part in text), "")


def of_lost(outcomes: Sequence[Line]) -> list[str]:
    """Sentences on failures without numbers; of a single one on its meaning alone."""
    failures = [line for line in outcomes if line["verdict"] == "failure"]
    if len(failures) == 1:
        clause = meaning(failures[0]["detail"]) if lost(failures[0]) == RAISED else ""
        return [f"{clause.removeprefix('; ')}."] if clause else []
    found = {text: [line["detail"] for line in failures if lost(line) == text] for text in LOST}
    return [sentence(text, told, len(failures)) for text, told in found.items() if told]


def sentence(text: str, details: Sequence[str], failures: int) -> str:
    """Sentence on failures without numbers of one kind."""
    one, several = LOST[text]
    share = f"{len(details)} of {failures} failures {one if len(details) == 1 else several}"
    if text != RAISED:
        return f"{share}; the first: {details[0]}"
    return f"{share}{commonest(details)}."


def commonest(details: Sequence[str]) -> str:
    """Clause on the commonest error, and on what it means."""
    kinds = [kind_of(error_of(detail)) for detail in details]
    kind, times = Counter(kinds).most_common(1)[0]
    first = details[kinds.index(kind)]
    before = "" if times == len(details) else f", the commonest ({times})"
    return f"{before}: {error_of(first)!r}{meaning(first)}"


def of_flags(outcomes: Iterable[Line]) -> set[str]:
    """Ids of failures whose error comes in vectors of one flag alone, whose bug it is."""
    raised = [line for line in outcomes if lost(line) == RAISED]
    kinds = {line["id"]: kind_of(error_of(line["detail"])) for line in raised}
    vectors = {
        kind: [find(it) for it, one in kinds.items() if one == kind] for kind in kinds.values()
    }
    told = {
        kind
        for kind, those in vectors.items()
        if any(all(map(of, those)) for of in OF_ERRORS.values())
    }
    return {identifier for identifier, kind in kinds.items() if kind in told}
