"""The ends of the range: subnormals, overflow, exponentials that underflow."""

from collections.abc import Iterator
from random import Random

from mpmath import mp

from generate.draft import Draft
from generate.groups import epsilon
from generate.operands import BOTH, all_near, near, reduction_flags, uniform
from kldiv_conformance._formats import FORMATS, Format

ABOUT = "Operands and results near the smallest and the largest numbers of the dtype."


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("tiny")  # noqa: S311 - not for secrets
    for dtype in BOTH:
        form = FORMATS[dtype]
        yield from small_targets(form)
        yield from small_inputs(form)
        yield from large_operands(form)
        yield from underflowing_exponentials(form)
        yield from overflowing_exponentials(form)
        yield from sums(rng, form)
    yield from epsilon.drafts()


def small_targets(form: Format) -> Iterator[Draft]:
    """Targets from the smallest number upwards."""
    tiny, normal = form.smallest_subnormal, form.smallest_normal
    inputs = all_near((-1000.0, -90.5, -7.0, 0.0, 5.5, 300.0), form.name)
    named = (
        ("the smallest number", tiny),
        ("three times the smallest number", 3 * tiny),
        ("half the smallest normal number", normal / 2),
        ("the largest subnormal number", normal - tiny),
        ("the smallest normal number", normal),
        ("just above the smallest normal number", normal + tiny),
        ("a thousand times the smallest normal number", 1024 * normal),
        ("a small number whose product with its logarithm is normal", normal / form.eps),
    )
    for words, target in named:
        yield Draft(
            comment=f"A target of {words}: small, but not zero.",
            flags=("Formula", "ClampedOperands"),
            input=inputs,
            target=(target,) * len(inputs),
            dtype=form.name,
        )


def small_inputs(form: Format) -> Iterator[Draft]:
    """Inputs around zero."""
    tiny, normal = form.smallest_subnormal, form.smallest_normal
    inputs = (-normal, -tiny, tiny, normal, -normal * 1024)
    for target in (1.0, 0.5):
        yield Draft(
            comment=f"Inputs next to 0 at target {target}: log q of a certain event.",
            flags=("Formula",),
            input=inputs,
            target=(target,) * len(inputs),
            dtype=form.name,
        )


def large_operands(form: Format) -> Iterator[Draft]:
    """Targets and inputs up to the largest number."""
    largest = form.largest
    half = near(mp.log(largest) - mp.mpf(1) / 4, form.name)
    cases = (
        (
            "Large target, log q near log p: only a difference of products overflows",
            half,
            largest / 2,
        ),
        ("The largest target against the largest float below its logarithm", half, largest),
        ("A large target against a very negative input overflows to inf", -1e4, largest),
        ("A large target against a very large input overflows to -inf", 1e4, largest),
        ("The most negative input at a small target stays finite", -largest, 1 / 1024),
        ("The largest input at a small target stays finite", largest, 1 / 1024),
        ("The most negative input at target 2 overflows to inf", -largest, 2.0),
        ("The largest input at target 2 overflows to -inf", largest, 2.0),
        ("The most negative input at target 0 contributes nothing", -largest, 0.0),
        ("The largest input at target 0 contributes nothing", largest, 0.0),
        ("Half the most negative input at target 1 is a term of the same size", -largest / 2, 1.0),
    )
    for words, log_q, target in cases:
        yield Draft(
            comment=f"{words}.",
            flags=("Overflow", "ZeroTarget") if target == 0 else ("Overflow",),
            input=(log_q,),
            target=(target,),
            dtype=form.name,
        )


def underflowing_exponentials(form: Format) -> Iterator[Draft]:
    """Log-targets whose exponential is subnormal or zero."""
    edge = mp.log(form.smallest_subnormal)
    inputs = all_near((-1000.0, -3.0, 0.0, 2.0, float("-inf"), float("inf")), form.name)
    zero = (
        ("a little beyond the range of exp", edge - 4),
        ("twice beyond the range of exp", 2 * edge),
        ("far beyond the range of exp", mp.mpf(-1e4)),
        ("the most negative number", mp.mpf(-form.largest)),
    )
    for words, target in zero:
        yield Draft(
            comment=f"A log-target that is {words}: p rounds to 0 and contributes exactly +0.",
            flags=("UnderflowingExp", "LogTarget", "SignedZero", "ZeroTargetInfiniteInput"),
            input=inputs,
            target=(near(target, form.name),) * len(inputs),
            dtype=form.name,
            log_target=True,
        )
    yield from subnormal_exponentials(form)


def subnormal_exponentials(form: Format) -> Iterator[Draft]:
    """Log-targets whose exponential is near the smallest normal number."""
    normal = mp.log(form.smallest_normal)
    for words, target in (
        ("subnormal", normal - 5),
        ("just below the smallest normal number", normal - 0.5),
        ("just above the smallest normal number", normal + 0.5),
    ):
        inputs = all_near((-200.0, -3.0, 0.0, 2.0), form.name)
        yield Draft(
            comment=f"A log-target whose exponential is {words}: small, but not zero.",
            flags=("UnderflowingExp", "LogTarget"),
            input=inputs,
            target=(near(target, form.name),) * len(inputs),
            dtype=form.name,
            log_target=True,
        )


def overflowing_exponentials(form: Format) -> Iterator[Draft]:
    """Log-targets whose exponential is near or beyond the largest number."""
    edge = mp.log(form.largest)
    for words, target, inputs in (
        ("near the largest number, at equal input", edge - 8, (near(edge - 8, form.name),)),
        ("near the largest number", edge - 8, (80.0, 0.0, -20.0)),
        ("infinite: log-probabilities should not be positive", edge + 5, (-3.0, 0.0, 2.0)),
        ("infinite, below the input", edge + 5, (near(edge + 10, form.name),)),
    ):
        yield Draft(
            comment=f"A log-target whose exponential is {words}.",
            flags=("Overflow", "LogTarget"),
            input=inputs,
            target=(near(target, form.name),) * len(inputs),
            dtype=form.name,
            log_target=True,
        )


def sums(rng: Random, form: Format) -> Iterator[Draft]:
    """Sums of terms of very different size."""
    lowest = 4 - form.emin * 0.301
    target = all_near([mp.mpf(10) ** (-lowest * place / 9) for place in range(8)], form.name)
    for reduction in ("none", "sum", "mean"):
        yield Draft(
            comment=f"Targets from 1 to the smallest magnitudes together ({reduction!r}).",
            flags=("ClampedOperands", "Epsilon", *reduction_flags(reduction)),
            input=uniform(rng, 8, -60.0, 0.0, form.name),
            target=target,
            shape=(2, 4),
            dtype=form.name,
            reduction=reduction,
        )
