"""Rows and classes that are both more than a tile holds."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups.rare_blocks import GRADIENT, WIDTH, alike, classes, layer
from generate.groups.rare_draws import LOGITS, TABLES
from generate.groups.rare_rows import BLOCK, teachers
from generate.operands import Values, softmax

# Of the first, a row is left beyond every tile; the second is 128 rows of more than 64 classes.
TILES, MANY = (33, 48), (128, 80)


def drafts() -> Iterator[Draft]:
    """Vectors of tables both of whose axes are long."""
    rng = Random("rare tiles")  # noqa: S311 - not for secrets
    for function in (*TABLES, *LOGITS):
        axis = {"axis": -1} if function in TABLES else {}
        yield classes(function, rng, TILES, **axis)
        yield classes(function, rng, MANY, reduction="sum")
        yield classes(function, rng, TILES, **GRADIENT)
    yield classes("kl_div", rng, TILES)
    for options in ({}, GRADIENT):
        yield of_teachers(rng, **options)
        yield layer(rng, TILES, **options)


def of_teachers(rng: Random, **options: Any) -> Draft:
    """A teacher that names a few words in many rows."""
    count, words = TILES
    rows: list[Values] = [tuple(softmax(rng, 1, words)[:WIDTH])] * count
    logits = tuple(alike(rng, TILES, None))
    given = {"dtype": "float32", "input": logits, **options}
    draft = teachers(f"{count} rows of {words}", (BLOCK,), rng, rows, words, **given)
    return replace(draft, indices=tuple(range(WIDTH)) * (count - 1) + draft.indices[-WIDTH:])
