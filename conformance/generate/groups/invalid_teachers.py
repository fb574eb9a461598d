"""Calls of two tables, of a sparse teacher and of hidden states that must raise."""

import math
from collections.abc import Iterator
from typing import Any

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, SPARSE
from generate.linear_draft import LinearDraft
from generate.sparse_draft import SparseDraft
from generate.tables_draft import TablesDraft

JS, SHAPE, WORDS, WIDTH = "js_div", (2, 3), 3, 2
TABLE = (0.25, 0.5, 0.25, 0.125, 0.75, 0.125)
PLACES, LOGARITHMS = (2, 0, 1, 2), (-1.0, -2.0, -0.75, -3.0)
# Tables have masks of elements, too.
WRONG_MASKS: dict[str, tuple[tuple[int, ...], ...]] = {
    JS: ((3,), (1, 3), (1, 1)),
    SPARSE: ((2, 3), (3,), (1, 1)),
    LINEAR: ((2, 3), (3,), (1, 1)),
}
WRONG_PLACES = (
    ("one place twice in a sample", (2, 0, 1, 1)),
    ("a place of -1", (2, -1, 1, 2)),
    ("a place just beyond the last word", (2, 0, 1, 3)),
)


def calls() -> Iterator[Draft]:
    """All such vectors."""
    for function in WRONG_MASKS:
        yield from wrong_masks(function)
    for function in (SPARSE, LINEAR):
        yield from wrong_indices(function)


def wrong_masks(function: str) -> Iterator[Draft]:
    """Masks of a shape that does not fit, or of another dtype."""
    for shape in WRONG_MASKS[function]:
        count = math.prod(shape)
        said = f"a mask of shape {shape} where samples are selected by (2, 1)"
        given = {"where": (True,) * count, "where_shape": shape}
        yield call(function, said, "InvalidMask", "ValueError", **given)
    given = {"where": (True, False), "where_shape": (2, 1), "where_dtype": "int64"}
    yield call(function, "a mask of int64", "InvalidMask", "TypeError", **given)


def wrong_indices(function: str) -> Iterator[Draft]:
    """Places that are none, one that stands twice, and indices that are none."""
    flag, of = "InvalidIndices", {} if function == SPARSE else OF_SPARSE
    for said, places in WRONG_PLACES:
        yield call(function, said, flag, "ValueError", **{**of, "indices": places})
    given = {**of, "indices_dtype": "float32"}
    yield call(function, "indices of float32", flag, "TypeError", **given)


OF_SPARSE: dict[str, Any] = {
    "indices": PLACES,
    "target": LOGARITHMS,
    "target_shape": (2, 2),
    "target_is": "log_probabilities",
}


def call(function: str, said: str, flag: str, raises: str, **options: Any) -> Draft:
    """Vector whose operands are fine unless it has its own."""
    given = {
        "comment": f"{function}, {said}.",
        "flags": (flag,),
        "dtype": "float32",
        "raises": raises,
        "input": TABLE,
        "shape": SHAPE,
        "target": TABLE,
    }
    if function == JS:
        return TablesDraft(**{**given, "log_input": False, **options})
    if function == SPARSE:
        return SparseDraft(**{**given, **OF_SPARSE, **options})
    hidden = {"input": TABLE[:4], "shape": (2, WIDTH), "target_shape": SHAPE}
    layer = {"weight": TABLE, "weight_shape": (WORDS, WIDTH)}
    return LinearDraft(**{**given, **hidden, **layer, **options})
