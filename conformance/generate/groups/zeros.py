"""Zero targets, infinities, missing values and negative targets."""

import math
from collections.abc import Iterator
from random import Random

from generate.draft import Draft
from generate.operands import (
    BOTH,
    REDUCTIONS,
    all_near,
    log_probabilities,
    near,
    reduction_flags,
)

ABOUT = "Where target or input is 0, infinite, negative or NaN: real libraries disagree most here."

INF, NAN = math.inf, math.nan
INPUTS = (-1.5, 0.0, -0.0, 2.0, -INF, INF, NAN)
TARGETS = (0.0, -0.0, 0.3, 1.0, 2.5, -0.2, INF, -INF, NAN)
LOG_TARGETS = (-INF, -1.2, 0.0, 0.9, INF, NAN)


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("zeros")  # noqa: S311 - not for secrets
    yield from single_pairs()
    for dtype in BOTH:
        yield from rows_of_pairs(dtype)
        yield from one_hot(rng, dtype)
        yield from masked(rng, dtype)
        yield from contaminated(rng, dtype)


def single_pairs() -> Iterator[Draft]:
    """Every pair of special operands, in a vector of its own."""
    for target in (0.0, -0.0, 0.5, -0.25, INF, NAN):
        for log_q in INPUTS:
            if target == INF and log_q == INF:
                continue
            yield Draft(
                comment=f"Input {log_q}, target {target}: {meaning(log_q, target)}.",
                flags=flags(log_q, target),
                input=(log_q,),
                target=(target,),
                dtype="float32",
            )
    yield Draft(
        comment="Input inf, target inf: inf times (inf - inf) is NaN.",
        flags=("InfiniteTarget",),
        input=(INF,),
        target=(INF,),
        dtype="float32",
    )


def meaning(log_q: float, target: float) -> str:
    """Comment on a pair, by the contract."""
    if math.isnan(log_q) or math.isnan(target):
        return "missing data is never hidden"
    if target == 0:
        return "an impossible event contributes exactly +0"
    if target < 0:
        return "a negative probability has no logarithm"
    if math.isinf(log_q):
        return "an event that the model rules out costs inf" if log_q < 0 else "costs -inf"
    return "an infinite target is as large" if target == INF else "an ordinary neighbour"


def flags(log_q: float, target: float) -> tuple[str, ...]:
    """Bugs that a pair catches."""
    if math.isnan(log_q) or math.isnan(target):
        return ("MissingValue", "ZeroTarget") if target == 0 else ("MissingValue",)
    if target == 0:
        infinite = ("ZeroTargetInfiniteInput",) if math.isinf(log_q) else ()
        return ("ZeroTarget", "SignedZero", *infinite)
    if target < 0:
        return ("NegativeTarget",)
    infinite = ("InfiniteInput",) if math.isinf(log_q) else ()
    return infinite + (("InfiniteTarget",) if target == INF else ()) or ("Formula",)


def rows_of_pairs(dtype: str) -> Iterator[Draft]:
    """Every target against all inputs at once, in both spaces."""
    for log_target in (False, True):
        for target in LOG_TARGETS if log_target else TARGETS:
            inputs = tuple(x for x in INPUTS if not (target == INF and x == INF))
            named = {flag for log_q in inputs for flag in row_flags(log_q, target, log_target)}
            kind = "log-target" if log_target else "target"
            yield Draft(
                comment=f"A {kind} of {target} against every special input at once.",
                flags=tuple(sorted(named)),
                input=inputs,
                target=(near(target, dtype),) * len(inputs),
                dtype=dtype,
                log_target=log_target,
            )


def row_flags(log_q: float, target: float, log_target: bool) -> tuple[str, ...]:
    """Bugs that a pair of a row catches."""
    if not log_target:
        return flags(log_q, target)
    probability = 0.0 if target == -INF else abs(target) + 1
    zero = ("ZeroLogTarget",) if target == -INF else ()
    return ("LogTarget", *zero, *flags(log_q, probability))


def one_hot(rng: Random, dtype: str) -> Iterator[Draft]:
    """Labels: one 1 in each row, the rest 0."""
    for reduction in REDUCTIONS:
        yield Draft(
            comment=f"One-hot labels reduce to the negative log-likelihood ({reduction!r}).",
            flags=("ZeroTarget", *reduction_flags(reduction)),
            input=log_probabilities(rng, 3, 4, dtype),
            target=(0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0),
            shape=(3, 4),
            dtype=dtype,
            reduction=reduction,
        )
    yield Draft(
        comment="All targets are 0: the sum is exactly +0.",
        flags=("ZeroTarget", "SignedZero", "Sum"),
        input=log_probabilities(rng, 1, 5, dtype),
        target=(0.0, -0.0, 0.0, -0.0, 0.0),
        dtype=dtype,
        reduction="sum",
    )


def masked(rng: Random, dtype: str) -> Iterator[Draft]:
    """Outcomes that both distributions rule out, as after a mask on the logits."""
    log_q = log_probabilities(rng, 2, 2, dtype)
    inputs = (log_q[0], -INF, log_q[1], log_q[2], -INF, log_q[3])
    log_p = log_probabilities(rng, 2, 2, dtype)
    log_targets = (log_p[0], -INF, log_p[1], log_p[2], -INF, log_p[3])
    for log_target in (False, True):
        target = log_targets if log_target else all_near((0.25, 0.0, 0.75, 0.4, 0.0, 0.6), dtype)
        for reduction in REDUCTIONS:
            yield Draft(
                comment="An outcome masked out of both distributions adds nothing "
                f"({reduction!r}).",
                flags=(("LogTarget", "ZeroLogTarget") if log_target else ("ZeroTarget",))
                + ("ZeroTargetInfiniteInput", *reduction_flags(reduction)),
                input=inputs,
                target=target,
                shape=(2, 3),
                dtype=dtype,
                reduction=reduction,
                log_target=log_target,
            )


def contaminated(rng: Random, dtype: str) -> Iterator[Draft]:
    """One special element among ordinary ones, under a reduction."""
    ordinary = log_probabilities(rng, 1, 3, dtype)
    p = all_near((0.2, 0.3, 0.5, 0.1), dtype)
    cases = (
        ("a missing input makes the whole loss NaN", (*ordinary, NAN), p, ("MissingValue",)),
        (
            "a missing target makes the whole loss NaN",
            (*ordinary, -1.0),
            (*p[:3], NAN),
            ("MissingValue",),
        ),
        (
            "a missing input at target 0 still shows",
            (*ordinary, NAN),
            (*p[:3], 0.0),
            ("MissingValue", "ZeroTarget"),
        ),
        ("one impossible prediction makes it inf", (*ordinary, -INF), p, ("InfiniteInput",)),
        ("inf and -inf together are NaN", (*ordinary[:2], INF, -INF), p, ("InfiniteInput",)),
        (
            "a negative target makes the whole loss NaN",
            (*ordinary, -1.0),
            (*p[:3], near(-0.1, dtype)),
            ("NegativeTarget",),
        ),
    )
    for words, inputs, target, named in cases:
        for reduction in ("sum", "mean", "batchmean"):
            yield Draft(
                comment=f"Of four elements {words} ({reduction!r}).",
                flags=(*named, *reduction_flags(reduction)),
                input=inputs,
                target=target,
                shape=(2, 2),
                dtype=dtype,
                reduction=reduction,
            )
