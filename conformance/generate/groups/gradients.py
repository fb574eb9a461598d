"""Derivatives by both operands, times an upstream derivative."""

import math
from collections.abc import Iterator
from itertools import cycle
from random import Random

from mpmath import mp

from generate.draft import Draft, Upstream
from generate.operands import (
    BOTH,
    HALF,
    REDUCTIONS,
    all_near,
    log_probabilities,
    near,
    targets,
    uniform,
)

ABOUT = "Derivatives of the loss by input and target, with an upstream derivative."

INF, NAN = math.inf, math.nan
UPSTREAM = (1.0, -1.0, 0.5, 3.0, 0.0)


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("gradients")  # noqa: S311 - not for secrets
    yield from every_reduction(rng)
    yield from shapes(rng)
    for dtype in BOTH:
        yield from zeros(rng, dtype)
        yield from specials(dtype)
        yield from stationary(rng, dtype)
    yield from narrow(rng)
    yield from mixed(rng)
    yield from weighted(rng)


def every_reduction(rng: Random) -> Iterator[Draft]:
    """Each reduction and upstream derivative, in turn with either dtype and space."""
    turns = cycle([(dtype, log_target) for log_target in (False, True) for dtype in BOTH])
    for reduction in REDUCTIONS:
        for upstream in UPSTREAM:
            for _ in range(2):
                dtype, log_target = next(turns)
                yield draft(
                    f"Gradient of {reduction!r} of shape (3, 4), upstream {upstream:g}.",
                    rng,
                    (3, 4),
                    flags=("Upstream",) if upstream != 1 else ("InputGradient", "TargetGradient"),
                    dtype=dtype,
                    reduction=reduction,
                    log_target=log_target,
                    upstream=upstream,
                )
        next(turns)


def draft(
    comment: str,
    rng: Random,
    shape: tuple[int, ...],
    *,
    flags: tuple[str, ...],
    dtype: str,
    reduction: str,
    log_target: bool,
    upstream: Upstream,
) -> Draft:
    """Vector on random distributions."""
    size = math.prod(shape)
    reduced = () if reduction == "none" else ("GradientReduction",)
    return Draft(
        comment=comment,
        flags=(*flags, *reduced, *(("LogTarget",) if log_target else ())),
        input=log_probabilities(rng, 1, size, dtype) if size else (),
        target=targets(rng, 1, size, dtype, log_target=log_target) if size else (),
        shape=shape,
        dtype=dtype,
        reduction=reduction,
        log_target=log_target,
        upstream=upstream,
    )


def weighted(rng: Random) -> Iterator[Draft]:
    """Elements of the loss, each with an upstream derivative of its own."""
    for shape, dtype, log_target in (((2, 3), "float64", False), ((4,), "float32", True)):
        yield draft(
            f"Gradient of 'none' of shape {shape}, with an upstream of its own for each element.",
            rng,
            shape,
            flags=("OwnUpstream",),
            dtype=dtype,
            reduction="none",
            log_target=log_target,
            upstream=tuple(0.5 * place - 1.25 for place in range(math.prod(shape))),
        )


def shapes(rng: Random) -> Iterator[Draft]:
    """Every rank, and empty arrays."""
    for shape in ((), (1,), (5,), (2, 3, 2), (2, 1, 3, 2), (0,), (0, 3), (3, 0)):
        for reduction in ("mean", "batchmean"):
            yield draft(
                f"Gradient of {reduction!r} of shape {shape}: it has the shape of its operand.",
                rng,
                shape,
                flags=("InputGradient", "TargetGradient")
                + (() if math.prod(shape) else ("Empty",)),
                dtype="float32",
                reduction=reduction,
                log_target=len(shape) % 2 == 0,
                upstream=1.0,
            )


