"""Gradients with `axis` and `where`: exactly 0 at whatever is not selected."""

from collections.abc import Iterator
from itertools import cycle
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups.sampled import sampled
from generate.operands import REDUCTIONS

TURNS = (("float32", False), ("float64", True), ("float64", False), ("float32", True))
CASES: tuple[tuple[tuple[str, ...], tuple[int, ...], dict[str, Any]], ...] = (
    (("SampleAxis",), (3, 4), {"axis": -1}),
    (("MaskedGradient",), (2, 3), {"where": (True, False, True, False, True, True)}),
    (
        ("MaskedGradient", "SampleMask"),
        (3, 2),
        {"axis": -1, "where": (True, False, True), "where_shape": (3, 1)},
    ),
    (
        ("MaskedGradient", "NamedAxes"),
        (2, 2, 3),
        {"axis": (1, 2), "where": (True, False, True, True, False, True) + (False,) * 6},
    ),
)


def gradients(rng: Random) -> Iterator[Draft]:
    """Each way to select under each reduction, and under a mask that selects nothing."""
    turns = cycle(TURNS)
    for flags, shape, options in CASES:
        for reduction in REDUCTIONS:
            dtype, log_target = next(turns)
            yield gradient(flags, rng, shape, reduction, dtype, log_target=log_target, **options)
        next(turns)
    for reduction in ("none", "mean"):
        nothing = {"axis": -1, "where": (False, False), "where_shape": (2, 1)}
        flags = ("MaskedGradient", "NothingSelected")
        yield gradient(flags, rng, (2, 2), reduction, "float64", log_target=False, **nothing)


def gradient(
    flags: tuple[str, ...],
    rng: Random,
    shape: tuple[int, ...],
    reduction: str,
    dtype: str,
    **options: Any,
) -> Draft:
    """Vector that asks for both derivatives."""
    reduced = () if reduction == "none" else ("GradientReduction",)
    axis, masked = options.get("axis"), "with" if "where" in options else "without"
    return sampled(
        f"Gradient of {reduction!r} of shape {shape}, axis={axis}, {masked} a mask.",
        (*flags, *reduced),
        rng,
        shape,
        reduction=reduction,
        dtype=dtype,
        upstream=-1.5,
        **options,
    )
