"""Rules about single entries, and all rules in the order of their gravity."""

from collections.abc import Callable

from kldiv_xp._evidence import LOGS, Evidence, entries, finding
from kldiv_xp._findings import Finding
from kldiv_xp._wrong_spaces import input_space, swapped, target_space


def mistakes(evidence: Evidence) -> tuple[Finding, ...]:
    """Findings of all rules, the gravest first."""
    findings = [rule(evidence) for rule in RULES]
    return tuple(finding for finding in findings if finding is not None)


def negative_target(evidence: Evidence) -> Finding | None:
    """Targets that have no logarithm."""
    tally = evidence.found["target negative"]
    if evidence.log_target or not tally.count or evidence.is_space("target", LOGS):
        return None
    return finding(
        "negative target", "target", tally,
        f"`target` is {tally.value:.6g} at {tally.where} and negative in {entries(tally.count)}, "
        "which makes the loss NaN: pass probabilities, e.g. softmax of the logits.",
    )  # fmt: skip


def support(evidence: Evidence) -> Finding | None:
    """Entries with target, but without any probability in `input`."""
    tally = evidence.found["support"]
    if not tally.count:
        return None
    return finding(
        "zero support", "input", tally,
        f"`input` is -inf at {tally.where}, where the probability of target is "
        f"{tally.value:.6g}, and at {entries(tally.count)} in all, which makes the loss infinite: "
        "give these entries some probability, or leave them out with where=.",
    )  # fmt: skip


def special(operand: str, kind: str, consequence: str) -> Callable[[Evidence], Finding | None]:
    """Rule about entries that are no numbers, or not finite."""

    def rule(evidence: Evidence) -> Finding | None:
        tally = evidence.found[f"{operand} {kind}"]
        if not tally.count:
            return None
        return finding(
            f"{kind} {operand}", operand, tally,
            f"`{operand}` is {tally.value:g} at {tally.where} and at {entries(tally.count)} in "
            f"all, {consequence}: find out where it comes from, or leave it out with where=.",
        )  # fmt: skip

    return rule


def underflow(evidence: Evidence) -> Finding | None:
    """Targets so small that their type has lost digits of them."""
    tally = evidence.found["subnormal"]
    if not tally.count:
        return None
    return finding(
        "underflow", "target", tally,
        f"`target` is {tally.value:.3g} at {tally.where} and in {entries(tally.count)} in all too "
        "small for its type to hold all digits: keep the target in float32, or pass its logarithm "
        "with log_target=True.",
    )  # fmt: skip


RULES = (
    swapped,
    input_space,
    target_space,
    negative_target,
    support,
    special("input", "nan", "which makes the loss NaN"),
    special("target", "nan", "which makes the loss NaN"),
    special("input", "infinite", "which no logarithm of a probability is"),
    special("target", "infinite", "which neither a probability nor its logarithm is"),
    underflow,
)
