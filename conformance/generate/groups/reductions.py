"""Reductions over arrays of every rank, empty ones included."""

import math
from collections.abc import Iterator
from itertools import cycle
from random import Random

from generate.draft import Draft
from generate.operands import (
    BOTH,
    REDUCTIONS,
    log_probabilities,
    near,
    reduction_flags,
    targets,
    uniform,
)

ABOUT = "Shapes from 0-d to 4-D and empty ones, under all four reductions."

SHAPES: tuple[tuple[int, ...], ...] = (
    (),
    (1,),
    (5,),
    (1, 1),
    (1, 6),
    (6, 1),
    (3, 4),
    (2, 3, 2),
    (1, 4, 2),
    (4, 1, 3),
    (2, 2, 2, 2),
    (3, 1, 2, 2),
    (1, 2, 3, 2),
)
EMPTY = ((0,), (0, 3), (3, 0), (0, 0), (2, 0, 3), (0, 2, 2), (2, 2, 0, 1))


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("reductions")  # noqa: S311 - not for secrets
    yield from every_rank(rng)
    yield from empties()
    yield from divisors(rng)
    yield from long_sums(rng)


def every_rank(rng: Random) -> Iterator[Draft]:
    """Each shape under each reduction, in turn with either dtype and space."""
    turns = cycle([(dtype, log_target) for log_target in (False, True) for dtype in BOTH])
    for shape in SHAPES:
        for reduction in REDUCTIONS:
            dtype, log_target = next(turns)
            size = math.prod(shape)
            yield Draft(
                comment=f"Shape {shape}, {reduction!r}: {effect(shape, reduction)}.",
                flags=rank_flags(shape, reduction, log_target=log_target),
                input=log_probabilities(rng, 1, size, dtype),
                target=targets(rng, 1, size, dtype, log_target=log_target),
                shape=shape,
                dtype=dtype,
                reduction=reduction,
                log_target=log_target,
            )
        next(turns)


def effect(shape: tuple[int, ...], reduction: str) -> str:
    """Shape after a reduction."""
    if reduction == "none":
        return "every element keeps its place"
    if reduction == "sum":
        return "all elements are added up"
    if reduction == "batchmean" and not shape:
        return "without a batch axis there is no division"
    by = math.prod(shape) if reduction == "mean" else shape[0]
    return f"the sum is divided by {by}"


def rank_flags(
    shape: tuple[int, ...], reduction: str, *, log_target: bool = False
) -> tuple[str, ...]:
    """Bugs that a shape catches."""
    rank = {0: ("ZeroDimensional",), 3: ("ManyAxes",), 4: ("ManyAxes",)}.get(len(shape), ())
    space = ("LogTarget",) if log_target else ()
    return rank + space + reduction_flags(reduction) or ("Formula",)


def empties() -> Iterator[Draft]:
    """Shapes without an element."""
    for shape in EMPTY:
        for reduction in REDUCTIONS:
            yield Draft(
                comment=f"Shape {shape}, {reduction!r}: {nothing(shape, reduction)}.",
                flags=("Empty", *reduction_flags(reduction)),
                input=(),
                target=(),
                shape=shape,
                dtype="float32",
                reduction=reduction,
                log_target=len(shape) == 3,  # noqa: PLR2004 - either space, in turn
            )


def nothing(shape: tuple[int, ...], reduction: str) -> str:
    """Reductions of an empty array."""
    if reduction == "none":
        return "an empty result"
    if reduction == "sum":
        return "the sum of nothing is 0"
    if reduction == "batchmean" and shape[0]:
        return "0 divided by the batch size is 0"
    return "the mean of nothing is NaN"


def divisors(rng: Random) -> Iterator[Draft]:
    """Shapes on which the wrong divisor is not a factor of two."""
    for shape in ((7, 3), (3, 7), (5, 1), (1, 5), (3, 5, 2)):
        for reduction in ("mean", "batchmean"):
            size = math.prod(shape)
            yield Draft(
                comment=f"Shape {shape}, {reduction!r}: {effect(shape, reduction)}, not otherwise.",
                flags=rank_flags(shape, reduction),
                input=uniform(rng, size, -9.0, -1.0, "float64"),
                target=uniform(rng, size, 0.2, 3.0, "float64"),
                shape=shape,
                reduction=reduction,
            )


def long_sums(rng: Random) -> Iterator[Draft]:
    """Sums of a few hundred terms."""
    for dtype in BOTH:
        for reduction in REDUCTIONS[1:]:
            yield Draft(
                comment=f"200 terms of one sign in {dtype}: rounding must not pile up "
                f"({reduction!r}).",
                flags=("Formula", *reduction_flags(reduction)),
                input=(-2.25,) * 200,
                target=tuple(near((1 + place % 7) / 8, dtype) for place in range(200)),
                shape=(20, 10),
                dtype=dtype,
                reduction=reduction,
            )
        yield Draft(
            comment=f"Terms of either sign in {dtype} that nearly cancel in the sum.",
            flags=("Cancellation", "Sum"),
            input=uniform(rng, 40, -1.5, 1.5, dtype),
            target=(1.0,) * 40,
            shape=(4, 10),
            dtype=dtype,
            reduction="sum",
        )
