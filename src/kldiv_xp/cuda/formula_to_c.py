"""From a function of arrays to C: it is called with symbols, which write down what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

# Type of the result and form of the expression; what the formula calls, and no more.
OPERATIONS = {
    "add": ("real", "{} + {}"),
    "subtract": ("real", "{} - {}"),
    "multiply": ("real", "{} * {}"),
    "negative": ("real", "-{}"),
    "exp": ("real", "exp({})"),
    "log": ("real", "log({})"),
    "where": ("real", "{} ? {} : {}"),
    "equal": ("bool", "{} == {}"),
    "logical_and": ("bool", "{} && {}"),
}


class Lines:
    """A namespace whose functions add a line to a C function and return the name of its result."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        if name not in OPERATIONS:
            message = f"`{name}` has no form in C; add it to OPERATIONS in {__name__}."
            raise AttributeError(message)
        return partial(self.line, *OPERATIONS[name])

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
    return operand.name if isinstance(operand, Symbol) else f"real({float(operand)!r})"


def device_function(name: str, function: Callable[..., Any], parameters: Mapping[str, str]) -> str:
    """C function that computes ``function(xp, *parameters)`` for one element.

    Parameters
    ----------
    name : str
        What to call it.
    function : callable
        A function of a namespace and arrays.
    parameters : mapping
        Name to type, "real" or "bool", of each array.
    """
    xp = Lines()
    symbols = [Symbol(*parameter, xp) for parameter in parameters.items()]
    result = function(xp, *symbols)
    signature = ", ".join(f"const {dtype} {parameter}" for parameter, dtype in parameters.items())
    body = "\n".join([*xp.lines, f"    return {written(result)};"])
    return f"__device__ real {name}({signature})\n{{\n{body}\n}}\n"
