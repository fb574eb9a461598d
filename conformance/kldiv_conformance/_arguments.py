"""The arguments that an implementation takes by name, and those that it may do without."""

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature, unwrap
from types import SimpleNamespace
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
# What functions say that are given an argument that they lack, torch's and those of kldiv_xp.
UNEXPECTED = re.compile(
    r"(?:unexpected keyword argument '|Unknown keyword argument '|^`(?=\w+` is no option of ))(\w+)"
)
# What an operator of torch says that is given too many arguments, without telling which.
DECLARED = re.compile(r"expected at most .* Declaration: [\w:.]+\((.*)\) ->")
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
        raise NotSupportedError(no_argument(missing))
    return {name: value for name, value in arguments.items() if name not in unknown}


def no_argument(missing: Sequence[str]) -> str:
    """Sentence on arguments that there are not."""
    return f"the implementation has no argument {' or '.join(map(repr, missing))}."


def names(function: Callable[..., Any], arguments: Mapping[str, Any]) -> set[str]:
    """Names that a function takes; all that are asked for if it takes any, or does not tell."""
    told = told_names(function)
    return set(arguments) if told is None else told


def told_names(function: Callable[..., Any]) -> set[str] | None:
    """Names that a function takes; None if it takes any, or does not tell."""
    try:
        if schemas := schemas_of(unwrap(function)):
            return {one.name for schema in schemas for one in schema.arguments}
        parameters = signature(function).parameters
    except (TypeError, ValueError):  # a function of C may not tell
        return None
    if any(one.kind is Parameter.VAR_KEYWORD for one in parameters.values()):
        return None
    by_place = {Parameter.POSITIONAL_ONLY, Parameter.VAR_POSITIONAL}
    return {name for name, one in parameters.items() if one.kind not in by_place}


def schemas_of(function: Any) -> list[Any]:
    """Schemas of a function of torch, whose signature is none or takes anything.

    TorchScript has one, as has an operator, and a custom one hides it; others have one for each of
    their overloads.
    """
    if not type(function).__module__.startswith("torch."):
        function = SimpleNamespace(schema=getattr(function, "schema", None))
    operator = getattr(function, "_opoverload", function)
    named = operator.overloads() if hasattr(operator, "overloads") else ()
    operators = [getattr(operator, name) for name in named] or [operator]
    found = [getattr(it, "schema", None) or getattr(it, "_schema", None) for it in operators]
    return [schema for schema in found if hasattr(schema, "arguments")]


def handed_on_in_vain(
    functions: Sequence[Callable[..., Any]], arguments: Mapping[str, Any], error: BaseException
) -> str | None:
    """Argument that functions take, as they take any, and that what they call does not take."""
    if all(told_names(function) is not None for function in functions):
        return None
    found = UNEXPECTED.search(str(error))
    if found:
        name = found[1]
        return name if name in arguments else None
    declared = DECLARED.search(str(error))
    known = set(re.findall(r"\w+", declared[1])) if declared else set(arguments)
    return min(set(arguments) - known, default=None)


def handed_on(vector: Vector) -> set[str]:
    """Array that is passed by its place though it is none of the first two."""
    if vector.layers:
        return {"target"}
    return set() if vector.indices is None else {"indices"}


def call_of(vector: Vector) -> str:
    """Dtype and options of a call that are not the defaults, as Python writes them."""
    options = [
        f"{name}={value!r}"
        for name, value in vector.arguments.items()
        if not is_default(vector, name, value)
    ]
    return ", ".join([vector.input.dtype, *options])


def is_default(vector: Vector, name: str, value: object) -> bool:
    """Whether an argument is what a function does without it; 1 and True differ."""
    defaults = DEFAULTS[vector.function] | OF_GRADIENTS
    return (
        name in defaults and type(value) is type(defaults[name]) and bool(value == defaults[name])
    )
