"""From the JSON form of a vector to the vector."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kldiv_conformance._repeats import floats, is_repeated, listed
from kldiv_conformance._vector import Operand, Result, Vector

ARGUMENTS = (
    "reduction",
    "log_target",
    "log_input",
    "generalized",
    "reproducible",
    "size_average",
    "reduce",
    "axis",
    "scale_by_temperature_squared",
    "target_is",
    "tail",
)
LAYERS = ("weight", "bias", "target_weight", "target_bias")
NUMBERS = ("temperature", "beta")


def decode(group: str, stored: Mapping[str, Any]) -> Vector:
    """Vector from its JSON form."""
    operands = {name: operand(stored[name], stored["dtype"]) for name in ("input", "target")}
    layers = {name: operand(stored[name], stored["dtype"]) for name in LAYERS if name in stored}
    return Vector(
        id=stored["id"],
        group=group,
        comment=stored["comment"],
        flags=tuple(stored["flags"]),
        **operands,
        arguments=arguments(stored),
        function=stored.get("function"),
        where=mask(stored["where"]) if "where" in stored else None,
        indices=places(stored["indices"]) if "indices" in stored else None,
        layers=layers,
        result_dtype=stored.get("result_dtype"),
        upstream=upstream(stored),
        results=decoded_results(stored, operands | layers),
        raises=stored["expected"].get("raises"),
        max_ulp=stored.get("max_ulp"),
        conventions={
            name: {part: floats(values) for part, values in by_part(prescribed).items()}
            for name, prescribed in stored.get("conventions", {}).items()
        },
    )


def arguments(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments that are no arrays; several axes are a tuple, numbers are floats."""
    found = {name: stored[name] for name in ARGUMENTS if name in stored}
    found |= {name: number(stored[name]) for name in NUMBERS if name in stored}
    if isinstance(found.get("axis"), list):
        found["axis"] = tuple(found["axis"])
    return found


def number(stored: Any) -> Any:
    """Float from its hexadecimal form; what must be refused may be no number."""
    return float.fromhex(stored) if isinstance(stored, str) else stored


def upstream(stored: Mapping[str, Any]) -> float | Operand | None:
    """Upstream derivative: a number, or an array in the shape of the loss."""
    given = stored.get("upstream")
    if isinstance(given, Mapping):
        return operand(given, stored.get("result_dtype", stored["dtype"]))
    return None if given is None else float.fromhex(given)


def mask(stored: Mapping[str, Any]) -> Operand:
    """Mask from its JSON form; only one that must be refused is no array of bools."""
    return Operand(
        tuple(stored["shape"]),
        stored.get("dtype", "bool"),
        filling([float(value) for value in listed(stored["values"])], stored["shape"]),
        stored.get("container", "array"),
    )


def places(stored: Mapping[str, Any]) -> Operand:
    """Indices from their JSON form."""
    values = [float(value) for value in listed(stored["values"])]
    return Operand(tuple(stored["shape"]), stored.get("dtype", "int64"), values)


def operand(stored: Mapping[str, Any], dtype: str) -> Operand:
    """Operand from its JSON form; `dtype` is what it has unless it names its own."""
    return Operand(
        tuple(stored["shape"]),
        stored.get("dtype", dtype),
        filling(floats(stored["values"]), stored["shape"]),
        stored.get("container", "array"),
    )


def filling(values: list[float], shape: Sequence[int]) -> list[float]:
    """The values, which must be as many as a shape has places."""
    if len(values) != math.prod(shape):
        message = f"the shape {(*shape,)} needs {math.prod(shape)} values; got {len(values)}."
        raise ValueError(message)
    return values


def decoded_results(
    stored: Mapping[str, Any], operands: Mapping[str, Operand]
) -> dict[str, Result]:
    """Results by name: a value has the promoted dtype or another one, a gradient its operand's."""
    if "raises" in stored["expected"]:
        return {}
    dtypes = {"value": stored.get("result_dtype", stored["dtype"])}
    dtypes |= {f"d_{name}": operand.dtype for name, operand in operands.items()}
    bounds = by_part(stored["error_bound"])
    expected = stored["expected"]
    parts = {"value": expected} if "values" in expected else expected
    return {
        part: Result(
            tuple(array["shape"]),
            dtypes[part],
            filling(floats(array["values"]), array["shape"]),
            filling(floats(bounds[part]), array["shape"]),
        )
        for part, array in parts.items()
    }


def by_part(stored: Any) -> Mapping[str, Sequence[str]]:
    """Lists by the name of the result they belong to."""
    return {"value": stored} if isinstance(stored, list) or is_repeated(stored) else stored
