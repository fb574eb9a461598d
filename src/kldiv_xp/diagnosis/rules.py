"""Rules about single entries and empty samples, and the order of all rules."""

from collections.abc import Callable

from kldiv_xp.diagnosis.entries import entry_of_zero
from kldiv_xp.diagnosis.evidence import LOGS, PROBABILITIES, Evidence, entries_in_words, finding
from kldiv_xp.diagnosis.no_loss import nothing_selected, single_entry
from kldiv_xp.diagnosis.report import Finding
from kldiv_xp.diagnosis.wrong_logits import probabilities_as_input, target_of_logits
from kldiv_xp.diagnosis.wrong_spaces import input_space, swapped, target_space

Rule = Callable[[Evidence], Finding | None]


def mistakes(evidence: Evidence) -> tuple[Finding, ...]:
    """Findings of all rules, the most serious first."""
    spaces = TABLE_RULES if evidence.subject.divergence is None else LOGIT_RULES
    findings = [nothing_selected(evidence), single_entry(evidence)]
    # What does not add up to 1 for want of another entry is in no other space.
    rules = COMMON_RULES if findings[-1] is not None else (*spaces, *COMMON_RULES)
    findings += [rule(evidence) for rule in (*NAN_RULES, *rules)]
    return tuple(finding for finding in findings if finding is not None)


def negative_entries(operand: str) -> Rule:
    """Rule about negative entries where probabilities belong."""

    def rule(evidence: Evidence) -> Finding | None:
        count = evidence.found[f"{operand} negative"]
        if evidence.subject.kind_of(operand) != "probabilities" or not count.number:
            return None
        if evidence.is_space(operand, LOGS) or is_told_before(evidence, operand):
            return None
        remedy = f"probabilities, e.g. softmax of the logits, {evidence.code('softmax', operand)}"
        if (base := evidence.base(operand)) is not None:
            remedy = f"probabilities, {base}**{operand}, which adds up to 1"
        if evidence.subject.generalized:
            of_logs = {"input": "leave log_input out", "target": "pass log_target=True"}[operand]
            remedy = f"masses of 0 and more, or {of_logs} if these are their logarithms"
        return finding(
            f"negative-{operand}", operand, count,
            f"`{operand}` is {count.value:.6g}{count.at} and negative in "
            f"{entries_in_words(count.number)}, which makes the loss NaN: pass {remedy}.",
        )  # fmt: skip

    return rule


def is_told_before(evidence: Evidence, operand: str) -> bool:
    """Whether a more serious rule explains the negative entries."""
    if operand == "input":
        return not evidence.subject.generalized and bool(
            evidence.found[f"input {PROBABILITIES}"].number
        )
    rule = target_space if evidence.subject.divergence is None else target_of_logits
    found = rule(evidence)
    return found is not None and found.code == "logits-as-target"


def empty_samples(operand: str) -> Rule:
    """Rule about samples in which every probability is 0."""

    def rule(evidence: Evidence) -> Finding | None:
        count = evidence.found[f"{operand} empty"]
        if not count.number or evidence.subject.generalized:
            return None  # a mass may be 0 everywhere
        samples = "1 sample" if count.number == 1 else f"{count.number} samples"
        every = f", and in {samples} in all" if count.at else ""
        held = f"{entry_of_zero(evidence.subject, operand):g}"
        return finding(
            f"empty-{operand}", operand, count,
            f"`{operand}` holds nothing but {held}{count.at} along {evidence.along}{every}, so "
            f"there is no distribution: leave padding out with where=.",
        )  # fmt: skip

    return rule


def zero_support(evidence: Evidence) -> Finding | None:
    """Finding about entries where one operand has probability and the other none."""
    count, bare = evidence.found["support"], evidence.subject.needs_support
    if not count.number or bare is None:
        return None
    other = "target" if bare == "input" else "input"
    remedy = "call js_div, which is finite there"
    if evidence.subject.generalized:
        remedy = "add a little to every entry of `input`"
    if evidence.subject.beta is not None:
        remedy = "pass a beta between 0 and 1, of which the loss is finite"
    if evidence.subject.divergence is not None:
        remedy = f"make them -inf in `{other}` as well"
        if evidence.subject.target_is == "probabilities":
            remedy = (
                f"make them 0 in `target` as well and divide it by its sum along {evidence.along}"
            )
    held = f"{entry_of_zero(evidence.subject, bare):g}"
    there = f"where {shown(evidence, other)} is {count.value:.6g}"
    if evidence.subject.kind_of(other) == "logits":
        there = f"where {other} has a probability"
    return finding(
        "zero-support", bare, count,
        f"`{bare}` is {held}{count.at}, {there}, and at {entries_in_words(count.number)} in "
        f"all, which makes the loss infinite: give these entries some probability, or {remedy}.",
    )  # fmt: skip


def shown(evidence: Evidence, operand: str) -> str:
    """Name of an operand's probabilities, which may be counts."""
    is_log = evidence.subject.kind_of(operand) == "log_probabilities"
    return f"exp({operand})" if is_log else f"`{operand}`"


def special_values(operand: str, kind: str, consequence: str) -> Rule:
    """Rule about entries that are NaN or infinite."""

    def rule(evidence: Evidence) -> Finding | None:
        count = evidence.found[f"{operand} {kind}"]
        if not count.number:
            return None
        is_logit = evidence.subject.kind_of(operand) == "logits"
        harm = "which makes the loss NaN" if is_logit else consequence
        if kind == "infinite" and evidence.subject.kind_of(operand) == "probabilities":
            harm = "which no probability is" if operand == "input" else consequence
        every = f"{count.at} and at {entries_in_words(count.number)} in all" if count.at else ""
        return finding(
            f"{kind}-{operand}", operand, count,
            f"`{operand}` is {count.value:g}{every}, {harm}: find out where it comes from, or "
            "leave the sample out with where=.",
        )  # fmt: skip

    return rule


def underflow(evidence: Evidence) -> Finding | None:
    """Finding about subnormal targets of a 16-bit dtype."""
    count = evidence.found["subnormal"]
    if not count.number:
        return None
    option = "log_target=True"
    if evidence.subject.divergence is not None:
        option = "target_is='log_probabilities'"
    return finding(
        "underflow", "target", count,
        f"`target` is {count.value:.3g}{count.at} and in "
        f"{entries_in_words(count.number)} in all too small for its type to hold all digits: keep "
        f"the target in float32, or pass its logarithm with {option}.",
    )  # fmt: skip


TABLE_RULES: tuple[Rule, ...] = (swapped, input_space, target_space)
LOGIT_RULES: tuple[Rule, ...] = (probabilities_as_input, target_of_logits)
NAN_RULES: tuple[Rule, ...] = (
    special_values("input", "nan", "which makes the loss NaN"),
    special_values("target", "nan", "which makes the loss NaN"),
)
COMMON_RULES: tuple[Rule, ...] = (
    empty_samples("input"),
    empty_samples("target"),
    negative_entries("input"),
    negative_entries("target"),
    # Beside a logit of infinity all others have no probability.
    special_values("input", "infinite", "which no logarithm of a probability is"),
    special_values("target", "infinite", "which neither a probability nor its logarithm is"),
    zero_support,
    underflow,
)
