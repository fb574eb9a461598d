"""Masks that select everything, beside axes that are counted from the end or out of order."""

import math
from collections.abc import Iterator
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups.option_pairs import Shape
from generate.groups.rare_between import PICTURES
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, TABLES, call

ALL, SOME = "a mask of everything", "a mask"
# Of operands and mask: of others, and of `linear_kl_div`, which has no axis.
SHAPES: tuple[tuple[Shape, Shape], ...] = ((PICTURES, (3, 3, 1, 3)), ((4, 3), (4, 1)))
TURNED = (2, 0, 1)


def drafts() -> Iterator[Draft]:
    """Vectors of means of what is selected: others, whose masks leave something out, are alike."""
    rng = Random("rare selected")  # noqa: S311 - not for secrets
    for function in (*TABLES, *LOGITS, SPARSE):
        yield selected(function, ALL, rng, axis=-2)
        yield selected(function, ALL, rng, axis=-2, upstream=1.5)
        yield selected(function, SOME, rng, axis=-2, upstream=1.5)
    yield selected(LINEAR, ALL, rng)
    yield selected(LINEAR, SOME, rng)
    yield selected(LINEAR, ALL, rng, upstream=1.5)
    for options in ({}, {"upstream": 1.5}):
        said, flags = f"axes {TURNED}", ("NamedAxes", "ManyAxes")
        given = {"dtype": "float32", "axis": TURNED, **options}
        yield call("js_div", said, flags, rng, PICTURES, **given)


def selected(function: str, said: str, rng: Random, **options: Any) -> Draft:
    """Mean of all samples, or of most of them."""
    shape, mask = SHAPES[function == LINEAR]
    where = tuple(said == ALL or place % 3 != 1 for place in range(math.prod(mask)))
    named = ("NamedAxes", "ManyAxes") if "axis" in options else ("HiddenStates",)
    flags = (*named, "MaskedMean", "SampleMask")
    flags += ("MaskedGradient",) if "upstream" in options else ()
    given = {"reduction": "mean", "where": where, "where_shape": mask, **options}
    beside = f", axis={options['axis']}" if "axis" in options else ""
    return call(function, f"{said}{beside}", flags, rng, shape, dtype="float32", **given)
