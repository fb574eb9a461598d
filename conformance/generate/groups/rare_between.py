"""Numbers between those that other vectors have, each beside axes or a mask that few calls have."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, cast

from generate.draft import Draft
from generate.groups.option_pairs import Shape
from generate.groups.rare_draws import LINEAR, SPARSE, call
from generate.linear_draft import LinearDraft
from generate.sparse_draft import SparseDraft

# Of these shapes an operand of each function lies in memory as a broadcast one.
REPEATED, OF_MIXTURES = (2, 5, 4), (2, 4, 4)
PICTURES, WORDS, TABLE = (3, 3, 2, 3), (3, 4, 5), (4, 3)
Options = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Axes of a call, and what it selects: in words, by the flags of it, and as its options."""

    said: str
    flags: tuple[str, ...]
    shape: Shape
    options: Options


def mask(*shape: int) -> Options:
    """Mask that leaves out one sample in four."""
    return {"where": tuple(at % 4 != 1 for at in range(math.prod(shape))), "where_shape": shape}


AXES, MASK = ("ManyAxes", "NamedAxes"), "SampleMask"
LAST = Place("axis -1 of 4", AXES, PICTURES, {"axis": -1})
FIRST = Place("axis 0 of 4", AXES, PICTURES, {"axis": 0, "reduction": "batchmean"})
PIXELS = {"axis": 1, "reduction": "mean", **mask(3, 1, 2, 3)}
SEGMENTS = Place("axis 1 of 4, a mask, 'mean'", (*AXES, MASK, "MaskedMean"), PICTURES, PIXELS)
MAPS = {"axis": (-2, -1), "reduction": "sum", **mask(*WORDS)}
HEAT_MAPS = Place("axes -2 and -1, a mask, 'sum'", ("NamedAxes", MASK), WORDS, MAPS)
BEGINNING = {"axis": -3, "reduction": "sum", **mask(4, 5)}
THIRD_LAST = Place("axis -3, a mask without it, 'sum'", ("NamedAxes", MASK), WORDS, BEGINNING)
MIDDLE = Place("axis -2 of 3", ("NamedAxes",), WORDS, {"axis": -2, "reduction": "mean"})
ROWS = Place("a mask of rows without the last axis", (MASK,), TABLE, {"axis": -1, **mask(4)})
SUMMED = {"axis": -1, "reduction": "sum", **mask(3, 4, 1)}
SENTENCES = Place("a mask of words, 'sum'", (MASK,), WORDS, SUMMED)
# `linear_kl_div` has no axis.
STATES = Place("a mask of rows without the last axis", (MASK,), TABLE, mask(4))
OF_WORDS = {"reduction": "sum", **mask(3, 4)}
STATES_OF_WORDS = Place("a mask of words without the last axis, 'sum'", (MASK,), WORDS, OF_WORDS)
PLAIN = Place("'batchmean'", (), TABLE, {"reduction": "batchmean"})

