"""Ordinary operands: finite, positive, and of moderate size."""

from collections.abc import Iterator
from random import Random

from mpmath import mp

from generate.draft import Draft
from generate.operands import (
    BOTH,
    REDUCTIONS,
    all_near,
    log_probabilities,
    near,
    probabilities,
    reduction_flags,
    uniform,
)

ABOUT = "Finite input, positive target, nothing extreme: what every implementation must get right."

GOLDEN_INPUT = (-1.0, -2.0, -3.0, -0.5)
GOLDEN_TARGET = (0.4, 0.6, 0.1, 0.9)


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("ordinary")  # noqa: S311 - not for secrets
    for dtype in BOTH:
        yield from golden(dtype)
        yield from single_terms(dtype)
        yield from powers_of_two(dtype)
        yield from distributions(rng, dtype)
        yield from asymmetric(rng, dtype)
        yield from wide(rng, dtype)
    yield from mixed(rng)


def golden(dtype: str) -> Iterator[Draft]:
    """The two by two example of the contract."""
    for reduction in REDUCTIONS:
        yield Draft(
            comment=f"The 2 by 2 example of the documentation, reduction {reduction!r}.",
            flags=("Formula", *reduction_flags(reduction)),
            input=GOLDEN_INPUT,
            target=all_near(GOLDEN_TARGET, dtype),
            shape=(2, 2),
            dtype=dtype,
            reduction=reduction,
        )


def single_terms(dtype: str) -> Iterator[Draft]:
    """One target against several inputs."""
    inputs = all_near((-10.0, -2.3, -1.0, -0.1, 0.0, 0.7, 3.0), dtype)
    for target in (0.001, 0.1, 0.37, 0.5, 0.99, 1.0, 2.5, 40.0):
        yield Draft(
            comment=f"A target of {target} against inputs of either sign.",
            flags=("Formula",) if target == 1 else ("Formula", "NaturalLog"),
            input=inputs,
            target=(near(target, dtype),) * len(inputs),
            dtype=dtype,
        )


def powers_of_two(dtype: str) -> Iterator[Draft]:
    """Targets whose logarithm tells its base."""
    targets = tuple(2.0**exponent for exponent in range(-6, 4))
    yield Draft(
        comment="Targets that are powers of two against input 0: a logarithm to base 2 is whole.",
        flags=("NaturalLog",),
        input=(0.0,) * len(targets),
        target=targets,
        dtype=dtype,
    )
    inputs = (-4.0, -1.5, -0.25, 0.0, 0.5, 2.0)
    yield Draft(
        comment="A target of 1 has logarithm 0, so each term is the input with its sign changed.",
        flags=("Formula",),
        input=inputs,
        target=(1.0,) * len(inputs),
        dtype=dtype,
    )


def distributions(rng: Random, dtype: str) -> Iterator[Draft]:
    """Normalised pairs of growing size."""
    for size in range(2, 10):
        yield Draft(
            comment=f"The terms of two random distributions over {size} outcomes.",
            flags=("Formula",),
            input=log_probabilities(rng, 1, size, dtype),
            target=probabilities(rng, 1, size, dtype),
            dtype=dtype,
        )
    for rows, columns in ((2, 5), (3, 4), (4, 3)):
        for reduction in REDUCTIONS[1:]:
            yield Draft(
                comment=f"{rows} pairs of distributions over {columns} outcomes, {reduction!r}.",
                flags=("Formula", *reduction_flags(reduction)),
                input=log_probabilities(rng, rows, columns, dtype),
                target=probabilities(rng, rows, columns, dtype),
                shape=(rows, columns),
                dtype=dtype,
                reduction=reduction,
            )


def asymmetric(rng: Random, dtype: str) -> Iterator[Draft]:
    """Pairs whose divergence depends much on the direction."""
    peaked, flat = (0.97, 0.01, 0.01, 0.01), (0.25, 0.25, 0.25, 0.25)
    for q, p, shape in ((flat, peaked, "peaked"), (peaked, flat, "flat")):
        for reduction in ("none", "sum"):
            yield Draft(
                comment=f"A {shape} target: swapped arguments give another value ({reduction!r}).",
                flags=("ArgumentOrder", *reduction_flags(reduction)),
                input=tuple(near(mp.log(value), dtype) for value in q),
                target=all_near(p, dtype),
                dtype=dtype,
                reduction=reduction,
            )
    yield Draft(
        comment="Input and target are both positive, so that they can be swapped unnoticed.",
        flags=("ArgumentOrder",),
        input=uniform(rng, 6, 0.1, 0.9, dtype),
        target=uniform(rng, 6, 0.1, 0.9, dtype),
        dtype=dtype,
    )


def wide(rng: Random, dtype: str) -> Iterator[Draft]:
    """Operands of many magnitudes."""
    for power in (3, 6, 9):
        target = all_near([10.0 ** -(power * rng.random()) for _ in range(8)], dtype)
        yield Draft(
            comment=f"Targets down to 1e-{power}: a clamp at a small epsilon would show.",
            flags=("ClampedOperands", "Epsilon"),
            input=uniform(rng, 8, -25.0, 0.0, dtype),
            target=target,
            dtype=dtype,
        )


def mixed(rng: Random) -> Iterator[Draft]:
    """Operands of different dtype."""
    for left, right in (BOTH, BOTH[::-1]):
        for reduction in REDUCTIONS:
            yield Draft(
                comment=f"A {left} input with a {right} target promotes to float64 "
                f"({reduction!r}).",
                flags=("MixedDtypes", *reduction_flags(reduction)),
                input=log_probabilities(rng, 2, 3, left),
                target=probabilities(rng, 2, 3, right),
                shape=(2, 3),
                input_dtype=None if left == "float64" else left,
                target_dtype=None if right == "float64" else right,
                reduction=reduction,
            )
