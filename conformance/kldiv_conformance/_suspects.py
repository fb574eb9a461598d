"""Which bugs would explain the failures of an implementation."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kldiv_conformance._lines import Line
from kldiv_conformance._operands import accuses
from kldiv_conformance._vectors import find

# Every vector of a gradient asks for both derivatives; only the wrong one is evidence.
RESULT_OF_FLAG = {"InputGradient": "d_input", "TargetGradient": "d_target"}
OVERWRITTEN = "OverwrittenOperand"


@dataclass(frozen=True)
class Suspect:
    """A flag, how many of its vectors fail, and how many the backend can express."""

    flag: str
    failures: int
    vectors: int


def suspects(outcomes: Iterable[Line]) -> list[Suspect]:
    """Few flags that account for all failures, the likeliest first.

    The likeliest flag has the largest F-measure of two shares: of its vectors, those that fail
    (precision), and of the failures that no flag before it accounts for, those it has (recall).
    """
    failed, expressed = ids_by_flag(outcomes)
    unexplained = set().union(*failed.values())
    found = []
    while unexplained:
        flag = max(
            sorted(failed),
            key=lambda flag: f_measure(failed[flag], len(expressed[flag]), unexplained),
        )
        unexplained -= failed[flag]
        found.append(Suspect(flag, len(failed[flag]), len(expressed[flag])))
    return found


def certain(outcomes: Iterable[Line]) -> list[Suspect]:
    """Flags all of whose vectors fail."""
    failed, expressed = ids_by_flag(outcomes)
    return [
        Suspect(flag, len(ids), len(ids))
        for flag, ids in sorted(failed.items())
        if len(ids) == len(expressed[flag])
    ]


def f_measure(failed: set[str], expressed: int, unexplained: set[str]) -> float:
    """F-measure of a flag with a weight of 1/2 for recall, 0 if it explains nothing more."""
    precision = len(failed) / expressed
    recall = len(failed & unexplained) / len(unexplained)
    return 1.25 * precision * recall / (0.25 * precision + recall) if recall else 0.0


def ids_by_flag(outcomes: Iterable[Line]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Ids of the vectors of each flag: of those that failed, and of those that were expressed."""
    failed, expressed = defaultdict(set), defaultdict(set)
    for outcome in outcomes:
        if outcome["verdict"] == "not supported":
            continue
        for flag in find(outcome["id"]).flags:
            expressed[flag].add(outcome["id"])
            if outcome["verdict"] == "failure" and concerns(outcome, flag):
                failed[flag].add(outcome["id"])
    return failed, expressed


def concerns(outcome: Line, flag: str) -> bool:
    """Whether the result that a flag is about is among the wrong ones, or an operand is."""
    changed, alone = accuses(outcome["detail"])
    if flag == OVERWRITTEN or alone:
        return flag == OVERWRITTEN and changed
    wrong = [name for name in RESULT_OF_FLAG.values() if f"{name} " in outcome["detail"]]
    return not wrong or RESULT_OF_FLAG.get(flag, wrong[0]) in wrong
