"""Values and gradients of 16-bit operands with many classes."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from generate.draft import Draft
from generate.groups.rare_blocks import GRADIENT, classes, layer
from generate.groups.rare_draws import LOGITS, TABLES

# Rows of more than 128 classes, in texts that are short for there are more than 1024 numbers.
SHAPE, STATES, LONG = (9, 144), (9, 96), (3, 1024)


def drafts() -> Iterator[Draft]:
    """Vectors of 16 bits."""
    for draft in blocks():
        yield replace(draft, flags=(*draft.flags, "HalfPrecision"))


def blocks() -> Iterator[Draft]:
    """The same without that flag."""
    rng = Random("rare halves")  # noqa: S311 - not for secrets
    for function in (*TABLES, *LOGITS):
        for dtype in ("bfloat16", "float16"):
            yield classes(function, rng, SHAPE, dtype=dtype, **GRADIENT)
        axis = {"axis": -1} if function in TABLES else {}
        yield classes(function, rng, SHAPE, dtype="bfloat16", **axis)
    yield classes("kl_div", rng, SHAPE, dtype="bfloat16", log_target=True, **GRADIENT)
    yield classes("kl_div", rng, LONG, dtype="float16", reduction="batchmean")
    yield layer(rng, STATES, dtype="bfloat16", **GRADIENT)
