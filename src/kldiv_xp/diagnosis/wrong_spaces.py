"""Rules for `kl_div`: probabilities, log-probabilities or logits in the wrong place."""

import math

from kldiv_xp._typing import TargetKind
from kldiv_xp.checks.remedies import say
from kldiv_xp.diagnosis.evidence import LOGS, PROBABILITIES, Evidence, finding
from kldiv_xp.diagnosis.report import Finding


def swapped(evidence: Evidence) -> Finding | None:
    """Finding about swapped operands."""
    if not evidence.is_swapped:
        return None
    count = evidence.found["input positive"]
    held, other, first = "probabilities", "their logarithms", "log-probabilities"
    if not evidence.subject.log_input:
        count = evidence.found["input negative"]
        held, other, first = "log-probabilities", "probabilities", "probabilities"
    return finding(
        "swapped", "input", count,
        f"`input` holds {held} ({count.value:.6g}{count.at}) and `target` {other}, so the "
        f"arguments seem to be swapped: pass the {first} first.",
    )  # fmt: skip


def input_space(evidence: Evidence) -> Finding | None:
    """Finding about an `input` whose exponentials do not sum to 1."""
    found = evidence.found
    if not evidence.subject.log_input:
        return input_space_of_probabilities(evidence)
    if evidence.is_swapped or not found["input sum of exp"].number:
        return None
    if evidence.is_space("input", PROBABILITIES):
        count = found["input positive"]
        return finding(
            "probabilities-as-input", "input", count,
            f"`input` holds probabilities ({count.value:.6g}{count.at}) where their "
            f"logarithms belong: pass {say(evidence.xp, 'log', 'input')} or log_softmax of the "
            "logits, or log_input=False for probabilities.",
        )  # fmt: skip
    if found["input above"].number and not evidence.subject.generalized:
        return logits(evidence, "input")
    return not_normalised(evidence, "input", LOGS)


def input_space_of_probabilities(evidence: Evidence) -> Finding | None:
    """Finding about an `input` of probabilities that does not sum to 1."""
    found = evidence.found
    if evidence.is_swapped or not found[f"input {PROBABILITIES}"].number:
        return None
    count = found["input negative"]
    if evidence.is_space("input", LOGS):
        return finding(
            "log-probabilities-as-input", "input", count,
            f"`input` holds log-probabilities ({count.value:.6g}{count.at}), but "
            "log_input=False says probabilities: leave log_input out.",
        )  # fmt: skip
    if count.number and not evidence.subject.generalized:
        return logits(evidence, "input")
    return not_normalised(evidence, "input", PROBABILITIES)


def target_space(evidence: Evidence) -> Finding | None:
    """Finding about a `target` that contradicts `log_target` or does not sum to 1."""
    log_target = evidence.subject.log_target
    expected, other = (LOGS, PROBABILITIES) if log_target else (PROBABILITIES, LOGS)
    if evidence.is_swapped or not evidence.found[f"target {expected}"].number:
        return None
    if evidence.is_space("target", other):
        said = f"log_target={log_target}"
        return other_space(
            evidence, said, "leave log_target out" if log_target else "pass log_target=True"
        )
    if log_target and evidence.found["target above"].number and not evidence.subject.generalized:
        return logits(evidence, "target")
    if not log_target and evidence.found["target negative"].number:
        # Of one operand of logits, the rule about negative targets says it better.
        return logits(evidence, "target") if are_logits_both(evidence) else None
    return not_normalised(evidence, "target", expected)


def are_logits_both(evidence: Evidence) -> bool:
    """Whether both operands look like logits; masses may be any."""
    if evidence.subject.generalized:
        return False
    place = "above" if evidence.subject.log_input else "negative"
    return bool(evidence.found[f"input {place}"].number) and target_held(evidence) == "logits"


def target_held(evidence: Evidence) -> TargetKind:
    """What `target` holds, as far as it shows; else what the options say."""
    if evidence.is_space("target", PROBABILITIES):
        return "probabilities"
    if evidence.is_space("target", LOGS):
        return "log_probabilities"
    said: TargetKind = evidence.subject.target_is
    if evidence.subject.log_target:
        return "logits" if evidence.found["target above"].number else said
    every = evidence.found[f"target {PROBABILITIES}"].number == evidence.found.samples["target"]
    return "logits" if every and evidence.found["target negative"].number else said


