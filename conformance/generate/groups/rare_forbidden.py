"""Whole blocks that have nothing: logits of -inf in many classes, masks of many rows."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any, cast

from generate.draft import Draft
from generate.groups.rare_blocks import GRADIENT, NAMED, alike, filled, layer
from generate.groups.rare_draws import LINEAR, LOGITS, TABLES
from generate.groups.rare_draws import call as call_of
from generate.groups.rare_rows import BLOCK, teachers
from generate.linear_draft import LinearDraft
from generate.operands import Values, softmax

FLAGS = ("MaskedVocabulary", BLOCK)
LARGE, SMALL = (3, 2048), (3, 384)
FIRST, MIDDLE = slice(0, 1024), slice(512, 1664)
FEW, LATER = slice(0, 128), slice(64, 257)
ROWS, WORDS = 80, 16
call = partial(call_of, dtype="float32")


def drafts() -> Iterator[Draft]:
    """Vectors in which a block has nothing."""
    rng = Random("rare forbidden")  # noqa: S311 - not for secrets
    for function in LOGITS:
        for options in ({}, GRADIENT):
            yield of_logits(function, rng, LARGE, (FIRST, MIDDLE), **options)
        yield of_logits(function, rng, SMALL, (FEW, LATER), temperature=2.0)
    yield of_teachers(rng)
    for options in ({}, GRADIENT):
        yield of_layers(rng, **options)
    for function in TABLES:
        for options in ({}, GRADIENT):
            yield of_elements(function, rng, **options)
    for function in (*LOGITS, LINEAR):
        for options in ({}, GRADIENT):
            yield of_rows(function, rng, **options)


def forbid(values: Values, width: int, *places: slice) -> Values:
    """The same logits, -inf in these classes of the first rows, one part for each row."""
    found = list(values)
    for row, part in enumerate(places):
        start, stop, _ = part.indices(width)
        found[row * width + start : row * width + stop] = [-math.inf] * (stop - start)
    return tuple(found)


def of_logits(
    function: str, rng: Random, shape: tuple[int, int], parts: tuple[slice, slice], **options: Any
) -> Draft:
    """Classes that both sides forbid, and in the last row the teacher alone."""
    said = f"shape {shape}, many classes forbidden"
    draft = filled(call(function, said, FLAGS, rng, shape, **options), rng, shape, logits=True)
    width = shape[1]
    return replace(
        draft,
        input=forbid(draft.input, width, *parts),
        target=forbid(draft.target, width, *parts, parts[0]),
    )


def of_teachers(rng: Random) -> Draft:
    """A student that forbids the first 1024 words; the teacher names words after them."""
    shape = LARGE
    logits = forbid(tuple(alike(rng, shape, None)), shape[1], FIRST, FIRST, FIRST)
    rows: list[Values] = [tuple(softmax(rng, 1, NAMED)) for _ in range(shape[0])]
    options = {"input": logits, "dtype": "float32"}
    draft = teachers("the first 1024 words forbidden", FLAGS, rng, rows, shape[1], **options)
    places = range(FIRST.stop, shape[1])
    named = [place for _ in rows for place in rng.sample(places, NAMED)]
    return replace(draft, indices=tuple(named), tail="renormalize")


def of_layers(rng: Random, **options: Any) -> Draft:
    """A teacher of all words that forbids blocks of them."""
    draft = cast("LinearDraft", layer(rng, SMALL, **options))
    target = forbid(draft.target, SMALL[1], FEW, LATER)
    said = f"{draft.comment} Many words are forbidden."
    return replace(draft, target=target, comment=said, flags=(*draft.flags, *FLAGS[:1]))


def of_elements(function: str, rng: Random, **options: Any) -> Draft:
    """A mask of elements that leaves out the first block of one row, and a later one of another."""
    shape, axis = LARGE, {"axis": -1} if function == "kl_div" else {}
    kept = forbid((0.0,) * (shape[0] * shape[1]), shape[1], FIRST, MIDDLE)
    flags = ("SampleMask", BLOCK, *(("MaskedGradient",) if options else ()))
    given = {"where": tuple(one == 0 for one in kept), **axis, **options}
    draft = call(function, f"shape {shape}, blocks left out", flags, rng, shape, **given)
    return filled(draft, rng, shape, logits=False)


def of_rows(function: str, rng: Random, **options: Any) -> Draft:
    """A mask of samples that leaves out the first 64 rows."""
    flags = ("SampleMask", BLOCK, *(("MaskedGradient",) if options else ()))
    kept = tuple(row >= NAMED and row != ROWS - 2 for row in range(ROWS))
    given = {"where": kept, "where_shape": (ROWS, 1), **options}
    shape, said = (ROWS, WORDS), f"{ROWS} rows, the first {NAMED} left out"
    if function == LINEAR:
        draft = layer(rng, shape, **given)
        return replace(
            draft,
            comment=f"{draft.comment} The first {NAMED} are left out.",
            flags=(*draft.flags, *flags),
        )
    draft = call(function, said, flags, rng, shape, **given)
    return filled(draft, rng, shape, logits=True)
