"""From a function of arrays to C: it is called with symbols, which write down what it does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

# Type of the result and form of the expression; what the formula calls, and no more.
OPERATIONS = {
    "add": ("real", "{} + {}"),
    "subtract": ("real", "{} - {}"),
    "multiply": ("real", "{} * {}"),
    "negative": ("real", "-{}"),
    "divide": ("real", "{} / {}"),
    "abs": ("real", "fabs({})"),
    "exp": ("real", "exp({})"),
    "log": ("real", "log({})"),
    "log1p": ("real", "log1p({})"),
    "where": ("real", "{} ? {} : {}"),
    "equal": ("bool", "{} == {}"),
    "less": ("bool", "{} < {}"),
    "less_equal": ("bool", "{} <= {}"),
    "greater": ("bool", "{} > {}"),
    "greater_equal": ("bool", "{} >= {}"),
    "logical_and": ("bool", "{} && {}"),
}


NAME = re.compile(r"\bv\d+\b")
INFINITY = "__uint_as_float(0x7f800000)"


class Limits(NamedTuple):
    """What a formula asks of the type that is computed in."""

    eps: float


LIMITS = {"float32": Limits(2.0**-23), "float64": Limits(2.0**-52)}


class Lines:
    """A namespace whose functions add a line to a C function and return the name of its result.

    `real` is the name of the type that is computed in.
    """

    def __init__(self, real: str = "float32") -> None:
        self.lines: list[str] = []
        self.real = real

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        if name not in OPERATIONS:
            message = f"`{name}` has no form in C; add it to OPERATIONS in {__name__}."
            raise AttributeError(message)
        return partial(self.line, *OPERATIONS[name])

    def finfo(self, dtype: str) -> Limits:
        """Limits of the type that is computed in."""
        del dtype
        return LIMITS[self.real]

    def astype(self, operand: Symbol, dtype: str) -> Symbol:
        """Operand of another type."""
        return self.line(dtype, f"{dtype}({{}})", operand)

    def line(self, dtype: str, form: str, *operands: Symbol | float) -> Symbol:
        """Name for the result of an expression."""
        name = f"v{len(self.lines)}"
        expression = form.format(*map(written, operands))
        self.lines.append(f"    const {dtype} {name} = {expression};")
        return Symbol(name, dtype, self)


@dataclass(frozen=True, slots=True)
class Symbol:
    """An element of an array that is not there, under the name that it has in C."""

    name: str
    dtype: str
    namespace: Lines

    def __and__(self, other: Symbol) -> Symbol:
        return self.namespace.logical_and(self, other)

    def __mul__(self, other: Symbol | float) -> Symbol:
        return self.namespace.multiply(self, other)

    def __bool__(self) -> bool:
        message = f"`{self.name}` is a symbol without a value: use where(...) instead of branching."
        raise TypeError(message)


def written(operand: Symbol | float) -> str:
    """Operand of an expression: its name, or the number itself."""
    if isinstance(operand, Symbol):
        return operand.name
    return f"real({INFINITY if operand == math.inf else repr(float(operand))})"


def device_function(
    name: str, function: Callable[..., Any], parameters: Mapping[str, str], real: str = "float32"
) -> str:
    """C function that computes ``function(xp, *parameters)`` for one element.

    Parameters
    ----------
    name : str
        What to call it.
    function : callable
        A function of a namespace and arrays.
    parameters : mapping
        Name to type, "real" or "bool", of each array.
    real : str
        Name of the type that is computed in.
    """
    xp = Lines(real)
    symbols = [Symbol(*parameter, xp) for parameter in parameters.items()]
    result = function(xp, *symbols)
    signature = ", ".join(f"const {dtype} {parameter}" for parameter, dtype in parameters.items())
    lines = needed(xp.lines, written(result))
    body = "\n".join([*lines, f"    return {written(result)};"])
    return f"__device__ real {name}({signature})\n{{\n{body}\n}}\n"


def needed(lines: list[str], result: str) -> list[str]:
    """Lines whose names something uses: compilers warn of the others."""
    used, kept = {result}, []
    for line in reversed(lines):
        name, *operands = NAME.findall(line)
        if name in used:
            used.update(operands)
            kept.append(line)
    return kept[::-1]
