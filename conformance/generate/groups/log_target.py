"""Targets that hold log-probabilities."""

from collections.abc import Iterator
from random import Random

from mpmath import mp

from generate.draft import Draft
from generate.groups.ordinary import GOLDEN_INPUT, GOLDEN_TARGET
from generate.operands import (
    BOTH,
    REDUCTIONS,
    Values,
    log_probabilities,
    near,
    reduction_flags,
    uniform,
)

ABOUT = "log_target=True: the target holds logarithms, so its exponential weighs each term."


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("log_target")  # noqa: S311 - not for secrets
    for dtype in BOTH:
        yield from golden(dtype)
        yield from single_terms(dtype)
        yield from distributions(rng, dtype)
        yield from equal(rng, dtype)
        yield from confused(rng, dtype)
    yield from mixed(rng)


def draft(comment: str, inputs: Values, target: Values, dtype: str, *named: str) -> Draft:
    """Vector that keeps its terms."""
    flags = ("LogTarget", *named)
    return Draft(
        comment=comment, flags=flags, input=inputs, target=target, dtype=dtype, log_target=True
    )


def golden(dtype: str) -> Iterator[Draft]:
    """The example of the contract, its target in log space."""
    for reduction in REDUCTIONS:
        yield Draft(
            comment=f"The documented 2 by 2 example with a target in log space ({reduction!r}).",
            flags=("LogTarget", *reduction_flags(reduction)),
            input=GOLDEN_INPUT,
            target=tuple(near(mp.log(p), dtype) for p in GOLDEN_TARGET),
            shape=(2, 2),
            dtype=dtype,
            reduction=reduction,
            log_target=True,
        )


def single_terms(dtype: str) -> Iterator[Draft]:
    """One log-target against several inputs."""
    inputs = tuple(near(x, dtype) for x in (-10.0, -2.3, -1.0, -0.1, 0.0, 0.7, 3.0))
    for target in (-30.0, -5.0, -1.0, -0.3, -0.0, 0.0, 0.5, 3.0):
        values = (near(target, dtype),) * len(inputs)
        words = f"A log-target of {target} against inputs of either sign"
        yield draft(f"{words}.", inputs, values, dtype, "Formula")


def distributions(rng: Random, dtype: str) -> Iterator[Draft]:
    """Normalised pairs."""
    for size in (2, 3, 5, 8):
        pair = (log_probabilities(rng, 1, size, dtype) for _ in range(2))
        words = f"The terms of two random distributions over {size} outcomes, both in log space"
        yield draft(f"{words}.", *pair, dtype, "Formula")
    for rows, columns in ((2, 5), (4, 3)):
        for reduction in REDUCTIONS[1:]:
            yield Draft(
                comment=f"{rows} pairs over {columns} outcomes, both in log space ({reduction!r}).",
                flags=("LogTarget", *reduction_flags(reduction)),
                input=log_probabilities(rng, rows, columns, dtype),
                target=log_probabilities(rng, rows, columns, dtype),
                shape=(rows, columns),
                dtype=dtype,
                reduction=reduction,
                log_target=True,
            )


def equal(rng: Random, dtype: str) -> Iterator[Draft]:
    """A distribution against itself."""
    for low, high in ((-5.0, 0.0), (-60.0, 0.0), (0.0, 4.0)):
        same = uniform(rng, 6, low, high, dtype)
        words = f"Input and log-target are the same numbers in [{low}, {high}]: exactly 0"
        yield draft(f"{words}.", same, same, dtype, "EqualDistributions")
    same = log_probabilities(rng, 1, 6, dtype)
    yield Draft(
        comment="The divergence of a distribution from itself is exactly 0.",
        flags=("LogTarget", "EqualDistributions", "Sum"),
        input=same,
        target=same,
        dtype=dtype,
        reduction="sum",
        log_target=True,
    )


def confused(rng: Random, dtype: str) -> Iterator[Draft]:
    """Operands that are valid in either space, so that the flag must decide."""
    inputs, target = (uniform(rng, 5, 0.05, 0.95, dtype) for _ in range(2))
    yield draft(
        "Positive numbers that could be probabilities are logarithms here.", inputs, target, dtype
    )
    yield Draft(
        comment="The same numbers as before are probabilities without log_target.",
        flags=("Formula",),
        input=inputs,
        target=target,
        dtype=dtype,
    )


def mixed(rng: Random) -> Iterator[Draft]:
    """Operands of different dtype."""
    for left, right in (BOTH, BOTH[::-1]):
        for reduction in ("none", "batchmean"):
            yield Draft(
                comment=f"A {left} input with a {right} log-target ({reduction!r}).",
                flags=("LogTarget", "MixedDtypes", *reduction_flags(reduction)),
                input=log_probabilities(rng, 2, 3, left),
                target=log_probabilities(rng, 2, 3, right),
                shape=(2, 3),
                input_dtype=None if left == "float64" else left,
                target_dtype=None if right == "float64" else right,
                reduction=reduction,
                log_target=True,
            )
