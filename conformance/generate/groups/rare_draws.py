"""Vectors of any function on random operands, for the calls that tests tend to leave out."""

from dataclasses import replace
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups.option_pairs import DRAWN, Shape, of_logits
from generate.operands import near, reduction_flags

Flags = tuple[str, ...]
TABLES = ("kl_div", "js_div")
LOGITS = ("kl_div_with_logits", "js_div_with_logits")
SPARSE, LINEAR = "sparse_kl_div_with_logits", "linear_kl_div"
OF_TABLES = {"log_input": True, "log_target": False}
DEFAULTS: dict[str, dict[str, Any]] = {
    "kl_div": OF_TABLES,
    "js_div": OF_TABLES,
    **{name: {"target_is": "logits"} for name in LOGITS},
    SPARSE: {"target_is": "log_probabilities", "axis": -1},
    LINEAR: {"target_is": "logits", "tail": None, "teacher": "target", "bias": False},
}


def call(
    function: str, said: str, flags: Flags, rng: Random, shape: Shape, **options: Any
) -> Draft:
    """Vector of a function; the shape is that of its logits or tables."""
    given: dict[str, Any] = {
        "dtype": "float64",
        "reduction": "none",
        **DEFAULTS[function],
        **options,
    }
    what = function if given.get("upstream") is None else f"Gradient of {function}"
    named = reduction_flags(given["reduction"])
    given |= {"comment": f"{what}, {said}.", "flags": (*flags, *named), "shape": shape}
    drawn = DRAWN.get(function, of_logits)(rng, function, given)
    if function != SPARSE:
        return drawn
    # Along other axes than the last, entries may add up to more than 1.
    dtype = given.get("target_dtype", given["dtype"])
    return replace(drawn, target=tuple(near(one - 1, dtype) for one in drawn.target))


def of_its_own(count: int) -> tuple[float, ...]:
    """Upstream derivatives, another one for each element."""
    return tuple(0.5 * place - 1.25 for place in range(count))
