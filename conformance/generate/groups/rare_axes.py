"""Pictures of four axes whose classes lie along any of them, and samples that are few."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, TABLES
from generate.groups.rare_draws import call as call_of

PICTURES = (2, 4, 3, 2)
STATES = (2, 2, 2, 3)
FLAGS = ("ManyAxes", "NamedAxes")
call = partial(call_of, dtype="float32")


def drafts() -> Iterator[Draft]:
    """Vectors of many axes, and of few."""
    rng = Random("rare axes")  # noqa: S311 - not for secrets
    for function in (*TABLES, *LOGITS, SPARSE):
        yield from pictures(function, rng)
    for function in TABLES:
        yield from maps(function, rng)
    yield from states(rng)
    yield from few_samples(rng)


def pictures(function: str, rng: Random) -> Iterator[Draft]:
    """Classes along one axis of four, as in segmentation."""
    yield call(function, "axis 1 of 4", FLAGS, rng, PICTURES, axis=1)
    given = {"axis": 2, "reduction": "sum", **pixels(2)}
    yield call(function, "axis 2 of 4, a mask", (*FLAGS, "SampleMask"), rng, PICTURES, **given)
    flags = (*FLAGS, "SampleMask", "MaskedMean", "MaskedGradient")
    given = {"axis": -3, "reduction": "mean", "upstream": 1.5, **pixels(1)}
    yield call(function, "axis -3 of 4, a mask, 'mean'", flags, rng, PICTURES, **given)


def pixels(axis: int) -> dict[str, Any]:
    """Mask of pictures' samples, of size 1 along an axis."""
    shape = tuple(1 if place == axis else size for place, size in enumerate(PICTURES))
    kept = tuple(place % 4 != 1 for place in range(math.prod(shape)))
    return {"where": kept, "where_shape": shape}


def maps(function: str, rng: Random) -> Iterator[Draft]:
    """One distribution over the pixels of each picture, as of heat maps."""
    yield call(function, "axes -2 and -1 of 4", FLAGS, rng, PICTURES, axis=(-2, -1))
    given = {"axis": (1, 3), "reduction": "batchmean", "upstream": 1.5}
    yield call(function, "axes 1 and 3 of 4", FLAGS, rng, PICTURES, **given)


def states(rng: Random) -> Iterator[Draft]:
    """Hidden states of four axes."""
    yield call(LINEAR, "four axes", ("HiddenStates", "ManyAxes"), rng, STATES)
    flags, given = ("HiddenStatesGradient", "ManyAxes"), {"reduction": "mean", "upstream": 1.5}
    yield call(LINEAR, "four axes", flags, rng, STATES, **given)


def few_samples(rng: Random) -> Iterator[Draft]:
    """One sample alone, with an axis of samples or without; samples of NaN and infinity."""
    flags, given = ("SampleAxis",), {"axis": -1, "reduction": "batchmean"}
    yield call("kl_div", "one sample without an axis of samples", flags, rng, (4,), **given)
    yield call("kl_div", "one sample, which stays an axis", flags, rng, (1, 3), axis=-1)
    given = {"axis": -1, "reduction": "mean"}
    for number, flag in ((math.nan, "MissingValue"), (-math.inf, "InfiniteInput")):
        draft = call("kl_div", f"{number} in a sample, 'mean'", (flag,), rng, (2, 3), **given)
        yield replace(draft, input=(number, *draft.input[1:]))
