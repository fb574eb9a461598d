"""Special numbers in every function: rows far apart, NaN, negative targets, infinities, nothing."""

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, cast

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, call
from generate.linear_draft import LinearDraft
from generate.operands import Values, near

NAN, INF, ROWS = math.nan, math.inf, (3, 4)
# An exponential of it is 0 in the dtype.
APART = {"float32": 200.0, "float64": 800.0}
GRADIENT = {"reduction": "sum", "upstream": 1.5}
KINDS, LOGS = ("probabilities", "log_probabilities"), "log_probabilities"
HIDDEN = {
    "probabilities": (
        "a negative target, and NaN",
        ("NegativeTarget", "MissingValue"),
        (-0.25, NAN),
    ),
    "log_probabilities": ("NaN in the target", ("MissingValue",), (NAN,)),
    "logits": ("NaN in the target", ("MissingValue",), (NAN,)),
}
# How a function is told what its target holds.
OPTIONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *((name, kind, {"target_is": kind}) for name in LOGITS for kind in KINDS),
    *(("js_div", kind, {"log_target": kind == LOGS, "axis": -1}) for kind in KINDS),
    *(
        (SPARSE, "probabilities", {"target_is": "probabilities", "tail": tail})
        for tail in ("bucket", "zero", "renormalize")
    ),
    (SPARSE, LOGS, {"tail": "bucket"}),
    (SPARSE, "logits", {"target_is": "logits", "tail": "renormalize"}),
    *((LINEAR, kind, {"target_is": kind}) for kind in HIDDEN),
    (LINEAR, "logits", {"teacher": "target_weight"}),
    (LINEAR, "probabilities", {"target_is": "probabilities", "tail": "bucket"}),
)
# Neither is a number of float32.
HEAT = ((SPARSE, 3.3), (SPARSE, 0.7), (LINEAR, 3.3), (LINEAR, 0.7))
HALVES = (
    *((name, "none") for name in (*LOGITS, SPARSE, LINEAR)),
    *((name, "mean") for name in ("js_div", SPARSE, LINEAR)),
)
OF_NOTHING = (
    *((name, "sum") for name in ("js_div", LINEAR)),
    *((name, it) for name in ("js_div", *LOGITS, LINEAR) for it in ("mean", "batchmean")),
)


def drafts() -> Iterator[Draft]:
    """Vectors of what is special, and of numbers that 16 or 32 bits do not hold."""
    rng = Random("rare special")  # noqa: S311 - not for secrets
    for function in (*LOGITS, SPARSE, LINEAR):
        yield apart(function, rng, "float32")
        yield apart(function, rng, "float64", **GRADIENT)
    for function, kind, options in OPTIONS:
        yield hidden(function, kind, rng, **options)
    for beta in (0.0, 1.0):
        for function in ("js_div", LOGITS[1], LINEAR):
            yield infinite(function, beta, rng)
    for function, reduction in OF_NOTHING:
        said, flags = f"no samples, {reduction!r}", ("Empty",)
        yield call(function, said, flags, rng, (0, 4), reduction=reduction, **axis_of(function))
    for function, heat in HEAT:
        yield call(function, f"T = {heat}", ("Temperature",), rng, ROWS, temperature=heat)
    for function, reduction in HALVES:
        given = {"dtype": "float16", "upstream": 1.5, "reduction": reduction, **axis_of(function)}
        yield call(function, f"float16, {reduction!r}", ("HalfPrecision",), rng, ROWS, **given)


def axis_of(function: str) -> dict[str, int]:
    """Classes of a table lie along the last axis."""
    return {"axis": -1} if function == "js_div" else {}


def apart(function: str, rng: Random, dtype: str, **options: Any) -> Draft:
    """Rows, each far below the one before."""
    said = f"rows {APART[dtype]:g} apart, in {dtype}"
    draft = call(function, said, ("DistantRows",), rng, ROWS, dtype=dtype, **options)
    if isinstance(draft, LinearDraft):
        return apart_by_states(draft, APART[dtype])

    def moved(values: Values) -> Values:
        pairs = enumerate(values)
        return tuple(near(one - at // ROWS[-1] * APART[dtype], dtype) for at, one in pairs)

    target = draft.target if function == SPARSE else moved(draft.target)
    return replace(draft, input=moved(draft.input), target=target)


def apart_by_states(draft: LinearDraft, distance: float) -> LinearDraft:
    """The same by a last hidden dimension that all words have in common."""
    width = draft.weight_shape[1]
    states, weight = list(draft.input), list(draft.weight)
    states[width - 1 :: width] = [-row * distance for row in range(ROWS[0])]
    weight[width - 1 :: width] = [1.0] * draft.weight_shape[0]
    return replace(draft, input=tuple(states), weight=tuple(weight))


def hidden(function: str, kind: str, rng: Random, **options: Any) -> Draft:
    """A target that is no distribution in one row or two, and is one in the last."""
    said, flags, wrong = HIDDEN[kind]
    named = [f"{name}={options[name]!r}" for name in options if name != "axis"]
    draft = call(function, ", ".join((said, *named)), flags, rng, ROWS, dtype="float32", **options)
    width = len(draft.target) // ROWS[0]
    # Those that were drawn for this function are less by 1, as logarithms.
    is_less = function == SPARSE and kind == "probabilities"
    target = [near(one + 1, draft.dtype) if is_less else one for one in draft.target]
    target[1 : 1 + width * len(wrong) : width] = wrong
    return replace(draft, target=tuple(target))


def infinite(function: str, beta: float, rng: Random) -> Draft:
    """A word of the first row that only the weighted side has, so that its divergence is inf."""
    said, flags = f"beta={beta:g} and an infinite divergence", ("DivergenceEnds", "InfiniteInput")
    options = {"beta": beta, "dtype": "float32", **axis_of(function)}
    draft = call(function, said, flags, rng, ROWS, **options)
    if beta:
        impossible = 0.0 if function == "js_div" else -INF
        return replace(draft, target=(impossible, *draft.target[1:]))
    if function == LINEAR:
        width = ROWS[-1]
        target = (
            -INF if at > 0 and at % width == 0 else one for at, one in enumerate(draft.target)
        )
        bias = (-INF, *(0.0,) * (width - 1))
        return replace(cast("LinearDraft", draft), bias=bias, target=tuple(target))
    return replace(draft, input=(-INF, *draft.input[1:]))
