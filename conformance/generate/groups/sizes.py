"""Operands of more than 1024 elements, most of whose sum stands last and at the edges of blocks."""

import math
from collections.abc import Iterator
from typing import Any

from generate.draft import Draft
from generate.edges import edges, filled
from generate.groups import (
    sizes_of_logits,
    sizes_of_tables,
    sizes_of_teachers,
    sizes_of_vocabularies,
)
from generate.groups.sizes_of_logits import FLAG
from generate.operands import Values

ABOUT = "More than 1024 elements; what stands last, and at the edges of blocks, is most of the sum."

MILLION = 1_000_006
Shape = tuple[int, ...]
NAN = math.nan


def drafts() -> Iterator[Draft]:
    """Every vector of the group."""
    yield from losses()
    yield from samples()
    yield from masked()
    yield from gradients()
    yield from sizes_of_logits.drafts()
    yield from terms()
    yield from sizes_of_tables.drafts()
    yield from sizes_of_teachers.drafts()
    yield from sizes_of_vocabularies.drafts()


def inputs(size: int) -> Values:
    """Logarithms for a loss, numbers of 8 bits; no two of the 9 edges have the same."""
    return filled(size, (-12.0,), tuple(-8.0 - 0.5 * number for number in range(9)))


def targets(size: int, *, log_target: bool) -> Values:
    """Probabilities, or their logarithms: tiny, but at the edges."""
    if log_target:
        usual = -8.0 - math.ceil(math.log2(size))
        return filled(size, (usual,), tuple(-0.25 * (1 + number % 3) for number in range(9)))
    usual = 2.0 ** (-math.ceil(math.log2(size)))
    return filled(size, (usual,), tuple(1.0 + 0.125 * (number % 3) for number in range(9)))


def loss(comment: str, shape: Shape, **options: Any) -> Draft:
    """Vector of the loss on operands of this shape."""
    log_target = options.get("log_target", False)
    size = math.prod(shape)
    operands = {"input": inputs(size), "target": targets(size, log_target=log_target)}
    return Draft(comment=comment, flags=(FLAG,), shape=shape, **operands | options)


def losses() -> Iterator[Draft]:
    """Losses reduced to a number, in both spaces and of all widths."""
    for shape, dtype, reduction, log_target in (
        ((1, 1025), "float64", "sum", False),
        ((1, 1025), "float32", "batchmean", True),
        ((1, 4099), "float32", "sum", False),
        ((1, 4099), "float16", "sum", False),
        ((4099,), "bfloat16", "batchmean", True),
        ((3, 1023), "bfloat16", "batchmean", False),
        ((3, 1023), "float32", "mean", False),
        ((4099, 3), "float32", "batchmean", True),
        ((2, 65537), "float32", "sum", False),
        ((70001, 1), "float32", "sum", False),
        ((70001, 1), "float64", "batchmean", True),
        ((MILLION,), "float64", "sum", False),
    ):
        space = "log-targets" if log_target else "targets"
        comment = f"Shape {shape}, {space} of {dtype}: a last element beyond every block."
        options = {"dtype": dtype, "reduction": reduction, "log_target": log_target}
        yield loss(comment, shape, **options)


def samples() -> Iterator[Draft]:
    """Sums of rows: few long ones, and many short ones."""
    for shape, dtype, reduction, log_target in (
        ((3, 1023), "float64", "none", True),
        ((2, 65537), "float64", "none", False),
        ((4099, 3), "float32", "none", False),
        ((70001, 1), "float32", "mean", False),
    ):
        comment = f"Rows of shape {shape} in {dtype}, each summed alone ({reduction!r})."
        options = {"dtype": dtype, "reduction": reduction, "axis": -1, "log_target": log_target}
        yield loss(comment, shape, **options)


def window(size: int, *, wide: int) -> tuple[bool, ...]:
    """Mask of what is near an edge; of the edges, every third one is left out."""
    found = [False] * size
    for place in edges(size):
        near = slice(max(0, place - wide), place + wide)
        found[near] = [True] * len(found[near])
    for place in edges(size)[1::3]:
        found[place] = False
    return tuple(found)


def with_garbage(draft: dict[str, Values], where: tuple[bool, ...]) -> dict[str, Values]:
    """The same operands, NaN where nothing is selected."""
    return {
        name: tuple(one if kept else NAN for one, kept in zip(values, where, strict=True))
        for name, values in draft.items()
    }


def masked() -> Iterator[Draft]:
    """Masks whose edges are those of the blocks, and garbage in what they leave out."""
    for shape, dtype, options in (
        ((1, 4099), "float32", {"reduction": "sum"}),
        ((1, 65537), "float32", {"reduction": "batchmean", "axis": -1}),
        ((4099, 3), "float16", {"reduction": "mean"}),
        ((70001, 1), "float64", {"reduction": "sum", "log_target": True}),
    ):
        size = math.prod(shape)
        where = window(size, wide=100)
        operands = {
            "input": inputs(size),
            "target": targets(size, log_target=options.get("log_target", False)),
        }
        comment = f"A mask of shape {shape} in {dtype}, which leaves out some of the edges."
        garbage = with_garbage(operands, where)
        yield loss(comment, shape, dtype=dtype, where=where, **options, **garbage)


def gradients() -> Iterator[Draft]:
    """Both derivatives of the loss; of the longest, zeros where nothing is selected."""
    for shape, dtype, reduction, options in (
        ((1, 1025), "float64", "sum", {"upstream": 1.0}),
        ((3, 1023), "float32", "batchmean", {"upstream": -1.5}),
        ((1, 4099), "float32", "sum", {"upstream": 0.5}),
        ((1025, 3), "float32", "mean", {"upstream": 64.0, "log_target": True}),
    ):
        comment = f"Gradient of {reduction!r}, shape {shape} of {dtype}: every derivative counts."
        yield loss(comment, shape, dtype=dtype, reduction=reduction, **options)
    where = window(70001, wide=100)
    operands = {"input": inputs(70001), "target": targets(70001, log_target=False)}
    yield loss(
        "Gradient of a masked sum, shape (70001, 1): 0 but near the edges.",
        (70001, 1),
        dtype="float32",
        reduction="sum",
        upstream=2.0,
        where=where,
        **with_garbage(operands, where),
    )


def terms() -> Iterator[Draft]:
    """Every term, with and without a mask."""
    for shape, dtype, options in (
        ((4099,), "float32", {}),
        ((3, 1023), "float16", {"log_target": True}),
        ((2, 65537), "float32", {}),
        ((70001, 1), "float64", {"log_target": True}),
    ):
        comment = f"Every term of shape {shape} in {dtype}: those beyond every block count."
        yield loss(comment, shape, dtype=dtype, reduction="none", **options)
