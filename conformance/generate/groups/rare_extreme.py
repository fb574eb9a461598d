"""Numbers at the ends: no word at all, probabilities above 1, -0, infinities, and temperatures."""

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, cast

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, call
from generate.linear_draft import LinearDraft
from generate.logits_draft import LogitsDraft
from generate.operands import all_near
from generate.sparse_draft import SparseDraft

NAN, INF = math.nan, math.inf
NO_WORD, ROWS = (-INF,) * 4, (3, 4)
COLD, HOT = 0.1, 50.0
LARGE = 40000.0
GRADIENT = {"reduction": "sum", "upstream": 1.5}
# Above 1, -0, infinite, and nothing but NaN: of a teacher of two words the first two of each.
PROBABILITIES = ((3.0, 1.0, 0.5, 0.25), (0.5, -0.0, 0.25, 0.25), (INF, 0.5, 0.25, 0.25))
LOGARITHMS = ((0.75, 0.25, -1.0, -2.0), (-1.5, 1.5, -0.5, -2.5), (-1.0, -2.0, -1.0, -1.5))
# Temperatures, and how much farther apart logits are, beside which derivatives overflow.
FARTHER = {LOGITS[0]: (8.0, 4), LOGITS[1]: (64.0, 32)}
# Options, and the first row of the student and of the teacher, whose divergence is too large.
APART = (LARGE, 0.0, 0.0, 0.0), (-LARGE, 0.0, 0.0, 0.0)
BEYOND_FLOAT16: dict[str, tuple[dict[str, Any], tuple[float, ...], tuple[float, ...]]] = {
    "kl_div": ({"axis": -1}, (-LARGE,) * 4, (2.0, 0.5, 0.25, 0.25)),
    "js_div": ({"axis": -1, "log_input": False}, (0.0,) * 4, (60000.0,) * 4),
    LOGITS[0]: ({"temperature": 2.0}, *APART),
    LOGITS[1]: ({"temperature": 400.0}, *APART),
    SPARSE: ({"tail": "zero"}, (-LARGE, LARGE, -LARGE, 0.0), (-0.25, -0.25)),
    LINEAR: ({"temperature": 2.0}, (200.0, 0.0, 0.0), APART[1]),
}
# Neither dtype of indices counts far.
HEAT = ((COLD, "uint8"), (HOT, "int16"))


def drafts() -> Iterator[Draft]:
    """Vectors of values and of derivatives."""
    rng = Random("rare extreme")  # noqa: S311 - not for secrets
    for options in ({}, GRADIENT):
        for function in (*LOGITS, SPARSE, LINEAR):
            yield without_words(function, rng, **options)
            yield given_target(function, "probabilities", rng, **options)
            if function in {SPARSE, LINEAR}:
                yield from heated(function, rng, **options)
            if function != SPARSE:  # which refuses them
                yield given_target(function, "log_probabilities", rng, **options)
    yield from tables(rng)
    for function in BEYOND_FLOAT16:
        yield overflowing(function, rng)
    rng = Random("beyond float16")  # noqa: S311 - not for secrets
    for function in (LINEAR, *LOGITS, SPARSE):
        yield overflowing_derivatives(function, rng)


def without_words(function: str, rng: Random, **options: Any) -> Draft:
    """A row of a teacher, and of a student, in which no word is possible."""
    said, flags = "rows of -inf alone", ("MaskedVocabulary", "MissingValue")
    given = {"target_is": "logits", "dtype": "float32", **options}
    if function == SPARSE:
        given["tail"] = "renormalize"
    draft = call(function, said, flags, rng, ROWS, **given)
    width = len(draft.target) // ROWS[0]
    target = (*NO_WORD[:width], *draft.target[width:])
    if function == LINEAR:
        return replace(draft, target=target)
    student = (*draft.input[:4], *NO_WORD, *draft.input[8:])
    return replace(draft, input=student, target=target)


