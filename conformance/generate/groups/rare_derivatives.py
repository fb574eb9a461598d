"""Derivatives that few ask for: times 0 and NaN, of infinite targets, along axes out of order."""

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from generate.draft import Draft
from generate.groups.rare_between import PICTURES
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, TABLES, call

NAN, INF = math.nan, math.inf
ROWS, BOX = (3, 4), (2, 3, 4)
GRADIENT = {"reduction": "sum", "upstream": 1.5}
# The first and the last of three axes, the last one first; and three of four.
TURNED, OF_FOUR = (2, 0), (2, 0, 1)
LOGARITHMS = (0.75, 0.25, -1.0, -2.0)


def drafts() -> Iterator[Draft]:
    """Vectors of derivatives, and of values along axes out of order."""
    rng = Random("rare derivatives")  # noqa: S311 - not for secrets
    for function in (*TABLES, *LOGITS, SPARSE, LINEAR):
        yield times(function, 0.0, rng)
        yield times(function, (0.0, NAN, 1.5), rng)
    yield times_infinity(rng)
    yield infinite(LOGITS[0], "log_probabilities", rng)
    yield infinite(LINEAR, "probabilities", rng)
    yield above_0(rng)
    for options in ({}, GRADIENT):
        yield turned("js_div", TURNED, BOX, rng, **options)
    yield turned("kl_div", TURNED, BOX, rng, **GRADIENT)
    yield turned("kl_div", OF_FOUR, PICTURES, rng, **GRADIENT)


def times(function: str, upstream: float | tuple[float, ...], rng: Random) -> Draft:
    """Derivatives times 0 and NaN, which hide nothing and are not hidden."""
    given = {"dtype": "float32", "reduction": "mean", "upstream": upstream}
    said, flags = "times 0", ("Upstream",)
    if isinstance(upstream, tuple):
        given["reduction"] = "none"
        said, flags = "samples times 0, NaN and a number", ("OwnUpstream", "MissingValue")
    axis = {"axis": -1} if function in TABLES else {}
    return call(function, said, flags, rng, ROWS, **given, **axis)


def times_infinity(rng: Random) -> Draft:
    """Derivatives times infinity, of elements whose parts have one sign: others have no limit."""
    flags = ("OwnUpstream", "Unnormalised")
    upstream = (INF, 1.5, -INF)
    given = {"dtype": "float32", "upstream": upstream}
    draft = call("kl_div", "elements times infinity", flags, rng, (3,), **given)
    return replace(draft, input=(-1.0, -0.5, -2.0), target=(2.0, 0.25, 3.0))


def infinite(function: str, kind: str, rng: Random) -> Draft:
    """An infinite entry of a target, in a row of three."""
    flags = ("GivenTarget", "InfiniteTarget", "MissingValue")
    given = {"dtype": "float32", "target_is": kind, **GRADIENT}
    draft = call(function, "an infinite target", flags, rng, ROWS, **given)
    return replace(draft, target=(INF, *draft.target[1:]))


def above_0(rng: Random) -> Draft:
    """Logarithms above 0 in the table of a student."""
    given = {"dtype": "float32", "axis": -1, **GRADIENT}
    draft = call("js_div", "logarithms above 0", ("Unnormalised",), rng, ROWS, **given)
    return replace(draft, input=(*LOGARITHMS, *draft.input[ROWS[1] :]))


def turned(
    function: str, axis: tuple[int, ...], shape: tuple[int, ...], rng: Random, **options: object
) -> Draft:
    """Samples along axes that are named out of order."""
    flags = ("NamedAxes", "ManyAxes")
    given = {"dtype": "float32", "axis": axis, **options}
    return call(function, f"axes {axis}", flags, rng, shape, **given)
