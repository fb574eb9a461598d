"""The contract in plain Python floats, written apart from the package."""

import math

INF, NAN = math.inf, math.nan


def exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return INF


def term(input: float, target: float, log_target: bool = False) -> float:
    """What one element contributes."""
    log_q, target = float(input), float(target)
    if math.isnan(log_q) or math.isnan(target):
        return NAN
    p = exp(target) if log_target else target
    if p == 0:
        return 0.0
    if p < 0:
        return NAN
    log_p = target if log_target else math.log(p)
    return p * (log_p - log_q)


def gradient(input: float, target: float, log_target: bool = False) -> tuple[float, float]:
    """Derivatives of a term by input and by target, for a target that is not NaN."""
    log_q, target = float(input), float(target)
    p = exp(target) if log_target else target
    if p == 0:
        return 0.0, 0.0
    log_p = target if log_target else (math.log(p) if p > 0 else NAN)
    by_p = log_p - log_q + 1
    return -p, p * by_p if log_target else by_p


def loss(inputs, targets, reduction: str, log_target: bool = False):
    """Loss of flat lists; batchmean divides by the length."""
    terms = [term(x, t, log_target) for x, t in zip(inputs, targets, strict=True)]
    if reduction == "none":
        return terms
    total = math.fsum(terms)
    return total if reduction == "sum" else total / len(terms)


# input, target: every pair of an ordinary, a zero, an infinite and a missing operand.
INPUTS = [-1.5, 0.0, 2.0, -INF, INF, NAN]
TARGETS = [0.3, 1.0, 2.5, 0.0, -0.0, -0.2, INF, NAN]
LOG_TARGETS = [-1.2, 0.0, 0.9, -INF, -1e4, INF, NAN]


def every_pair(log_target: bool) -> list[tuple[float, float]]:
    """All pairs of special operands."""
    return [(x, t) for x in INPUTS for t in (LOG_TARGETS if log_target else TARGETS)]
