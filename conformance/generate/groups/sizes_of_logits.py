"""Logits of more than 1024 elements, whose last classes and rows count as much as the first."""

import math
from collections.abc import Iterator
from typing import Any

from generate.draft import Draft
from generate.edges import BLOCKS, filled
from generate.logits_draft import LogitsDraft

FLAG = "ManyElements"
Shape = tuple[int, ...]
# Rows around the edges of blocks, the last one among them.
MASK = tuple(place % 1024 not in range(200, 1000) for place in range(4099))


def drafts() -> Iterator[Draft]:
    """Vectors of losses of logits."""
    yield from of_logits()
    yield from mixtures()
    yield from logit_gradients()


def logits(comment: str, shape: Shape, **options: Any) -> LogitsDraft:
    """Vector of a divergence of logits of this shape."""
    size = math.prod(shape)
    few = shape[-1] < BLOCKS[0]
    usual = ((0.5, -1.0, 0.25), (0.25, -0.75, 0.5)) if few else ((0.0,), (-10.0,))
    # The student finds every second one likely: of equal ratios, a loss would hardly feel one less.
    high = tuple(3.0 + 0.25 * (number % 4) for number in range(9))
    low = tuple((-40.0, 8.0)[number % 2] - 0.5 * (number // 2) for number in range(9))
    operands = {"input": filled(size, usual[0], low), "target": filled(size, usual[1], high)}
    return LogitsDraft(comment=comment, flags=(FLAG,), shape=shape, **operands | options)


def of_logits() -> Iterator[Draft]:
    """Divergences of rows: few long ones, and many short ones."""
    for shape, dtype, options in (
        ((1, 1025), "float64", {"reduction": "sum"}),
        ((3, 1023), "float32", {"reduction": "none"}),
        ((1, 4099), "float32", {"reduction": "batchmean", "temperature": 2.0}),
        ((1, 4099), "float16", {"reduction": "sum"}),
        ((1, 65537), "float32", {"reduction": "sum"}),
        ((2, 65537), "float64", {"reduction": "none"}),
        ((4099, 3), "float32", {"reduction": "none"}),
        ((4099, 3), "float64", {"reduction": "mean", "where": MASK, "where_shape": (4099, 1)}),
    ):
        comment = f"kl_div of logits of shape {shape} in {dtype}: classes beyond every block."
        yield logits(comment, shape, dtype=dtype, **options)


def mixtures() -> Iterator[Draft]:
    """Jensen-Shannon divergences of the same logits."""
    for shape, dtype, options in (
        ((1, 1025), "float32", {"reduction": "sum"}),
        ((1, 65537), "float64", {"reduction": "none", "beta": 0.25}),
        ((4099, 3), "float32", {"reduction": "none"}),
    ):
        comment = f"js_div of logits of shape {shape} in {dtype}: classes beyond every block."
        function = "js_div_with_logits"
        yield logits(comment, shape, dtype=dtype, function=function, **options)


def logit_gradients() -> Iterator[Draft]:
    """Derivatives of both divergences with respect to the logits."""
    for name, shape, dtype in (
        ("kl", (1, 1025), "float64"),
        ("kl", (1, 4099), "float32"),
        ("kl", (1025, 3), "float32"),
        ("js", (3, 1023), "float64"),
    ):
        yield logits(
            f"Gradient of {name}_div of logits of shape {shape} in {dtype}.",
            shape,
            dtype=dtype,
            function=f"{name}_div_with_logits",
            reduction="sum",
            upstream=1.0,
        )