def zeros(rng: Random, dtype: str) -> Iterator[Draft]:
    """Targets of 0, and log-targets whose exponential is 0."""
    log_q = log_probabilities(rng, 1, 2, dtype)
    inputs = (log_q[0], -INF, INF, log_q[1], -7.0)
    for reduction in REDUCTIONS:
        for log_target in (False, True):
            zero = (-INF, -INF, -1e5, -1e5) if log_target else (0.0, -0.0, 0.0, 0.0)
            last = near(-0.75 if log_target else 0.4, dtype)
            yield Draft(
                comment=f"Both derivatives are 0 where p is 0 ({reduction!r}).",
                flags=("ZeroTargetGradient",) + (("LogTarget",) if log_target else ()),
                input=inputs,
                target=(*zero, last),
                dtype=dtype,
                reduction=reduction,
                log_target=log_target,
                upstream=1.5,
            )


def specials(dtype: str) -> Iterator[Draft]:
    """Infinite inputs, negative and missing operands."""
    pairs = (
        (
            "an infinite input leaves the derivative by input finite",
            (-INF, INF),
            (0.5, 2.0),
            "InfiniteInput",
        ),
        (
            "a negative target has no derivative by target",
            (-1.0, 0.5),
            (-0.25, -3.0),
            "NegativeTarget",
        ),
        ("a missing target makes both derivatives NaN", (-1.0, 0.0), (NAN, NAN), "MissingValue"),
        (
            "a missing input makes the derivative by target NaN",
            (NAN, NAN),
            (0.5, 2.0),
            "MissingValue",
        ),
    )
    for words, inputs, target, flag in pairs:
        for reduction in ("none", "batchmean"):
            yield Draft(
                comment=f"With {reduction!r}, {words}.",
                flags=("InputGradient", "TargetGradient", flag),
                input=inputs,
                target=target,
                dtype=dtype,
                reduction=reduction,
                upstream=1.0,
            )


def stationary(rng: Random, dtype: str) -> Iterator[Draft]:
    """Derivatives with respect to the target that nearly vanish, and targets of many sizes."""
    p = uniform(rng, 6, 0.05, 0.95, dtype)
    log_p = tuple(near(mp.log(value), dtype) for value in p)
    yield Draft(
        comment="Input is log p + 1, rounded: the derivative by target is a rounding error.",
        flags=("TargetGradient", "Cancellation"),
        input=tuple(near(mp.log(value) + 1, dtype) for value in p),
        target=p,
        dtype=dtype,
        upstream=1.0,
    )
    yield Draft(
        comment="Input is log-target + 1, rounded: the derivative by target nearly vanishes.",
        flags=("TargetGradient", "Cancellation", "LogTarget"),
        input=tuple(near(mp.mpf(value) + 1, dtype) for value in log_p),
        target=log_p,
        dtype=dtype,
        log_target=True,
        upstream=1.0,
    )
    small = all_near([mp.mpf(10) ** (-4 * place) for place in range(8)], dtype)
    yield Draft(
        comment="Targets from 1 to 1e-28: neither derivative is clamped.",
        flags=("InputGradient", "TargetGradient", "ClampedOperands", "Epsilon"),
        input=uniform(rng, 8, -20.0, 0.0, dtype),
        target=small,
        dtype=dtype,
        reduction="sum",
        upstream=-2.0,
    )


def narrow(rng: Random) -> Iterator[Draft]:
    """16-bit operands: computed in float32, rounded once."""
    for dtype in HALF:
        for reduction in REDUCTIONS:
            for log_target in (False, True):
                yield draft(
                    f"Gradient of {reduction!r} in {dtype}: computed in float32, rounded once.",
                    rng,
                    (2, 3),
                    flags=("HalfPrecision", "InputGradient", "TargetGradient"),
                    dtype=dtype,
                    reduction=reduction,
                    log_target=log_target,
                    upstream=1.5,
                )


def mixed(rng: Random) -> Iterator[Draft]:
    """Operands of different dtype, each of which gets a gradient of its own dtype."""
    for left, right in (BOTH, BOTH[::-1]):
        for log_target in (False, True):
            yield Draft(
                comment=f"A {left} input and a {right} target have gradients of their own dtype.",
                flags=("MixedDtypes", "InputGradient", "TargetGradient"),
                input=log_probabilities(rng, 2, 3, left),
                target=targets(rng, 2, 3, right, log_target=log_target),
                shape=(2, 3),
                input_dtype=None if left == "float64" else left,
                target_dtype=None if right == "float64" else right,
                reduction="batchmean",
                log_target=log_target,
                upstream=1.0,
            )