WIDER = {"target_dtype": "float64"}
GRADIENT, SHORT = {"upstream": 1.5}, {"indices_dtype": "int32"}
BUCKET = {"tail": "bucket", "target_is": "log_probabilities"}
ONE_ENTRY = Place("one entry of two", (), (5, 2), {"reduction": "batchmean"})
CASES: dict[str, tuple[tuple[Place, Options], ...]] = {
    "kl_div": (
        *((place, {}) for place in (LAST, SEGMENTS, HEAT_MAPS, THIRD_LAST, ROWS)),
        (FIRST, GRADIENT),
    ),
    "js_div": (
        (LAST, {"beta": 0.1}),
        (SENTENCES, {"beta": 0.01}),
        (SEGMENTS, {"beta": 0.4}),
        (THIRD_LAST, {"beta": 0.75, **WIDER}),
        (ROWS, {"beta": 0.95}),
        (FIRST, {"beta": 0.01, **GRADIENT}),
        (HEAT_MAPS, {"beta": 0.75, **GRADIENT}),
        (MIDDLE, {"beta": 0.95, **WIDER, **GRADIENT}),
    ),
    "kl_div_with_logits": (
        (LAST, {"temperature": 0.7}),
        (SEGMENTS, {"temperature": 1.4}),
        (THIRD_LAST, {"temperature": 0.7}),
        (ROWS, {"temperature": 1.4, "target_is": "probabilities"}),
        (SENTENCES, {"temperature": 1.4, "scale": False}),
        (FIRST, {"temperature": 0.7, **GRADIENT}),
        (MIDDLE, {"temperature": 1.4, **GRADIENT}),
    ),
    "js_div_with_logits": (
        (LAST, {"temperature": 0.7, "beta": 0.4}),
        (SEGMENTS, {"temperature": 1.4, "beta": 0.6}),
        (THIRD_LAST, {"temperature": 0.7, "beta": 0.6}),
        (ROWS, {"temperature": 1.4, "beta": 0.4, "target_is": "log_probabilities"}),
        (SENTENCES, {"temperature": 1.4, "beta": 0.4, "scale": False}),
        (FIRST, {"temperature": 0.7, "beta": 0.6, **GRADIENT}),
        (MIDDLE, {"temperature": 1.4, "beta": 0.4, **GRADIENT}),
    ),
    SPARSE: (
        (LAST, {"temperature": 0.7}),
        (SEGMENTS, {"temperature": 1.4, "tail": "zero"}),
        (THIRD_LAST, {"temperature": 5.0, "tail": "renormalize", "target_is": "logits"}),
        (ROWS, {"temperature": 5.0, **WIDER}),
        (SENTENCES, {"temperature": 1.4}),
        (FIRST, {"temperature": 0.7, **SHORT, **GRADIENT}),
        (MIDDLE, {"temperature": 5.0, **WIDER, **GRADIENT}),
        (ONE_ENTRY, {"temperature": 1.4, "tail": "zero", **GRADIENT}),
    ),
    LINEAR: (
        (STATES, {"temperature": 0.7, "beta": 0.1}),
        (STATES_OF_WORDS, {"temperature": 1.4, "beta": 0.9, **WIDER}),
        (PLAIN, {"temperature": 5.0, **BUCKET, **SHORT}),
        (STATES, {"temperature": 0.7, "beta": 0.9, **GRADIENT}),
        (PLAIN, {"temperature": 1.4, "beta": 0.1, **GRADIENT}),
        (STATES_OF_WORDS, {"temperature": 5.0, **BUCKET, **SHORT, **GRADIENT}),
    ),
}
# A flag of values, and one of derivatives.
FLAGS = {
    "js_div": ("MixtureOfTables", "MixtureOfTablesGradient"),
    "kl_div_with_logits": ("Temperature", "TemperatureGradient"),
    "js_div_with_logits": ("Temperature", "TemperatureGradient"),
    SPARSE: ("SparseTeacher", "SparseGradient"),
    LINEAR: ("HiddenStates", "HiddenStatesGradient"),
}


def drafts() -> Iterator[Draft]:
    """Vectors of every function."""
    rng = Random("rare between")  # noqa: S311 - not for secrets
    for function, cases in CASES.items():
        for place, options in cases:
            yield between(function, place, options, rng)
    for function in CASES:
        yield repeated(function, rng)


def between(function: str, place: Place, options: Options, rng: Random) -> Draft:
    """Vector of a function at a place, with some options."""
    named = [f"{name}={options[name]!r}" for name in options if name != "upstream"]
    given = {"dtype": "float32", **place.options, **options}
    short = given.pop("indices_dtype", None)
    flags = [*place.flags, *FLAGS.get(function, ())[("upstream" in given) :][:1]]
    flags += ["MixtureWeights"] if function == "js_div_with_logits" else []
    flags += ["MaskedGradient"] if {"where", "upstream"} <= given.keys() else []
    flags += ["MixedDtypes"] if "target_dtype" in given else []
    said = ", ".join((place.said, *named))
    draft = call(function, said, tuple(flags), rng, place.shape, **given)
    if "target_dtype" in given:
        draft = replace(draft, dtype="float64", input_dtype="float32", target_dtype=None)
    return draft if short is None else with_short_indices(draft, short)


def repeated(function: str, rng: Random) -> Draft:
    """Vector whose operands are the same along the middle axis, as expanded ones are."""
    said = "operands that are the same along the middle axis"
    flags = FLAGS.get(function, ("SampleAxis",))[:1]
    axis = {} if function == LINEAR else {"axis": -1}
    whole = OF_MIXTURES if function.startswith("js") else REPEATED
    draft = call(function, said, flags, rng, whole, dtype="float32", **axis)
    count, sides = whole[1], zip(draft.shapes, (draft.input, draft.target), strict=True)
    alike = [
        tuple(
            one
            for start in range(0, len(values), count * shape[-1])
            for one in values[start : start + shape[-1]] * count
        )
        for shape, values in sides
    ]
    return replace(draft, input=alike[0], target=alike[1])


def with_short_indices(draft: Draft, dtype: str) -> Draft:
    """The same with indices of another dtype than int64."""
    return replace(cast("SparseDraft | LinearDraft", draft), indices_dtype=dtype)
