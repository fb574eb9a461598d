"""Three properties of a loss at once, where other calls have two: axes, spaces, dtypes, masks."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups.option_pairs import Shape
from generate.groups.rare_blocks import GRADIENT, classes
from generate.groups.rare_draws import call, of_its_own
from generate.operands import BOTH, REDUCTIONS, near, reduction_flags

Case = tuple[str, tuple[str, ...], Shape, dict[str, Any]]
ROW, TABLE, CUBE, BATCH = (5,), (3, 4), (2, 3, 4), (3, 2, 4)
FIVE, SIX = (2, 1, 2, 3, 2), (2, 1, 2, 1, 2, 3)
# Neither is a multiple of a block.
TERMS, ROWS = (11, 13), (11, 187)
# On NumPy and on torch an upstream derivative of this shape that repeats lies as a broadcast one.
REPEATED = (5, 3)
SMALL = 2.0**-13
# float16 has no such number: 2048 instead tells a divergence just below 2 as 2.
COUNT, BELOW_2 = 2049, 2 - 2.0**-10
ONE = (*(False,) * 6, True, *(False,) * 5)
SOME = tuple(place % 4 != 1 for place in range(12))
MASKS: dict[str, dict[str, Any]] = {
    "row": {"where": (True, False, True, True, True)},
    "sample": {"axis": -1, "where": (False, True, False), "where_shape": (3, 1)},
    "without axes": {"axis": (1, 2), "where": (True, False, True), "where_shape": (3,)},
}
LOG, LOG_AND_MASK = {"log_target": True}, {"log_target": True, "where": SOME}
MASK, MEAN = "SampleMask", {"reduction": "mean"}
BATCHMEAN = {"reduction": "batchmean"}
VALUES: tuple[Case, ...] = (
    ("one axis, log-targets", (), ROW, {**BATCHMEAN, **LOG}),
    ("one axis, log-targets", (), ROW, {**MEAN, **LOG}),
    ("one axis of float16", ("HalfPrecision",), ROW, {**BATCHMEAN, "dtype": "float16"}),
    ("one axis, a mask", (MASK,), ROW, {**BATCHMEAN, **MASKS["row"]}),
    ("one entry selected", (MASK,), TABLE, {"reduction": "sum", "where": ONE}),
    ("one sample selected", (MASK,), TABLE, {"reduction": "sum", **MASKS["sample"]}),
    (
        "axes (1, 2), a mask without them",
        (MASK, "NamedAxes"),
        BATCH,
        {**MEAN, **MASKS["without axes"]},
    ),
    ("three axes", ("ManyAxes",), CUBE, MEAN),
    ("six axes", ("ManyAxes",), SIX, {}),
    ("log-targets, a mask", (MASK,), TABLE, LOG_AND_MASK),
    ("log-targets, a mask", (MASK,), TABLE, {**MEAN, **LOG_AND_MASK}),
    ("log-targets, a mask", (MASK,), TABLE, {**BATCHMEAN, **LOG_AND_MASK}),
    ("no classes along axis -1", ("Empty", "SampleAxis"), (3, 0), {"axis": -1}),
)
OWN, TIMES = "OwnUpstream", {"upstream": 1.5}
GRADIENTS: tuple[Case, ...] = (
    ("times 2**-13", ("Upstream",), TABLE, {"reduction": "sum", "upstream": SMALL}),
    (
        "an array in float16",
        (OWN, "HalfPrecision"),
        TABLE,
        {"dtype": "float16", "upstream": of_its_own(12)},
    ),
    ("an array that repeats", (OWN,), REPEATED, {"upstream": (0.5, -1.5, 0.75) * REPEATED[0]}),
    ("three axes, log-targets", ("ManyAxes",), CUBE, {**BATCHMEAN, **LOG, **TIMES}),
    ("five axes", ("ManyAxes",), FIVE, {**MEAN, **TIMES}),
    (
        "three axes of bfloat16",
        ("ManyAxes", "HalfPrecision"),
        CUBE,
        {**MEAN, "dtype": "bfloat16", **TIMES},
    ),
)
TWO_DTYPES: tuple[Case, ...] = (
    ("axis -1", ("SampleAxis",), TABLE, {**MEAN, "axis": -1}),
    ("a mask", (MASK,), TABLE, {"reduction": "sum", "where": SOME}),
)


def drafts() -> Iterator[Draft]:
    """Vectors of the loss."""
    rng = Random("rare triples")  # noqa: S311 - not for secrets
    for place, reduction in enumerate(REDUCTIONS):
        yield without_axes(reduction, BOTH[place % 2], log_target=place > 1)
    for said, flags, shape, options in (*VALUES, *GRADIENTS):
        yield call("kl_div", said, flags, rng, shape, **{"dtype": "float32", **options})
    for case in TWO_DTYPES:
        yield of_two_dtypes(rng, *case)
    yield classes("kl_div", rng, TERMS, dtype="float32", **TIMES)
    yield classes("kl_div", rng, ROWS, dtype="float64", **GRADIENT)
    yield many_rows()


def without_axes(reduction: str, dtype: str, *, log_target: bool) -> Draft:
    """One number on each side, whose divergence is not 0."""
    return Draft(
        comment=f"Operands without axes and a result that is not 0, {reduction!r}.",
        flags=("ZeroDimensional", *reduction_flags(reduction)),
        input=(near(-1.5, dtype),),
        target=(near(-0.9 if log_target else 0.4, dtype),),
        shape=(),
        dtype=dtype,
        reduction=reduction,
        log_target=log_target,
    )


def of_two_dtypes(
    rng: Random, said: str, flags: tuple[str, ...], shape: Shape, options: dict[str, Any]
) -> Draft:
    """Input of float32, and a target of float64."""
    said, flags = f"an input of float32, a target of float64, {said}", (*flags, "MixedDtypes")
    given = {"dtype": "float32", "target_dtype": "float64", **options}
    draft = call("kl_div", said, flags, rng, shape, **given)
    return replace(draft, dtype="float64", input_dtype="float32", target_dtype=None)


def many_rows() -> Draft:
    """Rows whose number is no float16, each with the same divergence, so that the sum is exact."""
    return Draft(
        comment=f"kl_div, {COUNT} samples of one class, 'batchmean', in float16.",
        flags=("HalfAccumulator", "HalfPrecision", "BatchMean"),
        input=(-BELOW_2,) * COUNT,
        target=(1.0,) * COUNT,
        shape=(COUNT, 1),
        dtype="float16",
        reduction="batchmean",
    )
