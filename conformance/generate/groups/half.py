"""16-bit operands: computed and added up in float32, divided, and rounded once."""

import math
from collections.abc import Iterator
from random import Random

from mpmath import mp

from generate.draft import Draft
from generate.operands import (
    HALF,
    REDUCTIONS,
    all_near,
    log_probabilities,
    near,
    probabilities,
    reduction_flags,
    targets,
    uniform,
)
from kldiv_conformance._formats import FORMATS, Format

ABOUT = "float16 and bfloat16 operands: one rounding, at the very end."

INF, NAN = math.inf, math.nan


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("half")  # noqa: S311 - not for secrets
    for dtype in HALF:
        yield from terms(rng, dtype)
        yield from specials(dtype)
        yield from extremes(FORMATS[dtype])
        yield from reduced(rng, dtype)
        yield from long_sums(dtype)
        yield from mixed(rng, dtype)


def terms(rng: Random, dtype: str) -> Iterator[Draft]:
    """Ordinary terms, in both spaces."""
    for log_target in (False, True):
        for size in (3, 6, 9):
            yield Draft(
                comment=f"Terms of two {dtype} distributions over {size} outcomes, rounded once.",
                flags=("HalfPrecision", "LogTarget") if log_target else ("HalfPrecision",),
                input=log_probabilities(rng, 1, size, dtype),
                target=targets(rng, 1, size, dtype, log_target=log_target),
                dtype=dtype,
                log_target=log_target,
            )
    for low, high in ((-12.0, -6.0), (-2.0, 2.0)):
        yield Draft(
            comment=f"Inputs in [{low}, {high}] against {dtype} targets up to 4.",
            flags=("HalfPrecision",),
            input=uniform(rng, 12, low, high, dtype),
            target=uniform(rng, 12, 0.01, 4.0, dtype),
            dtype=dtype,
        )
    target = uniform(rng, 10, 0.05, 0.95, dtype)
    yield Draft(
        comment="Inputs that are the rounded logarithms of the targets: only the rounding is left.",
        flags=("HalfPrecision", "Cancellation"),
        input=tuple(near(mp.log(p), dtype) for p in target),
        target=target,
        dtype=dtype,
    )


def specials(dtype: str) -> Iterator[Draft]:
    """Zeros, infinities, NaN and negative targets."""
    inputs = (-1.5, 0.0, 2.0, -INF, INF, NAN)
    cases = (
        (0.0, False, ("ZeroTarget", "ZeroTargetInfiniteInput", "SignedZero", "MissingValue")),
        (0.5, False, ("InfiniteInput", "MissingValue")),
        (-0.5, False, ("NegativeTarget", "MissingValue")),
        (NAN, False, ("MissingValue",)),
        (-INF, True, ("ZeroLogTarget", "ZeroTargetInfiniteInput", "MissingValue")),
        (-1000.0, True, ("UnderflowingExp", "ZeroTargetInfiniteInput", "MissingValue")),
    )
    for target, log_target, flags in cases:
        yield Draft(
            comment=f"A {dtype} {'log-' if log_target else ''}target of {target}: specials.",
            flags=("HalfPrecision", *flags),
            input=inputs,
            target=(near(target, dtype),) * len(inputs),
            dtype=dtype,
            log_target=log_target,
        )


def extremes(form: Format) -> Iterator[Draft]:
    """Ends of the range of the 16-bit format."""
    tiny, normal = form.smallest_subnormal, form.smallest_normal
    inputs = all_near((-50.0, -3.0, 0.0, 11.0), form.name)
    for words, target in (
        ("smallest number", tiny),
        ("largest subnormal number", normal - tiny),
        ("smallest normal number", normal),
    ):
        yield Draft(
            comment=f"The {words} of {form.name} as a target.",
            flags=("HalfPrecision",),
            input=inputs,
            target=(target,) * len(inputs),
            dtype=form.name,
        )
    yield Draft(
        comment=f"The largest number of {form.name} as a target: terms overflow only if they must.",
        flags=("HalfPrecision", "Overflow"),
        input=(near(mp.log(form.largest) - 0.5, form.name), -50.0),
        target=(form.largest, form.largest),
        dtype=form.name,
    )
    yield Draft(
        comment="A log-target whose exponential is small in 16 bits, but not in float32.",
        flags=("HalfPrecision", "LogTarget"),
        input=inputs,
        target=(near(-14.0, form.name),) * len(inputs),
        dtype=form.name,
        log_target=True,
    )


def reduced(rng: Random, dtype: str) -> Iterator[Draft]:
    """Reductions of a few terms, in both spaces."""
    for shape in ((), (3, 5), (2, 3, 2)):
        for log_target in (False, True):
            for reduction in REDUCTIONS[1:]:
                size = math.prod(shape)
                yield Draft(
                    comment=f"Shape {shape} of {dtype} reduced in float32 ({reduction!r}).",
                    flags=("HalfPrecision", *reduction_flags(reduction)),
                    input=log_probabilities(rng, 1, size, dtype),
                    target=targets(rng, 1, size, dtype, log_target=log_target),
                    shape=shape,
                    dtype=dtype,
                    reduction=reduction,
                    log_target=log_target,
                )


def long_sums(dtype: str) -> Iterator[Draft]:
    """Sums that a 16-bit accumulator gets wrong."""
    count = 288
    for reduction in REDUCTIONS[1:]:
        yield Draft(
            comment=f"{count} equal terms: a {dtype} accumulator stops growing ({reduction!r}).",
            flags=("HalfPrecision", "HalfAccumulator", *reduction_flags(reduction)),
            input=(-2.3125,) * count,
            target=(1.0,) * count,
            shape=(24, 12),
            dtype=dtype,
            reduction=reduction,
        )
    if dtype != "float16":
        return
    for reduction in ("mean", "batchmean"):
        yield Draft(
            comment=f"The sum overflows float16, its quotient does not ({reduction!r}).",
            flags=("HalfOverflow", *reduction_flags(reduction)),
            input=(-3000.0, -7000.0, -11000.0, -5000.0) * 4,
            target=(1.0,) * 16,
            shape=(4, 4),
            dtype=dtype,
            reduction=reduction,
        )
    yield Draft(
        comment="The sum itself is beyond the largest float16: inf is right.",
        flags=("HalfOverflow", "Sum"),
        input=(-30000.0,) * 4,
        target=(1.0,) * 4,
        dtype=dtype,
        reduction="sum",
    )


def mixed(rng: Random, dtype: str) -> Iterator[Draft]:
    """One 16-bit operand and one that is wider."""
    for wide in ("float32", "float64"):
        for left, right in ((dtype, wide), (wide, dtype)):
            for reduction in ("none", "batchmean"):
                yield Draft(
                    comment=f"A {left} input with a {right} target promotes to {wide}.",
                    flags=("MixedDtypes", *reduction_flags(reduction)),
                    input=log_probabilities(rng, 2, 3, left),
                    target=probabilities(rng, 2, 3, right),
                    shape=(2, 3),
                    dtype=wide,
                    input_dtype=None if left == wide else left,
                    target_dtype=None if right == wide else right,
                    reduction=reduction,
                )
