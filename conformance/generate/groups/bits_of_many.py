"""Losses with the same bits whose sums are over more elements than a block has."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups.rare_blocks import classes
from generate.groups.rare_draws import LOGITS

# More elements than 1024, in rows of a few kinds; and rows that are longer than that.
ROWS, LONG = (80, 18), (3, 1200)


def drafts() -> Iterator[Draft]:
    """Values and derivatives of tables and of logits."""
    rng = Random("bits of many")  # noqa: S311 - not for secrets
    for function in ("kl_div", *LOGITS):
        for shape, options in (
            (ROWS, {"reduction": "sum"}),
            (ROWS, {"reduction": "batchmean", "upstream": -1.75}),
            (LONG, {"reduction": "mean"}),
        ):
            yield same(classes(function, rng, shape, dtype="float32", **options))


def same(draft: Draft, **options: Any) -> Draft:
    """The same call, whose bits are asked for."""
    return replace(draft, flags=("SameBits",), reproducible=True, **options)
