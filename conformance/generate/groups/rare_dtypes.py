"""Operands of 16 bits: along axes, at a temperature, and beside operands of another dtype."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, TABLES, call

HALF, MIXED = "HalfPrecision", "MixedDtypes"
TABLE = (2, 3)
# Student and teacher; each of the three is promoted to float32.
PAIRS = (("bfloat16", "float32"), ("float16", "float32"), ("float16", "bfloat16"))


def drafts() -> Iterator[Draft]:
    """Vectors of 16 bits."""
    rng = Random("rare dtypes")  # noqa: S311 - not for secrets
    yield from along_an_axis(rng)
    yield from heated(rng)
    for student, teacher in PAIRS:
        for function in ("js_div", *LOGITS, SPARSE):
            yield beside(function, rng, student, teacher)
    yield beside("kl_div", rng, "float16", "bfloat16")
    for function in LOGITS:
        yield beside(function, rng, "float32", "float16")
    flags, given = (MIXED, "HiddenStates"), {"dtype": "float32", "target_dtype": "bfloat16"}
    yield call(LINEAR, "a teacher of bfloat16 beside float32", flags, rng, TABLE, **given)
    for function in (*TABLES, *LOGITS):
        given = {"axis": -1, "reduction": "batchmean", "upstream": 1.5}
        yield beside(function, rng, "bfloat16", "float32", **given)


def along_an_axis(rng: Random) -> Iterator[Draft]:
    """Sums over the last axis, which need no option beside it."""
    for dtype in ("bfloat16", "float16"):
        said, given = f"{dtype} along the last axis", {"dtype": dtype, "axis": -1}
        yield call("kl_div", said, (HALF,), rng, TABLE, **given)
        given |= {"log_target": True, "reduction": "batchmean"}
        yield call("kl_div", said, (HALF,), rng, TABLE, **given)


def heated(rng: Random) -> Iterator[Draft]:
    """A teacher's probabilities of 16 bits beside a temperature."""
    given = {"dtype": "bfloat16", "temperature": 3.0, "target_is": "probabilities"}
    for function in LOGITS:
        said = "bfloat16, T = 3, a target of probabilities"
        yield call(function, said, (HALF, "Temperature"), rng, TABLE, **given)


def beside(function: str, rng: Random, student: str, teacher: str, **options: Any) -> Draft:
    """Vector of a student and a teacher of two dtypes."""
    said = f"{student} beside {teacher}"
    given = {"dtype": student, "target_dtype": teacher, **options}
    draft = call(function, said, (MIXED,), rng, TABLE, **given)
    others = {"input_dtype": student, "target_dtype": teacher}
    others = {name: None if it == "float32" else it for name, it in others.items()}
    return replace(draft, dtype="float32", **others)
