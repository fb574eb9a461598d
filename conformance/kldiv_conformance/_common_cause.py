"""Causes that all failures of a backend share, other than a bug of the formula."""

from collections.abc import Sequence

from kldiv_conformance._memory import LIBRARIES, lies_apart
from kldiv_conformance._outcome import Line
from kldiv_conformance._vectors import find

MANY = 10

# How a detail tells of it, and what is said of all of them.
CAUSES = {
    "must return a value, but raised": "raise an exception",
    "no answer within": "have no answer in time",
    "the process of": "end the process that computes them",
    "cannot read: ": "return something that is no array of the backend",
    "must have the dtype": "have another dtype",
    "must have the shape": "have another shape",
}


def common_cause(outcomes: Sequence[Line], library: str | None) -> str | None:
    """Sentence on what all failures share, or None; `library` is the one that they ran on."""
    failures = [line for line in outcomes if line["verdict"] == "failure"]
    if not failures:
        return None
    if len(failures) == 1:
        (only,) = failures
        told = any(text in only["detail"] for text in CAUSES)
        return f"the only failure: {only['detail']}" if told else None
    for text, cause in CAUSES.items():
        if all(text in line["detail"] for line in failures):
            return f"all {len(failures)} failures {cause}; the first: {failures[0]['detail']}"
    if library in LIBRARIES and are_those_apart(outcomes, failures):
        return (
            f"all {len(failures)} failures, and hardly a pass, have operands that do not lie in "
            "one piece of memory: read them by their strides, or copy them into one piece first."
        )
    return None


def are_those_apart(outcomes: Sequence[Line], failures: Sequence[Line]) -> bool:
    """Whether the vectors with operands in several pieces fail, but for those that want NaN."""
    passes = [has_views(line) for line in outcomes if line["verdict"] == "pass"]
    others_pass = len(passes) - sum(passes) > len(failures) // MANY
    return others_pass and all(map(has_views, failures)) and MANY * sum(passes) < len(failures)


def has_views(line: Line) -> bool:
    """Whether an operand of a vector is a view of memory that holds more."""
    operands = find(line["id"]).pair.values()
    return any(lies_apart(one.shape, one.dtype) for one in operands if one.container == "array")
