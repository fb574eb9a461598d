"""Rules for losses of logits: probabilities, log-probabilities or logits in the wrong place."""

from kldiv_xp.checks.remedies import say
from kldiv_xp.diagnosis.evidence import LOGS, PROBABILITIES, Evidence, finding
from kldiv_xp.diagnosis.report import Finding
from kldiv_xp.diagnosis.wrong_spaces import not_normalised, other_space
from kldiv_xp.formula.logit_arrays import JSOfArray


def probabilities_as_input(evidence: Evidence) -> Finding | None:
    """Finding about probabilities in `input`, where logits belong."""
    # Nothing but 0 and 1 in a student may be logits: as probabilities the loss would be infinite.
    if not is_probabilities(evidence, "input") or not evidence.found["input fraction"].number:
        return None
    return as_logits(evidence, "input", f"pass {say(evidence.xp, 'log', 'input')}")


def target_of_logits(evidence: Evidence) -> Finding | None:
    """Finding about a target that contradicts `target_is`."""
    if evidence.subject.target_is == "logits":
        return probabilities_as_target(evidence)
    log_target = evidence.subject.log_target
    expected, other = (LOGS, PROBABILITIES) if log_target else (PROBABILITIES, LOGS)
    if not evidence.found[f"target {expected}"].number:
        return None
    if evidence.is_space("target", other):
        named = "probabilities" if log_target else "log_probabilities"
        said = f"target_is={evidence.subject.target_is!r}"
        return other_space(evidence, said, f"pass target_is={named!r}")
    if are_logits(evidence):
        return logits_as_target(evidence, expected)
    if not log_target and evidence.found["target negative"].number:
        return None  # the rule about negative targets says it better
    return not_normalised(evidence, "target", expected)


def probabilities_as_target(evidence: Evidence) -> Finding | None:
    """Finding about probabilities in `target`, where logits belong."""
    if not is_probabilities(evidence, "target"):
        return None
    remedy = "pass target_is='probabilities'"
    if isinstance(evidence.subject.divergence, JSOfArray):
        remedy = f"pass {say(evidence.xp, 'log', 'target')}"
    return as_logits(evidence, "target", remedy)


def is_probabilities(evidence: Evidence, operand: str) -> bool:
    """Whether the entries of all samples sum to 1; a single logit may be 1 by chance."""
    return evidence.size > 1 and evidence.is_space(operand, PROBABILITIES)


def as_logits(evidence: Evidence, operand: str, remedy: str) -> Finding:
    """Finding about probabilities where logits belong."""
    count = evidence.found[f"{operand} positive"]
    return finding(
        f"probabilities-as-{operand}", operand, count,
        f"`{operand}` holds probabilities ({count.value:.6g}{count.at}) where logits "
        f"belong, whose softmax is taken: {remedy}.",
    )  # fmt: skip


def are_logits(evidence: Evidence) -> bool:
    """Whether no sample of `target` sums to 1 and its entries look like logits."""
    found, log_target = evidence.found, evidence.subject.log_target
    if log_target:
        return bool(found["target above"].number)
    every = found[f"target {PROBABILITIES}"].number == found.samples["target"]
    return every and bool(found["target negative"].number and found["target large"].number)


def logits_as_target(evidence: Evidence, expected: str) -> Finding:
    """Finding about logits in `target`, against `target_is`."""
    place = "above" if expected == LOGS else "negative"
    count = evidence.found[f"target {place}"]
    sums = evidence.found[f"target {expected}"]
    name = "exp(target)" if expected == LOGS else "`target`"
    with_tail = " and tail='renormalize'" if evidence.subject.is_partial else ""
    return finding(
        "logits-as-target", "target", count,
        f"`target` is {count.value:.6g}{count.at}, and {name} adds up to {sums.value:.6g} "
        f"along {evidence.along}, but target_is={evidence.subject.target_is!r}: these look like "
        f"raw logits, so pass target_is='logits'{with_tail}.",
    )  # fmt: skip
