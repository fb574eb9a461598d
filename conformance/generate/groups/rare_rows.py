"""Rows with more entries than a small block, rare entries, many rows, and large logits."""

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, cast

from mpmath import mp

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, TABLES, call
from generate.linear_draft import LinearDraft
from generate.operands import Values, all_near, near, softmax, uniform
from generate.sparse_draft import SparseDraft

BLOCK, RARE = "SecondBlock", "RareEntries"
WORDS, KNOWN, WIDTH = 40, 16, 32
MANY = (70, 2)
# Entries of a teacher, and what is left of them: little, and nearly nothing.
TEACHERS = ((0.75, 5e-4, 0.125, 1e-5), (0.5, 0.25, 0.245, 1e-3), (0.875, 3e-4, 0.125 - 2e-3, 5e-4))
LARGE = {"float32": 200.0, "float64": 2000.0}


def drafts() -> Iterator[Draft]:
    """Vectors of rows."""
    rng = Random("rare rows")  # noqa: S311 - not for secrets
    yield from many_entries(rng)
    yield from many_dimensions(rng)
    yield from many_rows(rng)
    yield from rare_entries(rng)
    yield from large_logits(rng)


def teachers(
    said: str, flags: tuple[str, ...], rng: Random, rows: list[Values], words: int, **options: Any
) -> SparseDraft:
    """Vector of a teacher whose entries are given."""
    dtype, kind = options.get("dtype", "float64"), options.get("target_is", "log_probabilities")
    given = [one for row in rows for one in row]
    values = given if kind == "probabilities" else [mp.log(one) for one in given]
    what = "" if options.get("upstream") is None else "Gradient of "
    return SparseDraft(
        comment=f"{what}{SPARSE}, {said}, tail={options.get('tail', 'bucket')!r}, {kind}.",
        flags=("SparseTeacher", *flags),
        input=options.pop("input", None) or uniform(rng, len(rows) * words, -3.0, 3.0, dtype),
        shape=(len(rows), words),
        target=all_near(values, dtype),
        target_shape=(len(rows), len(rows[0])),
        indices=tuple(it for row in rows for it in rng.sample(range(words), len(row))),
        **{"reduction": "none"} | options,
    )


def many_entries(rng: Random) -> Iterator[Draft]:
    """Teachers known at 16 of 40 words."""
    for options in (
        {"dtype": "float32"},
        {"tail": "renormalize", "target_is": "probabilities"},
        {"tail": "zero", "reduction": "sum", "upstream": 1.5},
    ):
        table = softmax(rng, 2, WORDS)
        rows = [tuple(table[row * WORDS :][:KNOWN]) for row in range(2)]
        yield teachers("16 entries of 40", (BLOCK,), rng, rows, WORDS, **options)


def many_dimensions(rng: Random) -> Iterator[Draft]:
    """Hidden states of 32 dimensions, of the student and of the teacher; and many entries."""
    for options in ({}, {"reduction": "sum", "upstream": 1.5}, {"teacher": "target_weight"}):
        draft = call(LINEAR, "32 dimensions", ("HiddenStates", BLOCK), rng, (2, 6), **options)
        yield widened(cast("LinearDraft", draft), rng)
    draft = call(LINEAR, "16 entries", ("HiddenStates", "SparseTeacher", BLOCK), rng, (2, WORDS))
    table = softmax(rng, 2, WORDS)
    known = [mp.log(table[row * WORDS + place]) for row in range(2) for place in range(KNOWN)]
    yield replace(
        draft,
        target=all_near(known, "float64"),
        target_shape=(2, KNOWN),
        target_is="log_probabilities",
        indices=tuple(it for _ in range(2) for it in rng.sample(range(WORDS), KNOWN)),
    )


def widened(draft: LinearDraft, rng: Random) -> Draft:
    """The same with wider hidden states."""
    rows, words = draft.shapes[0][0], draft.weight_shape[0]
    wide = {
        "input": uniform(rng, rows * WIDTH, -1.0, 1.0, "float64"),
        "shape": (rows, WIDTH),
        "weight": uniform(rng, words * WIDTH, -0.5, 0.5, "float64"),
        "weight_shape": (words, WIDTH),
        "target_shape": draft.target_shape,
    }
    if draft.target_weight:
        wide |= {"target": wide["input"][::-1], "target_shape": (rows, WIDTH)}
        wide |= {"target_weight": wide["weight"][::-1], "target_weight_shape": (words, WIDTH)}
    return replace(draft, **wide)


def many_rows(rng: Random) -> Iterator[Draft]:
    """Gradients of 70 rows."""
    for function in (*TABLES, *LOGITS, SPARSE, LINEAR):
        axis = {"axis": -1} if function in TABLES else {}
        given = {"reduction": "sum", "upstream": 1.5, **axis}
        yield call(function, "70 rows", (BLOCK,), rng, MANY, **given)


def rare_entries(rng: Random) -> Iterator[Draft]:
    """Entries below a thousandth, and less than a hundredth that is left."""
    rows = [tuple(map(float, row)) for row in TEACHERS]
    for options in (
        {"target_is": "probabilities", "tail": "zero"},
        {"tail": "renormalize"},
        {"dtype": "float32"},
        {"target_is": "probabilities"},
        {"reduction": "mean", "upstream": 1.5},
        {"target_is": "probabilities", "reduction": "mean", "upstream": 1.5},
    ):
        flags = (RARE, "SparseTail", *(("SparseGradient",) if "upstream" in options else ()))
        yield teachers("rare entries, little is left", flags, rng, rows, 9, **options)


def large_logits(rng: Random) -> Iterator[Draft]:
    """Logits whose exponentials overflow, or are all 0."""
    flags = ("LargeLogits",)
    for dtype, common in LARGE.items():
        for sign, options in (
            (1, {}),
            (-1, {"tail": "renormalize"}),
            (1, {"tail": "zero", "reduction": "sum", "upstream": 1.5}),
        ):
            moved = uniform(rng, 2 * 5, -3.0, 3.0, dtype)
            moved = tuple(near(sign * common + one, dtype) for one in moved)
            rows = [(0.5, 0.125), (0.25, 0.0625)]
            said = f"logits about {sign * common}"
            yield teachers(said, flags, rng, rows, 5, dtype=dtype, input=moved, **options)
        for sign, options in ((1, {}), (-1, {"reduction": "sum", "upstream": 1.5})):
            said, named = f"a bias of {sign * common}", ("HiddenStates", *flags)
            draft = call(LINEAR, said, named, rng, (2, 5), dtype=dtype, bias=True, **options)
            bias = cast("LinearDraft", draft).bias
            bias = tuple(near(sign * common + one, dtype) for one in bias)
            yield replace(draft, bias=bias)
    draft = call(LINEAR, "logits of thousands", ("HiddenStates", *flags), rng, (2, 5))
    yield replace(draft, input=tuple(math.ldexp(one, 10) for one in draft.input))
