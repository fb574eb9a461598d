"""Divergences of single samples, and masks, over garbage that must not show."""

import math
from collections.abc import Iterator
from itertools import cycle
from random import Random

from generate.draft import Draft
from generate.groups import batches, first_axis
from generate.groups.batch_cases import WEIGHTED, drawn
from generate.groups.sampled import sampled
from generate.groups.sampled_gradients import gradients
from generate.operands import REDUCTIONS, near, reduction_flags

ABOUT = "Terms summed over axis before the reduction, and where, which leaves terms out."

INF, NAN = math.inf, math.nan
TURNS = (("float64", False), ("float32", True), ("float32", False), ("float64", True))
AXES: tuple[tuple[tuple[int, ...], int | tuple[int, ...]], ...] = (
    ((3,), 0),
    ((2, 3, 4), 0),
    ((2, 3, 4), 1),
    ((2, 3, 4), -2),
    ((3, 2, 5), (1, 2)),
    ((3, 2, 5), (-1, 0)),
    ((2, 3), (0, 1)),
    ((3, 2, 2), (0, 1, 2)),
    ((5, 2, 3), (-1,)),
)


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("samples and masks")  # noqa: S311 - not for secrets
    yield from one_axis(rng)
    yield from several_axes(rng)
    yield from masked_terms(rng)
    yield from masked_samples(rng)
    yield from nothing_selected(rng)
    yield from zeros()
    yield from specials()
    yield from half(rng)
    yield from gradients(rng)
    yield from batches.of_terms()
    yield from batches.of_words(drawn("terms", WEIGHTED), WEIGHTED)
    yield from first_axis.of_terms()


def one_axis(rng: Random) -> Iterator[Draft]:
    """A batch of distributions along the last axis."""
    for shape in ((3, 5), (2, 3, 4)):
        for reduction, (dtype, log_target) in zip(REDUCTIONS, TURNS, strict=True):
            yield sampled(
                f"Samples of shape {shape} along the last axis, {reduction!r}.",
                ("SampleAxis", *reduction_flags(reduction)),
                rng,
                shape,
                axis=-1,
                dtype=dtype,
                log_target=log_target,
                reduction=reduction,
            )


def several_axes(rng: Random) -> Iterator[Draft]:
    """Every way to name axes, in turn with the reductions that depend on what is left."""
    turns = cycle(TURNS)
    for shape, axis in AXES:
        for reduction in ("none", "mean") if len(shape) < 3 else ("none", "batchmean"):  # noqa: PLR2004 - either, in turn
            dtype, log_target = next(turns)
            yield sampled(
                f"axis={axis} of shape {shape}, {reduction!r}.",
                ("NamedAxes", "SampleAxis", *reduction_flags(reduction)),
                rng,
                shape,
                axis=axis,
                dtype=dtype,
                log_target=log_target,
                reduction=reduction,
            )
        next(turns)


def masked_terms(rng: Random) -> Iterator[Draft]:
    """Garbage in elements that are not selected."""
    where = (True, False, True, False, False, True, True, False, True, True, True, False)
    for axis in (None, -1):
        for reduction, (dtype, log_target) in zip(REDUCTIONS, TURNS, strict=True):
            yield sampled(
                f"NaN, infinities and negative numbers where nothing is selected, axis={axis}, "
                f"{reduction!r}.",
                ("MaskedGarbage", *masked_flags(reduction)),
                rng,
                (3, 4),
                axis=axis,
                where=where,
                dtype=dtype,
                log_target=log_target,
                reduction=reduction,
            )


def masked_samples(rng: Random) -> Iterator[Draft]:
    """Padding: whole samples that are not selected, by a mask of size 1 along the axis."""
    turns = cycle(TURNS[1:])
    for shape, axis, mask_shape in (
        ((4, 3), -1, (4, 1)),
        ((2, 3, 4), -1, (2, 3, 1)),
        ((5, 2, 2), (1, 2), (5, 1, 1)),
    ):
        where = tuple(place % 3 != 1 for place in range(math.prod(mask_shape)))
        for reduction in REDUCTIONS:
            dtype, log_target = next(turns)
            yield sampled(
                f"A mask of shape {mask_shape} leaves out whole samples of {shape}, {reduction!r}.",
                ("SampleMask", "MaskedGarbage", *masked_flags(reduction)),
                rng,
                shape,
                axis=axis,
                where=where,
                where_shape=mask_shape,
                dtype=dtype,
                log_target=log_target,
                reduction=reduction,
            )


def masked_flags(reduction: str) -> tuple[str, ...]:
    """Bugs that a mask catches under a reduction."""
    return ("MaskedMean",) if reduction == "mean" else reduction_flags(reduction)


def nothing_selected(rng: Random) -> Iterator[Draft]:
    """Masks that are false everywhere."""
    for axis in (None, -1):
        for reduction, (dtype, log_target) in zip(REDUCTIONS, TURNS, strict=True):
            yield sampled(
                f"Nothing is selected, axis={axis}: 0, not 0 / 0 ({reduction!r}).",
                ("NothingSelected", "SignedZero"),
                rng,
                (2, 3),
                axis=axis,
                where=(False,) * 6,
                dtype=dtype,
                log_target=log_target,
                reduction=reduction,
            )


def zeros() -> Iterator[Draft]:
    """Impossible events within samples, selected or not."""
    for log_target in (False, True):
        for where in (None, (True, True, False, True, False, True)):
            zero, half = (-INF, near(-0.75, "float32")) if log_target else (0.0, 0.5)
            yield Draft(
                comment="Targets of 0 within samples contribute nothing, and count as selected.",
                flags=("ZeroLogTarget" if log_target else "ZeroTarget", "SampleAxis"),
                input=(-1.0, -INF, -2.0, -0.5, -1.5, -INF),
                target=(half, zero, half, half, 0.25, zero),
                shape=(2, 3),
                dtype="float32",
                reduction="mean" if where else "none",
                log_target=log_target,
                axis=-1,
                where=where,
            )


def specials() -> Iterator[Draft]:
    """An infinity or NaN that is selected shows in its own sample alone."""
    for log_q, flag in ((NAN, "MissingValue"), (-INF, "InfiniteInput")):
        for where in (None, (True, True, False, True)):
            yield Draft(
                comment=f"An input of {log_q} shows in its own sample, and in no other.",
                flags=(flag, "SampleAxis"),
                input=(-1.0, log_q, log_q, -0.5),
                target=(0.5, 0.5, 0.75, 0.25),
                shape=(2, 2),
                reduction="none",
                axis=1,
                where=where,
            )


def half(rng: Random) -> Iterator[Draft]:
    """Samples of 16-bit numbers, rounded once at the end."""
    for reduction in REDUCTIONS:
        yield sampled(
            f"float16 samples are added up in float32 and rounded once ({reduction!r}).",
            ("HalfPrecision", "SampleAxis", "MaskedGarbage"),
            rng,
            (3, 8),
            axis=-1,
            where=tuple(place % 5 != 2 for place in range(24)),  # noqa: PLR2004 - any pattern
            dtype="float16",
            log_target=reduction == "mean",
            reduction=reduction,
        )
