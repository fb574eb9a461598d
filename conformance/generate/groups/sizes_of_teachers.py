"""Vocabularies and batches of more than 1024 words: sparse teachers, and hidden states."""

from collections.abc import Iterator
from typing import Any

from generate.draft import Draft
from generate.edges import edges, filled
from generate.groups.sizes_of_logits import FLAG
from generate.linear_draft import LinearDraft
from generate.operands import Values
from generate.sparse_draft import SparseDraft

Shape = tuple[int, ...]
# The student's logits at the edges, every second one of words that it finds unlikely.
LOW = tuple((-40.0, 8.0)[number % 2] - 0.5 * (number // 2) for number in range(9))
HIGH = tuple(3.0 + 0.25 * (number % 4) for number in range(9))
# Of every second edge, which the teacher names, and of the others, which it finds likelier.
OURS = tuple((8.0, 9.0)[number % 2] + 0.125 * (number // 2) for number in range(9))
PROBABILITIES = (0.0625, 0.03125, 0.046875, 0.015625)
FEW, WIDTH = 3, 2


def drafts() -> Iterator[Draft]:
    """Vectors of teachers known at some indices, and of hidden states."""
    yield from wide()
    yield from long()
    yield from wide_layers()
    yield from long_layers()


def sparse(comment: str, shape: Shape, **options: Any) -> SparseDraft:
    """Vector of a sparse teacher, whose probabilities have few bits."""
    said = "Gradient, " if "upstream" in options else ""
    return SparseDraft(
        comment=f"{said}{comment}", flags=(FLAG,), shape=shape, target_is="probabilities", **options
    )


def wide() -> Iterator[SparseDraft]:
    """Many words: the teacher names every second edge, and the rest is in the others."""
    for shape, dtype, options in (
        ((1, 1025), "float64", {"reduction": "sum", "tail": "renormalize"}),
        ((1, 4099), "float32", {"reduction": "none"}),
        ((1, 65537), "float64", {"reduction": "sum"}),
        ((1, 4099), "float32", {"reduction": "sum", "upstream": 1.0}),
    ):
        size = shape[-1]
        named = edges(size)[::-2][: len(PROBABILITIES)]
        yield sparse(
            f"{len(named)} of {size} words are named, the last among them, in {dtype}.",
            shape,
            input=filled(size, (-4.0,), OURS),
            indices=tuple(named),
            target=PROBABILITIES[: len(named)],
            target_shape=(1, len(named)),
            dtype=dtype,
            **options,
        )


def long() -> Iterator[SparseDraft]:
    """Many samples of few words, of which the teacher names one."""
    for rows, dtype, options in (
        (4099, "float32", {"reduction": "none"}),
        (1025, "float64", {"reduction": "mean"}),
    ):
        size = rows * FEW
        yield sparse(
            f"One of {FEW} words is named in each of {rows} samples, in {dtype}.",
            (rows, FEW),
            input=filled(size, (0.5, -1.0, 0.25), LOW),
            indices=tuple(map(int, filled(rows, (1,), (0, 2)))),
            target=filled(rows, (0.5,), (0.25, 0.125, 0.75)),
            target_shape=(rows, 1),
            dtype=dtype,
            **options,
        )


def layer(size: int, special: Values) -> Values:
    """Weight of a layer of this many words, whose rows differ at the edges."""
    columns = filled(size, (0.0,), special), filled(size, (0.0,), (1.0, -1.0, 0.5))
    return tuple(one for row in zip(*columns, strict=True) for one in row)


def wide_layers() -> Iterator[LinearDraft]:
    """Many words, few hidden states: the layer's last row counts as much as the first."""
    for rows, size, dtype, options in (
        (3, 1023, "float32", {"reduction": "batchmean"}),
        (1, 4099, "float32", {"reduction": "none", "beta": 0.25}),
        (1, 1025, "float64", {"reduction": "sum", "upstream": 1.0}),
    ):
        said = "Gradient by" if "upstream" in options else "Of"
        yield LinearDraft(
            comment=f"{said} {rows} hidden states and a layer of {size} words, in {dtype}.",
            flags=(FLAG,),
            input=(1.0, 0.5) * rows,
            shape=(rows, WIDTH),
            weight=layer(size, LOW),
            weight_shape=(size, WIDTH),
            target=filled(rows * size, (-10.0,), HIGH),
            target_shape=(rows, size),
            dtype=dtype,
            **options,
        )


def long_layers() -> Iterator[LinearDraft]:
    """Many hidden states, few words."""
    for rows, dtype, options in (
        (4099, "float32", {"reduction": "none"}),
        (1025, "float64", {"reduction": "sum", "upstream": 1.0}),
    ):
        said = "Gradient by" if "upstream" in options else "Of"
        yield LinearDraft(
            comment=f"{said} {rows} hidden states and a layer of {FEW} words, in {dtype}.",
            flags=(FLAG,),
            input=filled(rows * WIDTH, (0.5, -0.25), tuple(2.0 + number for number in range(9))),
            shape=(rows, WIDTH),
            weight=(1.0, -0.5, -1.0, 0.25, 0.5, 1.0),
            weight_shape=(FEW, WIDTH),
            target=filled(rows * FEW, (0.25, -0.75, 0.5), HIGH),
            target_shape=(rows, FEW),
            dtype=dtype,
            **options,
        )
