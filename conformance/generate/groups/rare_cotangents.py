"""Derivatives of samples beside others that are left out, which are 0 times anything."""

import math
from collections.abc import Iterator
from random import Random

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, TABLES, call

UPSTREAM, WHERE = (math.inf, 1.5, math.nan), (False, True, False)


def drafts() -> Iterator[Draft]:
    """A vector of every function."""
    rng = Random("rare cotangents")  # noqa: S311 - not for secrets
    said = "samples that are left out times infinity and NaN"
    flags = ("OwnUpstream", "MaskedGradient")
    given = {"dtype": "float32", "upstream": UPSTREAM, "where": WHERE, "where_shape": (3,)}
    for function in (*TABLES, *LOGITS, SPARSE, LINEAR):
        axis = {"axis": -1} if function in TABLES else {}
        yield call(function, said, flags, rng, (3, 4), **given, **axis)
