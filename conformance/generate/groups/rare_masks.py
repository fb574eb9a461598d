"""Masks along any axis, without one, and where whole rows are left out."""

from collections.abc import Iterator
from random import Random

from generate.draft import Draft
from generate.groups.rare_draws import LOGITS, SPARSE, TABLES, call

CUBE, SQUARE, FLAT = (3, 3, 3), (3, 3), (1, 3, 3)
# Not the same when its axes are exchanged.
SAMPLES = tuple(place % 4 != 1 for place in range(9))
ELEMENTS = tuple(place % 5 != 1 for place in range(27))
TABLE = (4, 3)
ROWS = tuple(place // 3 not in {1, 3} for place in range(12))
FUNCTIONS = (*TABLES, *LOGITS, SPARSE)


def drafts() -> Iterator[Draft]:
    """Vectors of masks."""
    rng = Random("rare masks")  # noqa: S311 - not for secrets
    for function in FUNCTIONS:
        yield from of_samples(function, rng)
        yield from along_the_first_axis(function, rng)
    yield from of_elements(rng)
    yield from whole_rows(rng)


def of_samples(function: str, rng: Random) -> Iterator[Draft]:
    """A mask in the shape of the samples, where every axis has the same size."""
    flags, given = ("SampleMask", "NamedAxes"), {"where": SAMPLES, "where_shape": SQUARE}
    said = "a mask of samples along axis"
    yield call(function, f"{said} 1", flags, rng, CUBE, axis=1, **given)
    means = (*flags, "MaskedMean"), {"axis": 0, "reduction": "mean", **given}
    yield call(function, f"{said} 0, 'mean'", means[0], rng, CUBE, **means[1])
    flags = (*means[0], "MaskedGradient")
    yield call(function, f"{said} 0, 'mean'", flags, rng, CUBE, upstream=1.5, **means[1])


def along_the_first_axis(function: str, rng: Random) -> Iterator[Draft]:
    """A mask whose size is 1 along the first axis."""
    flags, said = ("SampleMask", "NamedAxes"), "a mask of size 1 along axis 0"
    given = {"where": SAMPLES, "where_shape": FLAT, "axis": 0}
    yield call(function, f"{said}, 'sum'", flags, rng, CUBE, reduction="sum", **given)
    flags = (*flags, "MaskedGradient")
    given |= {"reduction": "batchmean", "upstream": 1.5}
    yield call(function, f"{said}, 'batchmean'", flags, rng, CUBE, **given)


def of_elements(rng: Random) -> Iterator[Draft]:
    """A mask of elements, along axes and without one."""
    flags = ("SampleMask", "NamedAxes")
    for function in TABLES:
        for axis, reduction in ((0, "sum"), (1, "batchmean")):
            said = f"a mask of elements along axis {axis}, {reduction!r}"
            given = {"axis": axis, "reduction": reduction, "where": ELEMENTS}
            yield call(function, said, flags, rng, CUBE, **given)
    flags, said = ("SampleMask", "MaskedMean"), "axis=None, a mask of elements, 'mean'"
    given = {"axis": None, "reduction": "mean", "where": ELEMENTS}
    yield call("js_div", said, flags, rng, CUBE, **given)
    flags = (*flags, "MaskedGradient")
    yield call("js_div", said, flags, rng, CUBE, upstream=1.5, **given)


def whole_rows(rng: Random) -> Iterator[Draft]:
    """A mask that leaves out whole rows, by which 'batchmean' divides all the same."""
    said, flags = "'batchmean' of 4 rows, two of which a mask leaves out", ("SampleMask",)
    given = {"axis": None, "reduction": "batchmean", "where": ROWS}
    for function in TABLES:
        for log_target in (False, True):
            spaces = {"log_input": log_target, "log_target": log_target}
            yield call(function, said, flags, rng, TABLE, **given, **spaces)
        gradient = (*flags, "MaskedGradient")
        yield call(function, said, gradient, rng, TABLE, upstream=1.5, **given)
