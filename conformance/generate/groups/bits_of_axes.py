"""Losses with the same bits along axes that lie first or between, and of two dtypes."""

import math
from collections.abc import Iterator
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups.bits_of_many import same
from generate.groups.rare_draws import LOGITS, call

SHAPE, FIRST, MIDDLE = (2, 3, 4), 0, 1
TWO = {"dtype": "float32", "target_dtype": "float16", "axis": MIDDLE}
WIDER = {"dtype": "float16", "result_dtype": "float32", "axis": FIRST, "reduction": "mean"}
# One for each of the samples along the axis between.
EACH = tuple(0.25 * place - 0.75 for place in range(8))


def drafts() -> Iterator[Draft]:
    """Values and derivatives of tables and of logits."""
    rng = Random("bits of axes")  # noqa: S311 - not for secrets
    for function in ("kl_div", *LOGITS):
        masked = {**WIDER, **mask(function)}
        yield along(function, "two dtypes", rng, **TWO)
        yield along(function, "a wider result, a mask", rng, **masked)
        yield along(function, "two dtypes", rng, **{**TWO, "reduction": "mean", "upstream": -1.75})
        yield along(function, "a wider result, a mask", rng, **masked, upstream=-1.75)
        given = {"dtype": "float32", "axis": MIDDLE, "upstream": EACH}
        yield along(function, "an upstream derivative of each sample", rng, **given)


def along(function: str, said: str, rng: Random, **options: Any) -> Draft:
    """A call whose bits are asked for."""
    return same(call(function, f"{said}, axis={options['axis']}", (), rng, SHAPE, **options))


def mask(function: str) -> dict[str, Any]:
    """Mask of elements of a table, and of samples of logits."""
    shape = SHAPE if function == "kl_div" else (1, *SHAPE[1:])
    return {
        "where": tuple(place % 5 != 1 for place in range(math.prod(shape))),
        "where_shape": shape,
    }
