"""Reads the vectors into plain Python lists and floats, without any array library."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

GROUPS = (
    "ordinary",
    "zeros_and_infinities",
    "tiny_and_huge",
    "log_target",
    "reductions",
    "half_precision",
    "legacy_arguments",
    "cancellation",
    "gradients",
    "samples_and_masks",
    "logits",
    "invalid_arguments",
)

ARGUMENTS = (
    "reduction",
    "log_target",
    "size_average",
    "reduce",
    "axis",
    "scale_by_temperature_squared",
    "target_is",
)
NUMBERS = ("temperature", "beta")

Kind: TypeAlias = Literal["value", "gradient", "invalid"]


@dataclass(frozen=True)
class Operand:
    """An argument: values in row-major order, all of them representable in the dtype.

    A mask has the dtype 'bool' and the values 0 and 1.
    """

    shape: tuple[int, ...]
    dtype: str
    values: list[float]
    container: str = "array"


@dataclass(frozen=True)
class Result:
    """An array that the implementation must return, and how far each value may be off."""

    shape: tuple[int, ...]
    dtype: str
    values: list[float]
    error_bound: list[float]


@dataclass(frozen=True)
class Vector:
    """One call and what must come of it.

    Attributes
    ----------
    function : str or None
        Name of the function that is called, None for the loss itself.
    arguments : dict
        Keyword arguments of ``kl_div(input, target, **arguments)``, to be passed as they are.
    where : Operand or None
        Mask, to be passed as an array of the backend.
    upstream : float or None
        Derivative of some final number by every element of the loss; None unless `kind` is
        'gradient'.
    results : dict of str to Result
        'value', or 'd_input' and 'd_target'; empty if the call must raise.
    raises : str or None
        Name of the exception that the call must raise.
    max_ulp : int or None
        Distance in ulp that is always good enough where `error_bound` is not 0.
    conventions : dict
        Name of a convention to its values of each result; empty where all of them agree.
    """

    id: str
    group: str
    comment: str
    flags: tuple[str, ...]
    input: Operand
    target: Operand
    arguments: dict[str, Any]
    function: str | None = None
    where: Operand | None = None
    upstream: float | None = None
    results: dict[str, Result] = field(default_factory=dict)
    raises: str | None = None
    max_ulp: int | None = None
    conventions: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """What the vector asks for: a value, a gradient, or an exception."""
        if self.raises is not None:
            return "invalid"
        return "value" if self.upstream is None else "gradient"

    def __str__(self) -> str:
        """Id, by which a test is called that has a vector as its parameter."""
        return self.id


@dataclass(frozen=True)
class Note:
    """What a flag stands for, the bug it catches, and where that bug was seen."""

    flag: str
    description: str
    bug: str
    links: tuple[str, ...]


def groups() -> tuple[str, ...]:
    """Names of all groups, in the order in which a reader meets them."""
    return GROUPS


def vectors(group: str | None = None) -> list[Vector]:
    """Vectors of one group, or of all.

    Raises
    ------
    ValueError
        If there is no such group.
    """
    if group is None:
        return [vector for name in GROUPS for vector in read_group(name)]
    if group not in GROUPS:
        message = f"`group` must be one of {', '.join(map(repr, GROUPS))}; got {group!r}."
        raise ValueError(message)
    return list(read_group(group))


def find(identifier: str) -> Vector:
    """Vector with this id.

    Raises
    ------
    KeyError
        If there is no such vector.
    """
    found = by_id().get(identifier)
    if found is not None:
        return found
    message = f"no vector has the id {identifier!r}: ids look like {vectors()[0].id!r}."
    raise KeyError(message)


@cache
def by_id() -> dict[str, Vector]:
    """All vectors by their id."""
    return {vector.id: vector for vector in vectors()}


@cache
def notes() -> dict[str, Note]:
    """Note of each flag."""
    stored = read("flags")["flags"]
    return {
        flag: Note(flag, note["description"], note["bug"], tuple(note["links"]))
        for flag, note in stored.items()
    }


@cache
def read_group(group: str) -> tuple[Vector, ...]:
    """All vectors of a group."""
    return tuple(decode(group, stored) for stored in read(group)["vectors"])


def read(name: str) -> dict[str, Any]:
    """One of the JSON files."""
    path = files("kldiv_conformance") / "vectors" / f"{name}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def decode(group: str, stored: Mapping[str, Any]) -> Vector:
    """Vector from its JSON form."""
    operands = {name: operand(stored[name], stored["dtype"]) for name in ("input", "target")}
    upstream = stored.get("upstream")
    return Vector(
        id=stored["id"],
        group=group,
        comment=stored["comment"],
        flags=tuple(stored["flags"]),
        **operands,
        arguments=arguments(stored),
        function=stored.get("function"),
        where=mask(stored["where"]) if "where" in stored else None,
        upstream=None if upstream is None else float.fromhex(upstream),
        results=decoded_results(stored, operands),
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
    found |= {name: float.fromhex(stored[name]) for name in NUMBERS if name in stored}
    if isinstance(found.get("axis"), list):
        found["axis"] = tuple(found["axis"])
    return found


def mask(stored: Mapping[str, Any]) -> Operand:
    """Mask from its JSON form."""
    return Operand(tuple(stored["shape"]), "bool", [float(value) for value in stored["values"]])


def operand(stored: Mapping[str, Any], dtype: str) -> Operand:
    """Operand from its JSON form; `dtype` is what it has unless it names its own."""
    return Operand(
        tuple(stored["shape"]),
        stored.get("dtype", dtype),
        floats(stored["values"]),
        stored.get("container", "array"),
    )


def decoded_results(
    stored: Mapping[str, Any], operands: Mapping[str, Operand]
) -> dict[str, Result]:
    """Results by name: a value has the promoted dtype, a gradient that of its operand."""
    if "raises" in stored["expected"]:
        return {}
    dtypes = {"value": stored["dtype"]}
    dtypes |= {f"d_{name}": operand.dtype for name, operand in operands.items()}
    bounds = by_part(stored["error_bound"])
    expected = stored["expected"]
    parts = {"value": expected} if "values" in expected else expected
    return {
        part: Result(
            tuple(array["shape"]), dtypes[part], floats(array["values"]), floats(bounds[part])
        )
        for part, array in parts.items()
    }


def by_part(stored: Any) -> Mapping[str, Sequence[str]]:
    """Lists by the name of the result they belong to."""
    return {"value": stored} if isinstance(stored, list) else stored


def floats(stored: Sequence[str]) -> list[float]:
    """Floats from their hexadecimal form; 'nan', 'inf' and '-inf' are as in Python."""
    return [float.fromhex(text) for text in stored]
