"""Options beside shapes that only larger models have: axes from the end, five axes, short ints."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random
from typing import cast

from generate.draft import Draft
from generate.groups.rare_draws import LOGITS, SPARSE, TABLES
from generate.groups.rare_draws import call as call_of
from generate.sparse_draft import SparseDraft

FOUR, FIVE, TABLE = (3, 3, 2, 2), (2, 1, 2, 3, 2), (4, 3)
# On NumPy and on torch both operands of this shape lie in memory as transposed ones.
TURNED = (5, 2, 4)
call = partial(call_of, dtype="float32")


def drafts() -> Iterator[Draft]:
    """Vectors of one each."""
    rng = Random("rare left")  # noqa: S311 - not for secrets
    for function in (*TABLES, *LOGITS, SPARSE):
        said = "axis -4 of 4"
        yield call(function, said, ("NamedAxes", "ManyAxes"), rng, FOUR, axis=-4)
    mask = {"where": (True, False, True), "where_shape": (1, 3)}
    for function in (*LOGITS, SPARSE):
        given = {"temperature": 3.0, "axis": 0, **mask}
        flags = ("NamedAxes", "SampleMask", "Temperature")
        yield call(function, "T = 3 along axis 0, a mask", flags, rng, TABLE, **given)
    yield call("kl_div", "five axes", ("ManyAxes",), rng, FIVE)
    where = tuple(place % 5 != 1 for place in range(36))
    flags = ("ManyAxes", "SampleMask")
    given = {"where": where, "reduction": "batchmean"}
    yield call("kl_div", "four axes, a mask", flags, rng, FOUR, **given)
    yield call_of("kl_div", "three axes in the other order", ("ManyAxes",), rng, TURNED)
    draft = call(SPARSE, "indices of 16 bits", ("SparseTeacher",), rng, TABLE)
    yield replace(cast("SparseDraft", draft), indices_dtype="int16")
