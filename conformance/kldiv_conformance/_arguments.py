"""The arguments that an implementation takes by name, and those that it may do without."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

from kldiv_conformance._vector import Vector

HEATED = {"temperature": 1.0, "scale_by_temperature_squared": True, "target_is": "logits"}
OF_LOGITS = {"axis": -1, **HEATED}
# What a function does that is called without an argument; there is none for the reduction.
DEFAULTS: dict[str | None, dict[str, Any]] = {
    None: {
        "size_average": None,
        "reduce": None,
        "log_target": False,
        "log_input": True,
        "generalized": False,
        "reproducible": False,
        "axis": None,
    },
    "kl_div_with_logits": OF_LOGITS,
    "js_div_with_logits": {**OF_LOGITS, "beta": 0.5},
    "js_div": {"log_input": True, "log_target": False, "beta": 0.5, "axis": -1},
    "sparse_kl_div_with_logits": {**OF_LOGITS, "target_is": "log_probabilities", "tail": "bucket"},
    "linear_kl_div": {**HEATED, "tail": "bucket", "beta": 0.0},
}
# By every element of the loss, whose sum a gradient without `upstream` differentiates.
OF_GRADIENTS = {"upstream": 1.0}


class NotSupportedError(NotImplementedError):
    """A backend or an implementation cannot express a vector."""


def taken(
    function: Callable[..., Any], vector: Vector, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments that a function is called with: all but defaults that it has no name for.

    Raises
    ------
    NotSupportedError
        If it has no name for an argument that is not the default.
    """
    unknown = set(arguments) - names(function, arguments) - handed_on(vector) - {"reduction"}
    missing = sorted(name for name in unknown if not is_default(vector, name, arguments[name]))
    if missing:
        what = f"argument{'s' * (len(missing) > 1)} {' and '.join(map(repr, missing))}"
        message = f"the implementation has no {what}."
        raise NotSupportedError(message)
    return {name: value for name, value in arguments.items() if name not in unknown}


def names(function: Callable[..., Any], arguments: Mapping[str, Any]) -> set[str]:
    """Names that a function takes; all that are asked for if it takes any, or does not tell."""
    try:
        parameters = signature(function).parameters
    except (TypeError, ValueError):  # a function of C may not tell
        return set(arguments)
    if any(one.kind is Parameter.VAR_KEYWORD for one in parameters.values()):
        return set(arguments)
    by_place = {Parameter.POSITIONAL_ONLY, Parameter.VAR_POSITIONAL}
    return {name for name, one in parameters.items() if one.kind not in by_place}


def handed_on(vector: Vector) -> set[str]:
    """Array that is passed by its place though it is none of the first two."""
    if vector.layers:
        return {"target"}
    return set() if vector.indices is None else {"indices"}


def is_default(vector: Vector, name: str, value: object) -> bool:
    """Whether an argument is what a function does without it; 1 and True differ."""
    defaults = DEFAULTS[vector.function] | OF_GRADIENTS
    return (
        name in defaults and type(value) is type(defaults[name]) and bool(value == defaults[name])
    )
