"""From functions of arrays to lines of C: they are called with symbols, which write down each step.

What is said of a row is said of all of its elements; a sum or a maximum of a row ends a stage.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from kldiv_xp.cuda.c_operations import INFINITY, LIMITS, NAN, OPERATIONS, Limits

MODULE = "kldiv_xp.cuda.c_operations"


class Line(NamedTuple):
    """A step: a name for an expression of other names, or for the sum or maximum of one."""

    name: str
    dtype: str
    expression: str
    uses: tuple[str, ...]
    stage: int
    in_rows: bool = False
    reduction: str = ""


@dataclass(frozen=True, slots=True)
class Symbol:
    """An element of an array that is not there, or a number of its row, by its name in C."""

    name: str
    dtype: str
    namespace: Lines
    stage: int = 0
    in_rows: bool = True

    def __and__(self, other: Symbol) -> Symbol:
        return self.namespace.logical_and(self, other)

    def __or__(self, other: Symbol) -> Symbol:
        return self.namespace.logical_or(self, other)

    def __invert__(self) -> Symbol:
        return self.namespace.logical_not(self)

    def __mul__(self, other: Symbol | float) -> Symbol:
        return self.namespace.multiply(self, other)

    def __rmul__(self, other: float) -> Symbol:
        return self.namespace.multiply(self, other)

    def __getitem__(self, index: object) -> Symbol:
        """The same: an axis that is kept or dropped has one element for each row."""
        del index
        return self

    def __bool__(self) -> bool:
        message = f"`{self.name}` is a symbol without a value: use where(...) instead of branching."
        raise TypeError(message)


class Lines:
    """A namespace whose functions add a line and return the name of its result.

    `real` is the name of the type that is computed in.
    """

    def __init__(self, real: str = "float32") -> None:
        self.lines: list[Line] = []
        self.known: dict[Line, Symbol] = {}
        self.real = real

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        if name not in OPERATIONS:
            message = f"`{name}` has no form in C; add it to OPERATIONS in {MODULE}."
            raise AttributeError(message)
        return partial(self.line, *OPERATIONS[name])

    def finfo(self, dtype: str) -> Limits:
        """Limits of the type that is computed in."""
        del dtype
        return LIMITS[self.real]

    def astype(self, operand: Symbol, dtype: str) -> Symbol:
        """Operand of another type."""
        return operand if operand.dtype == dtype else self.line(dtype, f"{dtype}({{}})", operand)

    def ones_like(self, operand: Symbol) -> float:
        """One."""
        del operand
        return 1.0

    def sum(self, terms: Symbol, *, axis: int, keepdims: bool = False) -> Symbol:
        """Sum of a row; it has an element for the row, whether an axis is kept or not."""
        return self.reduction("sum", terms, axis)

    def max(self, terms: Symbol, *, axis: int, keepdims: bool = False) -> Symbol:
        """Maximum of a row."""
        return self.reduction("max", terms, axis)

    def reduction(self, kind: str, terms: Symbol, axis: int) -> Symbol:
        """Name for a number of a row that all its elements make; another stage may use it."""
        if axis != -1:
            message = f"rows lie along axis -1; got a {kind} along {axis}."
            raise ValueError(message)
        line = Line("", "real", terms.name, (terms.name,), terms.stage, reduction=kind)
        return self.named(line)

    def line(self, dtype: str, form: str, *operands: Symbol | float) -> Symbol:
        """Name for the result of an expression."""
        symbols = [one for one in operands if isinstance(one, Symbol)]
        stage = max((one.stage for one in symbols), default=0)
        in_rows = any(one.in_rows for one in symbols)
        expression = form.format(*map(written, operands))
        uses = tuple(one.name for one in symbols)
        return self.named(Line("", dtype, expression, uses, stage, in_rows))

    def named(self, line: Line) -> Symbol:
        """Name for a step; the same step has the same name."""
        if line not in self.known:
            name = f"v{len(self.lines)}"
            self.lines.append(line._replace(name=name))
            after = line.stage + 1 if line.reduction else line.stage
            self.known[line] = Symbol(name, line.dtype, self, after, line.in_rows)
        return self.known[line]


def written(operand: Symbol | float) -> str:
    """Operand of an expression: its name, or the number itself."""
    if isinstance(operand, Symbol):
        return operand.name
    if math.isnan(operand):
        return f"real({NAN})"
    if math.isinf(operand):
        return f"real({'-' if operand < 0 else ''}{INFINITY})"
    return f"real({float(operand)!r})"


def needed(
    lines: Sequence[Line], results: Iterable[str], *, of_element: bool = False
) -> list[Line]:
    """Lines that lead to the results; those of an element alone, if its row is known."""
    used, kept = set(results), []
    for line in reversed(lines):
        if line.name in used and not (of_element and (line.reduction or not line.in_rows)):
            used.update(line.uses)
            kept.append(line)
    return kept[::-1]
