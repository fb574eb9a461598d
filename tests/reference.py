"""The contract in plain Python floats, written apart from the package."""

import math

INF, NAN = math.inf, math.nan


def exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return INF


def log(value: float) -> float:
    if value == 0:
        return -INF
    return math.log(value) if value > 0 else NAN


def term(
    input: float,
    target: float,
    log_target: bool = False,
    log_input: bool = True,
    generalized: bool = False,
) -> float:
    """Term of one element."""
    x, target = float(input), float(target)
    p, q = exp(target) if log_target else target, exp(x) if log_input else x
    log_q = x if log_input else log(x)
    if math.isnan(log_q) or math.isnan(target) or p < 0:
        return NAN
    if generalized and (q == INF) != (target == INF):
        return INF
    value = p * ((target if log_target else log(p)) - log_q) if p else 0.0
    return value - p + q if generalized else value


def gradient(
    input: float,
    target: float,
    log_target: bool = False,
    log_input: bool = True,
    generalized: bool = False,
) -> tuple[float, float]:
    """Derivatives of a term by input and by target, for a target that is not NaN."""
    x, target = float(input), float(target)
    p, q = exp(target) if log_target else target, exp(x) if log_input else x
    log_q = x if log_input else log(x)
    if p == 0:
        by_input = (q if log_input else 1.0) if generalized else 0.0
        return by_input, 0.0
    log_p = target if log_target else log(p)
    by_p = log_p - log_q + (0 if generalized else 1)
    by_q = (-p / q if q else -INF * p) + (1 if generalized else 0)
    by_input = (q - p if generalized else -p) if log_input else by_q
    return by_input, p * by_p if log_target else by_p


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


def every_pair(log_target: bool, log_input: bool = True) -> list[tuple[float, float]]:
    """All pairs of special operands."""
    inputs = INPUTS if log_input else TARGETS
    return [(x, t) for x in inputs for t in (LOG_TARGETS if log_target else TARGETS)]