def other_space(evidence: Evidence, said: str, remedy: str) -> Finding:
    """Finding about probabilities in `target` instead of log-probabilities, or the reverse."""
    log_target = evidence.subject.log_target
    count = evidence.found["target positive" if log_target else "target negative"]
    code, held, asked = "log-probabilities-as-target", "log-probabilities", "probabilities"
    if log_target:
        code, held, asked = "probabilities-as-log-target", asked, held
    return finding(
        code, "target", count,
        f"`target` holds {held} ({count.value:.6g}{count.at}), but {said} says {asked}: "
        f"{remedy}.",
    )  # fmt: skip


def logits(evidence: Evidence, operand: str) -> Finding:
    """Finding about logits where probabilities or log-probabilities belong."""
    is_log = evidence.subject.kind_of(operand) == "log_probabilities"
    place, kind_of_sum, word = ("above", LOGS, "log_softmax")
    said, name = "no logarithm of a probability", f"exp({operand})"
    if not is_log:
        place, kind_of_sum, word = "negative", PROBABILITIES, "softmax"
        said, name = "no probability", f"`{operand}`"
    above, sums = (evidence.found[f"{operand} {one}"] for one in (place, kind_of_sum))
    remedy = f"take {evidence.code(word, operand)}"
    if len(evidence.axes) == 1:
        kind = "logits" if operand == "target" else target_held(evidence)
        beta = evidence.subject.beta
        loss, of_mixture = ("kl", "") if beta is None else ("js", f", beta={beta}")
        call = f"(input, target, axis={evidence.axes[0]}{of_mixture}, target_is={kind!r})"
        remedy = f"call {loss}_div_with_logits{call}, or {remedy}"
    looks = f"these look like raw logits, so {remedy}"
    if not is_log and (base := evidence.base(operand)) is not None:
        looks = f"{base}**{operand} adds up to 1, so pass {base}**{operand}"
    return finding(
        f"logits-as-{operand}", operand, above,
        f"`{operand}` is {above.value:.6g}{above.at}, which is {said}, and {name} adds up "
        f"to {sums.value:.6g} along {evidence.along}: {looks}.",
    )  # fmt: skip


def not_normalised(evidence: Evidence, operand: str, kind: str) -> Finding | None:
    """Finding about samples that do not sum to 1, and the axes along which they would."""
    if evidence.subject.generalized or evidence.subject.tail == "renormalize":
        return None
    count, samples = evidence.found[f"{operand} {kind}"], evidence.found.samples[operand]
    if kind == PROBABILITIES and count.number <= evidence.found[f"{operand} infinite"].number:
        return None  # no division mends these sums, and the rule about infinities tells of them
    axes, base = evidence.elsewhere(operand, kind), evidence.base(operand) if kind == LOGS else None
    word = "log_softmax" if kind == LOGS else "normalised"
    verb = "take log_softmax of it" if kind == LOGS else "divide it by its sum"
    remedy = f"{verb}, {evidence.code(word, operand)}"
    if axes is not None:
        remedy = f"pass axis={axes}, along which it does"
        if len(axes) == 1:
            remedy = f"pass axis={axes[0]}, along which it does, or transpose the operands"
    if base is not None:
        natural = f"multiply it by log({base}), {operand} * {math.log(base)!r}"
        remedy = f"{base}**{operand} does, so {natural}"
    if evidence.subject.is_partial and operand == "target":
        remedy = "pass tail='renormalize', which divides by the sum"
    name = f"exp({operand})" if kind == LOGS else f"`{operand}`"
    off = f", and is off in {count.number} of {samples} samples" if samples > 1 else ""
    return finding(
        "not-normalised", operand, count,
        f"{name} adds up to {count.value:.6g}, not 1,{count.at} along {evidence.along}{off}: "
        f"{remedy}.",
    )  # fmt: skip
