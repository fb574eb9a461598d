"""Tracing: functions called with symbols record each operation as a line.

What is said of a row is said of all of its elements; a sum or a maximum of a row ends a stage.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple, cast

from kldiv_xp.tracing.arithmetic import Arithmetic
from kldiv_xp.tracing.operations import LIMITS, RESULT_KINDS, RealLimits


class Line(NamedTuple):
    """One recorded operation on names and numbers, or a reduction of a name.

    A sum or a maximum of a row is a `reduction`, whose one operand is its term.
    """

    name: str
    dtype: str
    operation: str
    operands: tuple[str | float, ...]
    stage: int
    in_rows: bool = False
    reduction: str = ""

    @property
    def uses(self) -> tuple[str, ...]:
        """Operands that are names."""
        return tuple(one for one in self.operands if isinstance(one, str))


@dataclass(frozen=True, slots=True)
class Symbol(Arithmetic):
    """A traced element of an array, or a value of its row, known by name."""

    name: str
    dtype: str
    namespace: Lines
    stage: int = 0
    in_rows: bool = True
    rest: Symbol | float = 0.0
    """Of a number, what its type lacks of it."""
    is_power_of_two: bool = False
    """Whether a number is known to be one."""

    def __getitem__(self, _: object) -> Symbol:
        """The symbol itself: kept or dropped axes make no difference to a value per row."""
        return self

    def __bool__(self) -> bool:
        message = f"`{self.name}` is a symbol without a value: use where(...) instead of branching."
        raise TypeError(message)


class Lines:
    """A namespace whose functions record a line and return the symbol of its result.

    `real` is the name of the type that is computed in.
    """

    kinds: ClassVar[dict[str, str]] = RESULT_KINDS
    """Supported operations, and the kind of their results."""

    def __init__(self, real: str = "float32") -> None:
        self.lines: list[Line] = []
        self.known: dict[str, Symbol] = {}
        self.real = real

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        if name not in self.kinds:
            message = f"`{name}` is no operation of lines; add it to RESULT_KINDS in {__name__}."
            raise AttributeError(message)
        return partial(self.line, self.kinds[name], name)

    def finfo(self, _: str) -> RealLimits:
        """Limits of the working type."""
        return LIMITS[self.real]

    def astype(self, operand: Symbol, dtype: str) -> Symbol:
        """Operand cast to another type."""
        return operand if operand.dtype == dtype else self.line(dtype, "astype", operand)

    def ones_like(self, _: Symbol) -> float:
        """The number 1."""
        return 1.0

    def multiply(self, left: Symbol | float, right: Symbol | float) -> Symbol:
        """Product; a plain number for two numbers."""
        if isinstance(left, Symbol) or isinstance(right, Symbol):
            return self.line("real", "multiply", left, right)
        return cast("Symbol", left * right)  # as `ones_like`, an operand of any line

    def divide(self, dividend: Symbol | float, divisor: Symbol | float) -> Symbol:
        """Quotient; an element divided by a row value is multiplied by the reciprocal."""
        if varies(dividend) and isinstance(divisor, Symbol) and not divisor.in_rows:
            return self.multiply(dividend, self.line("real", "divide", 1.0, divisor))
        return self.line("real", "divide", dividend, divisor)

    def sum(self, terms: Symbol, *, axis: int, keepdims: bool = False) -> Symbol:
        """Sum of a row: one value per row, with or without `keepdims`."""
        return self.reduction("sum", terms, axis)

    def max(self, terms: Symbol, *, axis: int, keepdims: bool = False) -> Symbol:
        """Maximum of a row."""
        return self.reduction("max", terms, axis)

    def reduction(self, kind: str, terms: Symbol, axis: int) -> Symbol:
        """Symbol of a reduction over a row, usable from the next stage on."""
        if axis != -1:
            message = f"rows lie along axis -1; got a {kind} along {axis}."
            raise ValueError(message)
        return self.named(Line("", "real", "", (terms.name,), terms.stage, reduction=kind))

    def line(self, dtype: str, operation: str, *operands: Symbol | float) -> Symbol:
        """Symbol of the result of an operation."""
        stage = max((one.stage for one in operands if isinstance(one, Symbol)), default=0)
        in_rows = any(map(varies, operands))
        given = tuple(one.name if isinstance(one, Symbol) else float(one) for one in operands)
        return self.named(Line("", dtype, operation, given, stage, in_rows))

    def named(self, line: Line) -> Symbol:
        """Symbol of a line; equal lines share one symbol."""
        step = repr(line)  # which tells -0.0 from 0.0, and a NaN from no other
        if step not in self.known:
            name = f"v{len(self.lines)}"
            self.lines.append(line._replace(name=name))
            after = line.stage + 1 if line.reduction else line.stage
            self.known[step] = Symbol(name, line.dtype, self, after, line.in_rows)
        return self.known[step]


def varies(operand: Symbol | float) -> bool:
    """Whether an operand varies along the row."""
    return isinstance(operand, Symbol) and operand.in_rows


def needed(
    lines: Sequence[Line],
    results: Iterable[str],
    *,
    of_element: bool = False,
    given: Collection[str] = (),
) -> list[Line]:
    """Lines that the results depend on; with `of_element`, only those that vary along the row.

    What is given needs no line.
    """
    used, kept = set(results), []
    for line in reversed(lines):
        if line.name not in used or line.name in given:
            continue
        if not (of_element and (line.reduction or not line.in_rows)):
            used.update(line.uses)
            kept.append(line)
    return kept[::-1]
