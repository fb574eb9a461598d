"""Causes that all failures of a backend share, other than a bug of the formula."""

from collections.abc import Sequence

from kldiv_conformance._memory import IN_ONE_PIECE
from kldiv_conformance._operands import IN_TURN, KEPT
from kldiv_conformance._outcome import Line
from kldiv_conformance._raises import LOST, meaning
from kldiv_conformance._settings import LEFT
from kldiv_conformance._torch_derivatives import BESIDE, OF_PARAMETERS, OF_RESULTS, UNASKED
from kldiv_conformance._training import SINGLE, TRANSFORMED

# How a detail tells of it, and what is said of all of them; first those of calls, not of numbers.
CALLS = {
    IN_ONE_PIECE: (
        "operands that do not lie in one piece of memory: read them by their strides, or "
        "copy them into one piece first"
    ),
    IN_TURN: "calls before or after: keep what a call needs with its own result alone",
    KEPT: "what is kept between calls: the same call must return the same numbers each time",
    OF_RESULTS: "operands that are the result of another operation: take them like leaves",
    OF_PARAMETERS: "operands that are an nn.Parameter: take them like other tensors",
    UNASKED: "calls that ask for no gradient: return the same value with and without one",
    BESIDE: "operands beside a constant: the derivative of one is the same without the other",
    TRANSFORMED: (
        "torch.func: compute what is transformed by operations of torch alone, or raise there"
    ),
    SINGLE: "torch's default dtype: make tensors in the dtype of an operand",
    LEFT: "settings of a library that the call leaves changed: leave them as they were before it",
}
CAUSES = {
    **{text: f"come of {cause}" for text, cause in CALLS.items()},
    **{text: several for text, (_, several) in LOST.items()},
    "must have the dtype": "have another dtype",
    "must have the shape": "have another shape",
}


def common_cause(outcomes: Sequence[Line]) -> str | None:
    """Sentence on what all failures share, or None."""
    failures = [line for line in outcomes if line["verdict"] == "failure"]
    if not failures:
        return None
    if len(failures) == 1:
        (only,) = failures
        told = any(text in only["detail"] for text in CAUSES)
        return f"the only failure: {with_meaning(only)}" if told else None
    for text, cause in CAUSES.items():
        if all(text in line["detail"] for line in failures):
            return f"all {len(failures)} failures {cause}; the first: {with_meaning(failures[0])}"
    return None


def with_meaning(line: Line) -> str:
    """Detail of a failure, and what its error means."""
    clause = meaning(line["detail"])
    return f"{line['detail']}{clause}{'.' if clause else ''}"


def of_calls(outcomes: Sequence[Line]) -> list[str]:
    """Sentences on failures that come of how operands lie, and of other calls."""
    details = [line["detail"] for line in outcomes if line["verdict"] == "failure"]
    counts = {text: sum(text in one for one in details) for text in CALLS}
    more = "; other wrong numbers may come of the same"
    return [
        f"{'1 failure comes' if count == 1 else f'{count} failures come'} of {CALLS[text]}"
        f"{more if text != IN_ONE_PIECE and count < len(details) else ''}."
        for text, count in counts.items()
        if count
    ]
