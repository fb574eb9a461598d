"""Rules about samples: probabilities, their logarithms or logits, each where another belongs."""

from kldiv_xp._evidence import LOGS, PROBABILITIES, Evidence, finding
from kldiv_xp._findings import Finding


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
            "probabilities as input", "input", tally,
            f"`input` holds probabilities ({tally.value:.6g} at {tally.where}) where their "
            "logarithms belong: pass log_softmax of the logits, or log(input).",
        )  # fmt: skip
    if found["input above"].count:
        return logits(evidence, "input")
    return not_normalised(evidence, "input", LOGS)


def target_space(evidence: Evidence) -> Finding | None:
    """The other space than `log_target` says, or no distribution in either."""
    expected, other = (LOGS, PROBABILITIES) if evidence.log_target else (PROBABILITIES, LOGS)
    if evidence.is_swapped or not evidence.found[f"target {expected}"].count:
        return None
    if evidence.is_space("target", other):
        return other_space(evidence)
    if evidence.log_target and evidence.found["target above"].count:
        return logits(evidence, "target")
    if not evidence.log_target and evidence.found["target negative"].count:
        return None  # the rule below says it better
    return not_normalised(evidence, "target", expected)


def other_space(evidence: Evidence) -> Finding:
    """`target` in the space that `log_target` denies."""
    if evidence.log_target:
        tally = evidence.found["target positive"]
        return finding(
            "probabilities as log-target", "target", tally,
            f"`target` holds probabilities ({tally.value:.6g} at {tally.where}), but "
            "log_target=True says log-probabilities: leave log_target out.",
        )  # fmt: skip
    tally = evidence.found["target negative"]
    return finding(
        "log-probabilities as target", "target", tally,
        f"`target` holds log-probabilities ({tally.value:.6g} at {tally.where}), but "
        "log_target=False says probabilities: pass log_target=True.",
    )  # fmt: skip


def logits(evidence: Evidence, operand: str) -> Finding:
    """Entries above 0 whose exponentials do not add up to 1."""
    above, sums = (evidence.found[f"{operand} {name}"] for name in ("above", LOGS))
    return finding(
        f"logits as {operand}", operand, above,
        f"`{operand}` is {above.value:.6g} at {above.where}, which is no logarithm of a "
        f"probability, and exp({operand}) adds up to {sums.value:.6g} along {evidence.along}: "
        "these look like raw logits, so call kl_div_with_logits, or take log_softmax first.",
    )  # fmt: skip


def not_normalised(evidence: Evidence, operand: str, kind: str) -> Finding:
    """Samples that add up to something else than 1, and the axis along which they would."""
    tally, samples = evidence.found[f"{operand} {kind}"], evidence.found.samples[operand]
    axis = evidence.elsewhere(operand, kind)
    remedy = "take log_softmax of it" if kind == LOGS else "divide it by its sum"
    if axis is not None:
        remedy = f"pass axis={axis}, along which it does, or transpose the operands"
    name = f"exp({operand})" if kind == LOGS else f"`{operand}`"
    return finding(
        "not normalised", operand, tally,
        f"{name} adds up to {tally.value:.6g}, not 1, at {tally.where} along {evidence.along}, "
        f"and is off in {tally.count} of {samples} samples: {remedy}.",
    )  # fmt: skip
