"""Rules about samples: probabilities, their logarithms or logits, each where another belongs."""

from kldiv_xp.checks.remedies import say
from kldiv_xp.diagnosis.evidence import LOGS, PROBABILITIES, Evidence, finding
from kldiv_xp.diagnosis.report import Finding


def swapped(evidence: Evidence) -> Finding | None:
    """Probabilities for `input`, and log-probabilities for `target`."""
    if not evidence.is_swapped:
        return None
    tally = evidence.found["input positive"]
    return finding(
        "swapped", "input", tally,
        f"`input` holds probabilities ({tally.value:.6g} at {tally.where}) and `target` their "
        "logarithms, so the arguments seem to be swapped: pass the log-probabilities first.",
    )  # fmt: skip


def input_space(evidence: Evidence) -> Finding | None:
    """Probabilities, logits, or something else whose exponential does not add up to 1."""
    found = evidence.found
    if evidence.is_swapped or not found["input sum of exp"].count:
        return None
    if evidence.is_space("input", PROBABILITIES):
        tally = found["input positive"]
        return finding(
            "probabilities-as-input", "input", tally,
            f"`input` holds probabilities ({tally.value:.6g} at {tally.where}) where their "
            "logarithms belong: pass log_softmax of the logits, or "
            f"{say(evidence.xp, 'log', 'input')}.",
        )  # fmt: skip
    if found["input above"].count:
        return logits(evidence, "input")
    return not_normalised(evidence, "input", LOGS)


def target_space(evidence: Evidence) -> Finding | None:
    """The other space than `log_target` says, or no distribution in either."""
    log_target = evidence.subject.log_target
    expected, other = (LOGS, PROBABILITIES) if log_target else (PROBABILITIES, LOGS)
    if evidence.is_swapped or not evidence.found[f"target {expected}"].count:
        return None
    if evidence.is_space("target", other):
        said = f"log_target={log_target}"
        return other_space(
            evidence, said, "leave log_target out" if log_target else "pass log_target=True"
        )
    if log_target and evidence.found["target above"].count:
        return logits(evidence, "target")
    if not log_target and evidence.found["target negative"].count:
        return None  # the rule about negative targets says it better
    return not_normalised(evidence, "target", expected)


def other_space(evidence: Evidence, said: str, remedy: str) -> Finding:
    """Probabilities for `target` where an option says log-probabilities, or the reverse."""
    log_target = evidence.subject.log_target
    tally = evidence.found["target positive" if log_target else "target negative"]
    code, held, asked = "log-probabilities-as-target", "log-probabilities", "probabilities"
    if log_target:
        code, held, asked = "probabilities-as-log-target", asked, held
    return finding(
        code, "target", tally,
        f"`target` holds {held} ({tally.value:.6g} at {tally.where}), but {said} says {asked}: "
        f"{remedy}.",
    )  # fmt: skip


def logits(evidence: Evidence, operand: str) -> Finding:
    """Entries above 0 whose exponentials do not add up to 1."""
    above, sums = (evidence.found[f"{operand} {name}"] for name in ("above", LOGS))
    remedy = f"take {evidence.code('log_softmax', operand)}"
    if len(evidence.axes) == 1:
        kind = "logits" if operand == "target" else evidence.subject.target_is
        call = f"kl_div_with_logits(input, target, axis={evidence.axes[0]}, target_is={kind!r})"
        remedy = f"call {call}, or {remedy}"
    return finding(
        f"logits-as-{operand}", operand, above,
        f"`{operand}` is {above.value:.6g} at {above.where}, which is no logarithm of a "
        f"probability, and exp({operand}) adds up to {sums.value:.6g} along {evidence.along}: "
        f"these look like raw logits, so {remedy}.",
    )  # fmt: skip


def not_normalised(evidence: Evidence, operand: str, kind: str) -> Finding | None:
    """Samples that add up to something else than 1, and the axes along which they would."""
    tally, samples = evidence.found[f"{operand} {kind}"], evidence.found.samples[operand]
    if kind == PROBABILITIES and tally.count <= evidence.found[f"{operand} infinite"].count:
        return None  # no division mends these sums, and the rule about infinities tells of them
    axes = evidence.elsewhere(operand, kind)
    word = "log_softmax" if kind == LOGS else "normalised"
    verb = "take log_softmax of it" if kind == LOGS else "divide it by its sum"
    remedy = f"{verb}, {evidence.code(word, operand)}"
    if axes is not None:
        remedy = f"pass axis={axes}, along which it does"
        if len(axes) == 1:
            remedy = f"pass axis={axes[0]}, along which it does, or transpose the operands"
    name = f"exp({operand})" if kind == LOGS else f"`{operand}`"
    return finding(
        "not-normalised", operand, tally,
        f"{name} adds up to {tally.value:.6g}, not 1, at {tally.where} along {evidence.along}, "
        f"and is off in {tally.count} of {samples} samples: {remedy}.",
    )  # fmt: skip
