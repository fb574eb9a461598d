"""Runs one vector on one backend, and says what came of it."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from inspect import Parameter, signature
from typing import Any, Literal, TypeAlias

from kldiv_conformance._adapter import Adapter, Array
from kldiv_conformance._comparison import finite_distances, problems
from kldiv_conformance._formats import FORMATS
from kldiv_conformance._vectors import Operand, Vector

OPTIONAL = {
    *("size_average", "reduce", "axis", "where"),
    *("temperature", "scale_by_temperature_squared", "target_is", "beta"),
}
Verdict: TypeAlias = Literal["pass", "deviation", "failure", "not supported"]


@dataclass(frozen=True)
class Implementation:
    """A loss to be judged, and what it claims.

    Attributes
    ----------
    name : str
        What a report calls it.
    loss : callable
        ``loss(input, target, **arguments)``; NotImplementedError stands for 'not supported'.
    gradient : callable or None
        ``gradient(input, target, **arguments, upstream=...)`` in closed form; without one the
        backend differentiates the loss, where it can.
    functions : mapping of str to callable
        Functions that vectors call instead of the loss, by the name that these give them.
    """

    name: str
    loss: Callable[..., Array]
    gradient: Callable[..., tuple[Array, Array]] | None = None
    functions: Mapping[str, Callable[..., Array]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of a vector.

    Attributes
    ----------
    verdict : str
        'pass', 'failure', 'not supported', or 'deviation' for a failure that is known.
    detail : str
        One sentence on what went wrong; empty for a pass.
    ulp : int or None
        Largest distance from the expected numbers, None where there is no distance.
    values : dict of str to list of str
        What was returned, as hexadecimal floats.
    """

    id: str
    group: str
    verdict: Verdict
    detail: str = ""
    ulp: int | None = None
    values: dict[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Line of a report."""
        return {"kind": "outcome", **asdict(self)}


class NotSupportedError(NotImplementedError):
    """A backend cannot express a vector."""


def judge(vector: Vector, adapter: Adapter, implementation: Implementation) -> Outcome:
    """Outcome of a vector; whatever the implementation raises is part of it."""
    outcome = partial(Outcome, vector.id, vector.group)
    try:
        arrays = [made(operand, adapter) for operand in (vector.input, vector.target)]
        options = {**vector.arguments, **masked(vector, adapter)}
    except NotSupportedError as reason:
        return outcome("not supported", str(reason))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            returned = call(vector, adapter, implementation, arrays, options)
    except NotImplementedError as reason:
        return outcome("not supported", str(reason) or "the implementation does not do this.")
    except Exception as error:
        return raised(vector, error)
    if vector.raises is not None:
        return outcome("failure", f"must raise {vector.raises}, but returned a value.")
    return compared(vector, adapter, returned)


def made(operand: Operand, adapter: Adapter) -> Any:
    """Operand as the vector wants it: an array of the backend, or something that is none."""
    if operand.container != "array":
        return CONTAINERS[operand.container](operand.values)
    if operand.dtype in FORMATS and operand.dtype not in adapter.floats:
        message = f"{adapter.name} has no {operand.dtype}."
        raise NotSupportedError(message)
    try:
        return adapter.make(operand.values, operand.shape, operand.dtype)
    except (AttributeError, TypeError, ValueError) as error:
        message = f"{adapter.name} cannot make an array of {operand.dtype}: {error}"
        raise NotSupportedError(message) from error


def masked(vector: Vector, adapter: Adapter) -> dict[str, Array]:
    """Mask of a vector, as the argument that it is."""
    return {} if vector.where is None else {"where": made(vector.where, adapter)}


CONTAINERS: dict[str, Callable[[list[float]], Any]] = {
    "list": list,
    "scalar": lambda values: values[0],
    "none": lambda _: None,
}


def call(
    vector: Vector,
    adapter: Adapter,
    implementation: Implementation,
    arrays: list[Any],
    options: dict[str, Any],
) -> dict[str, Array]:
    """What the implementation returns for a vector, by the name of the result."""
    loss = with_arguments(called(vector, implementation), options)
    if vector.upstream is None:
        if vector.kind != "invalid":  # a compiler wraps what a call raises
            loss = adapter.wrap(loss)
        return {"value": loss(*arrays)}
    if adapter.gradient is not None:
        pair = adapter.gradient(adapter.wrap(loss), arrays[0], arrays[1], vector.upstream)
    elif implementation.gradient is not None:
        gradient = with_arguments(implementation.gradient, options)
        pair = gradient(*arrays, upstream=vector.upstream)
    else:
        message = f"{adapter.library} does not differentiate, and no gradient was given."
        raise NotSupportedError(message)
    return dict(zip(("d_input", "d_target"), pair, strict=True))


def called(vector: Vector, implementation: Implementation) -> Callable[..., Array]:
    """Function that a vector calls."""
    if vector.function is None:
        return implementation.loss
    if vector.function not in implementation.functions:
        message = f"the implementation has no function {vector.function!r} beside it."
        raise NotSupportedError(message)
    return implementation.functions[vector.function]


def with_arguments(loss: Callable[..., Array], arguments: dict[str, Any]) -> Callable[..., Array]:
    """Function of two arrays, if it has the optional arguments that a vector asks for."""
    try:
        parameters = signature(loss).parameters
    except ValueError:  # a function of C may not tell
        return partial(loss, **arguments)
    takes_all = any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values())
    missing = sorted(OPTIONAL & set(arguments) - set(parameters))
    if missing and not takes_all:
        message = f"the implementation has no argument {' and '.join(map(repr, missing))}."
        raise NotSupportedError(message)
    return partial(loss, **arguments)


def raised(vector: Vector, error: Exception) -> Outcome:
    """Outcome of a call that raised: right if the vector asks for just that."""
    kind = type(error).__name__
    names = {ancestor.__name__ for ancestor in type(error).__mro__}
    if vector.raises in names:
        return Outcome(vector.id, vector.group, "pass")
    wanted = f"must raise {vector.raises}" if vector.raises else "must return a value"
    text = " ".join(str(error).split())[:200]
    return Outcome(vector.id, vector.group, "failure", f"{wanted}, but raised {kind}: {text}")


def compared(vector: Vector, adapter: Adapter, returned: dict[str, Array]) -> Outcome:
    """Outcome of a call that returned arrays."""
    details, distances, values = [], [], {}
    for name, array in returned.items():
        expected = vector.results[name]
        numbers = adapter.read(array)
        values[name] = [number.hex() for number in numbers]
        details += problems(name, array, numbers, expected, vector.max_ulp)
        distances += finite_distances(numbers, expected)
    return Outcome(
        vector.id,
        vector.group,
        "failure" if details else "pass",
        " ".join(details),
        max(distances, default=None),
        values,
    )
