"""Rows and classes that are whole blocks of any size, and teachers of 130 words, or of one."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, cast

from generate.draft import Draft
from generate.groups.rare_blocks import GRADIENT, alike, classes, layer
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, TABLES, call
from generate.groups.rare_rows import BLOCK, teachers
from generate.linear_draft import LinearDraft
from generate.operands import Values, near, softmax
from generate.sparse_draft import SparseDraft

# Rows of two kinds: together whole blocks of every power of 2 up to 1024, and more than 512.
ROWS, CLASSES = (700, 324), (2, 4096)
NAMED, WORDS = 130, 160
# A derivative of it is below 1e-6 for some of the numbers.
LITTLE = 2.0**-13
NEAR_0, NEAR_1 = {"beta": 1e-3}, {"beta": 0.999}
MIXED = ("MixtureWeights",)


def drafts() -> Iterator[Draft]:
    """Vectors of many rows, of many classes and of many words that a teacher names."""
    rng = Random("rare many")  # noqa: S311 - not for secrets
    for function in (*TABLES, *LOGITS, SPARSE, LINEAR):
        axis = {"axis": -1} if function in TABLES else {}
        yield long(function, rng, reduction="mean", **axis, **weight(function, NEAR_0))
        upstream = LITTLE if function == "js_div" else 1.5
        given = {"reduction": "sum", "upstream": upstream, **axis}
        yield long(function, rng, **given, **weight(function, NEAR_0))
    for function in (*TABLES, *LOGITS):
        for options in ({"axis": -1}, GRADIENT):
            given = {**options, **weight(function, NEAR_1)}
            yield classes(function, rng, CLASSES, **given)
    for options in ({}, GRADIENT):
        yield named(rng, **options)
        yield layer(rng, CLASSES, **options, **NEAR_1)
    for options in ({}, GRADIENT):
        yield of_layer(rng, NAMED, **options)
        yield of_layer(rng, 1, tail="zero", **options)


def weight(function: str, beta: dict[str, float]) -> dict[str, float]:
    """An unusual weight, of the functions that have one."""
    return beta if function in {"js_div", LOGITS[1], LINEAR} else {}


def long(function: str, rng: Random, **options: Any) -> Draft:
    """A batch of 700 copies of one row, and 324 copies of another."""
    said, flags = f"{sum(ROWS)} rows", (BLOCK, *(MIXED if "beta" in options else ()))
    draft = call(function, said, flags, rng, (2, 4), dtype="float32", **options)
    repeated: dict[str, Any] = {
        "input": stacked(draft.input),
        "target": stacked(draft.target),
        "shape": (sum(ROWS), *draft.shapes[0][1:]),
        "target_shape": (sum(ROWS), *draft.shapes[1][1:]),
    }
    if isinstance(draft, SparseDraft):
        repeated["indices"] = stacked(draft.indices)
    return replace(draft, **repeated)


def stacked(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copies of the first row, then copies of the second."""
    width = len(values) // 2
    return values[:width] * ROWS[0] + values[width:] * ROWS[1]


def named(rng: Random, **options: Any) -> Draft:
    """A teacher that names a few words of many."""
    rows: list[Values] = [tuple(softmax(rng, 1, 8)[:3]) for _ in range(CLASSES[0])]
    logits = tuple(alike(rng, CLASSES, None))
    given = {"dtype": "float32", "input": logits, **options}
    return teachers(f"3 entries of {CLASSES[1]}", (BLOCK,), rng, rows, CLASSES[1], **given)


def of_layer(rng: Random, known: int, **options: Any) -> Draft:
    """A last layer, and a teacher that names so many words, by indices of int8 if it is one."""
    flags = ("HiddenStates", "SparseTeacher")
    if known == 1:
        said, rows, words, dtype, target = "one word named", 2, 5, "int8", (0.25, -1.5)
    else:
        said, rows, words, dtype = f"{known} of {WORDS} words named", 1, WORDS, None
        target = tuple(near(-6.0 - place % 7 / 8, "float32") for place in range(known))
        flags = (*flags, BLOCK)
    kind = {"target_is": "log_probabilities", "tail": "bucket"}
    given = {"dtype": "float32", **kind, **options}
    draft = cast("LinearDraft", call(LINEAR, said, flags, rng, (rows, words), **given))
    return replace(
        draft,
        target=target,
        target_shape=(rows, known),
        indices=tuple(it for _ in range(rows) for it in rng.sample(range(words), known)),
        indices_dtype=dtype,
    )
