"""Probabilities far below what is taken for 0, results as small, and infinite tables."""

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from mpmath import mp

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, call
from generate.operands import Values, all_near

ROWS, INF = (3, 4), math.inf
# No float32 holds the probabilities; what the logarithms are of is below 1e-30, and normal in it.
# The former are exponentials of few bits, so that their logarithms lose nothing.
TINY = {
    "probabilities": all_near([mp.exp(one) for one in (-92.0, -95.5, -89.25, -94.0)], "float64"),
    "log_probabilities": (-75.0, -72.5, -80.25, -71.75),
}
# The bound of a sparse teacher is that of its student's probabilities: 1e-15.
OF_SPARSE = (1e-14, 3e-15)
DTYPES = {"probabilities": "float64", "log_probabilities": "float32"}
GRADIENT = {"reduction": "sum", "upstream": 1.5}
# Spaces of input and target, of values and of derivatives.
SPACES = (
    ("probabilities", "probabilities", {}),
    ("log_probabilities", "log_probabilities", {}),
    ("log_probabilities", "probabilities", GRADIENT),
    ("probabilities", "log_probabilities", GRADIENT),
    ("probabilities", "probabilities", GRADIENT),
)


def drafts() -> Iterator[Draft]:
    """Vectors of values and of derivatives."""
    rng = Random("rare tiny")  # noqa: S311 - not for secrets
    yield of_tables("kl_div", SPACES[-1], rng, log_target=False)
    for spaces in SPACES:
        yield of_tables("js_div", spaces, rng)
    for function in (*LOGITS, SPARSE, LINEAR):
        for kind in TINY:
            if (function, kind) != (SPARSE, "log_probabilities"):
                yield of_target(function, kind, rng, **of_value(function))
            yield of_target(function, kind, rng, **GRADIENT)
    yield infinite(rng)


def of_value(function: str) -> dict[str, float]:
    """Weight of a mixture whose value tells how small a probability is: that of the target."""
    return {"beta": 1.0} if function == LOGITS[1] else {}


def of_target(function: str, kind: str, rng: Random, **options: Any) -> Draft:
    """A row that is tiny, one with a tiny entry, and one as usual, in a target that is given."""
    said = f"tiny {kind.replace('_', '-')}"
    given = {"target_is": kind, "dtype": DTYPES[kind], **options}
    if function == SPARSE:
        given["tail"] = "zero"
    draft = call(function, said, ("ClampedOperands", "GivenTarget"), rng, ROWS, **given)
    # Those that were drawn for a sparse teacher are less by 1, as logarithms.
    is_less = function == SPARSE and kind == "probabilities"
    target = all_near([one + 1 for one in draft.target], draft.dtype) if is_less else draft.target
    tiny = OF_SPARSE if is_less and draft.upstream is None else TINY[kind]
    return replace(draft, target=with_tiny(target, tiny))


def with_tiny(values: Values, tiny: Values) -> Values:
    """The first of three rows is tiny, and the first entry of the second."""
    width = len(values) // ROWS[0]
    return (*tiny[:width], tiny[0], *values[width + 1 :])


def of_tables(
    function: str, spaces: tuple[str, str, dict[str, Any]], rng: Random, **options: Any
) -> Draft:
    """Tables of a row that is tiny in both, of one that is in the target alone, and in neither."""
    *kinds, gradient = spaces
    said = f"tiny {' and '.join(kind.replace('_', '-') for kind in kinds)}"
    logs = dict(
        zip(("log_input", "log_target"), (it != "probabilities" for it in kinds), strict=True)
    )
    # In float32 the derivative of a quotient of two of them is infinite on the way.
    dtype = "float64" if gradient else DTYPES[kinds[1]]
    given = {"dtype": dtype, "axis": -1, **logs, **gradient, **options}
    draft = call(function, said, ("ClampedOperands",), rng, ROWS, **given)
    width = ROWS[1]
    student = (*TINY[kinds[0]][::-1], *draft.input[width:])
    return replace(draft, input=student, target=with_tiny(draft.target, TINY[kinds[1]]))


def infinite(rng: Random) -> Draft:
    """Tables with an infinity on either side, and on both."""
    said, given = "infinities", {"dtype": "float32", "axis": -1, "log_input": False}
    flags = ("InfiniteInput", "InfiniteTarget", "MissingValue")
    draft = call("js_div", said, flags, rng, ROWS, **given)
    q, p = [*draft.input], [*draft.target]
    q[1] = p[6] = q[8] = p[8] = INF
    return replace(draft, input=tuple(q), target=tuple(p))