def given_target(function: str, kind: str, rng: Random, **options: Any) -> Draft:
    """A target that is given, with numbers that no probability is, or no logarithm of one."""
    rows, is_log = (LOGARITHMS, True) if kind == "log_probabilities" else (PROBABILITIES, False)
    has_infinity = not is_log and "upstream" not in options  # autograd has NaN beside it
    said = "logarithms above 0" if is_log else "probabilities above 1, and -0"
    flags = ("GivenTarget", *(() if is_log else ("ZeroTarget",)))
    flags += ("InfiniteTarget",) if has_infinity else ()
    given = {"target_is": kind, "dtype": "float32", **options}
    if function == SPARSE:
        given["tail"] = "zero"
    draft = call(function, said, flags, rng, ROWS, **given)
    width = len(draft.target) // ROWS[0]
    target = [one for row in rows for one in row[:width]]
    if not (is_log or has_infinity):
        target[2 * width] = 0.25
    return replace(draft, target=tuple(target))


def heated(function: str, rng: Random, **options: Any) -> Iterator[Draft]:
    """Indices of short and unsigned integers, at temperatures that are far from 1."""
    for heat, dtype in HEAT:
        said = f"T = {heat:g}, indices of {dtype}"
        of_heat = ("TemperatureGradient",) if "upstream" in options else ("Temperature",)
        flags = ("SparseTeacher", *of_heat)
        given = {"temperature": heat, "dtype": "float32", "tail": "bucket", **options}
        if function == LINEAR:
            given["target_is"] = "log_probabilities"
        draft = call(function, said, flags, rng, ROWS, **given)
        if function == LINEAR:
            draft = replace(draft, target=tuple(one - 1 for one in draft.target))
        target = all_near(draft.target, "float32")
        draft = cast("SparseDraft | LinearDraft", replace(draft, target=target))
        yield replace(draft, indices_dtype=dtype)


def tables(rng: Random) -> Iterator[Draft]:
    """Tables of negative numbers, NaN, -0 and infinite derivatives; logarithms above 0."""
    flags = ("NegativeTarget", "MissingValue", "ZeroTarget")
    for beta, options in ((0.5, {}), (0.5, GRADIENT), (0.0, GRADIENT)):
        said = f"beta={beta:g}, special numbers"
        given = {"beta": beta, "log_input": False, "dtype": "float32", "axis": -1, **options}
        draft = call("js_div", said, flags, rng, (4, 4), **given)
        q, p = [*draft.input], [*draft.target]
        q[2], q[3], p[5], p[13] = 0.0, NAN, -0.0, NAN
        if not options:
            q[8], p[15] = -0.25, -0.25
        yield replace(draft, input=tuple(q), target=tuple(p))
    given = {"log_target": True, "dtype": "float32", "axis": -1, **GRADIENT}
    draft = call("js_div", "logarithms above 0", ("Unnormalised",), rng, ROWS, **given)
    yield replace(draft, target=tuple(one for row in LOGARITHMS for one in row))


def overflowing(function: str, rng: Random) -> Draft:
    """A row whose divergence float16 does not hold, and a mean that it holds."""
    said, flags = "a row beyond float16, and not the mean", ("HalfOverflow", "HalfPrecision")
    options, student, teacher = BEYOND_FLOAT16[function]
    given: dict[str, Any] = {"dtype": "float16", "reduction": "mean", **options}
    draft = call(function, said, flags, rng, (4, 4), **given)
    if isinstance(draft, LinearDraft):
        draft = replace(draft, weight=(*student, *draft.weight[len(student) :]))
    return replace(
        draft,
        input=(*student, *draft.input[len(student) :]),
        target=(*teacher, *draft.target[len(teacher) :]),
    )


def overflowing_derivatives(function: str, rng: Random) -> Draft:
    """Derivatives that float16 does not hold."""
    said, flags = "derivatives beyond float16", ("HalfPrecision", "Upstream")
    given = {"dtype": "float16", "reduction": "sum", "temperature": 8.0}
    draft = call(function, said, flags, rng, ROWS, upstream=60000.0, **given)
    if function not in FARTHER:
        return draft
    heat, times = FARTHER[function]
    far = {name: tuple(times * it for it in getattr(draft, name)) for name in ("input", "target")}
    return replace(cast("LogitsDraft", draft), temperature=heat, **far)
