"""Sums, also of bits, and maxima of rows, accumulated per lane, then per block, then per row."""

from collections.abc import Iterator
from contextlib import contextmanager

from kldiv_xp.fused.element_loop import Values
from kldiv_xp.fused.instructions import Types
from kldiv_xp.fused.text import Text
from kldiv_xp.tracing.lines import Line


class Reductions:
    """Accumulators of a stage's reductions, of a row and of a block of it."""

    def __init__(self, text: Text, types: Types, lines: list[Line]) -> None:
        self.text, self.types, self.lines = text, types, lines
        self.wide = Types("float64", types.lanes)
        self.found = {line.name: self.started(line) for line in lines}
        self.in_block: dict[str, str] = {}

    def types_of(self, line: Line) -> Types:
        """Types of an accumulator: float64 for sums, else the working type."""
        return self.wide if line.reduction == "sum" else self.types

    def started(self, line: Line) -> str:
        """New accumulator of a row: 0 for a sum, -inf for a maximum."""
        types, kind = self.types_of(line), kind_of(line)
        first = -float("inf") if line.reduction == "max" else 0.0
        return self.text.variable(types.of(kind), types.constant(kind, first))

    @contextmanager
    def of_block(self) -> Iterator[None]:
        """Start the block's sums at 0, and add them to the row's at its end."""
        real, zero = self.types.of("real"), self.types.constant("real", 0.0)
        sums = [line for line in self.lines if line.reduction == "sum"]
        self.in_block = {line.name: self.text.variable(real, zero) for line in sums}
        yield
        for name, place in self.in_block.items():
            value, wide = self.text.get(place, real), self.wide.of("real")
            if wide != real:
                value = self.text.let(f"fpext {real} {value} to {wide}")
            before = self.text.get(self.found[name], wide)
            self.text.set(self.found[name], wide, self.text.let(f"fadd {wide} {before}, {value}"))

    def take(self, values: Values, mask: str) -> None:
        """Accumulate a vector of elements, under the mask of those within the row."""
        text, condition = self.text, self.types.of("bool")
        for line in self.lines:
            (term,) = line.uses
            place, kind = self.in_block.get(line.name, self.found[line.name]), kind_of(line)
            one, value = self.types.of(kind), values[term]
            if kind == "integer":
                value = text.let(f"bitcast {self.types.of('real')} {value} to {one}")
            before = text.get(place, one)
            after = joined(text, self.types, line, value, before)
            after = text.let(f"select {condition} {mask}, {one} {after}, {one} {before}")
            text.set(place, one, after)

    def result(self, line: Line) -> str:
        """The row's sum in float64, or its maximum, or a number of the bits of a sum of bits."""
        text, types = self.text, self.types_of(line)
        value, lanes = text.get(self.found[line.name], types.of(kind_of(line))), types.lanes
        while lanes > 1:
            several, lanes = Types(types.real, lanes), lanes // 2
            kind, half = several.of(kind_of(line)), Types(types.real, lanes)
            low, high = (
                text.let(f"shufflevector {kind} {value}, {kind} poison, {order}")
                for order in (lane_numbers(0, lanes), lane_numbers(lanes, 2 * lanes))
            )
            if lanes == 1:
                kind = half.of(kind_of(line))
                low, high = (
                    text.let(f"extractelement <1 x {kind}> {one}, i64 0") for one in (low, high)
                )
            value = joined(text, half, line, low, high)
        if line.reduction == "bits":
            one = Types(types.real, 1)
            value = text.let(f"bitcast {one.of('integer')} {value} to {one.of('real')}")
        return value


def kind_of(line: Line) -> str:
    """Kind of an accumulator."""
    return "integer" if line.reduction == "bits" else "real"


def joined(text: Text, types: Types, line: Line, left: str, right: str) -> str:
    """Reduction of two numbers."""
    if line.reduction == "max":
        return larger(text, types, left, right)
    add = "add" if line.reduction == "bits" else "fadd"
    return text.let(f"{add} {types.of(kind_of(line))} {left}, {right}")


def larger(text: Text, types: Types, left: str, right: str) -> str:
    """Larger of two numbers, NaN if one is."""
    real, condition = types.of("real"), types.of("bool")
    above = text.let(f"fcmp ogt {real} {left}, {right}")
    missing = text.let(f"fcmp uno {real} {left}, {left}")
    keep = text.let(f"or {condition} {above}, {missing}")
    return text.let(f"select {condition} {keep}, {real} {left}, {real} {right}")


def lane_numbers(first: int, last: int) -> str:
    """Shuffle mask that selects lanes `first` to `last` - 1."""
    given = ", ".join(f"i32 {number}" for number in range(first, last))
    return f"<{last - first} x i32> <{given}>"
