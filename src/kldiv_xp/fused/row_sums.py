"""Sums and maxima of rows, accumulated per lane, then per block, then per row."""

from collections.abc import Callable, Iterator
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
        types = self.types_of(line)
        first = 0.0 if line.reduction == "sum" else -float("inf")
        return self.text.variable(types.of("real"), types.constant("real", first))

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

    def take(self, values: Values, mask: Callable[[], str]) -> None:
        """Accumulate a vector of elements, under the mask of those within the row."""
        text, real, condition = self.text, self.types.of("real"), self.types.of("bool")
        present = mask()
        for line in self.lines:
            (term,) = line.uses
            is_sum = line.reduction == "sum"
            place = self.in_block[line.name] if is_sum else self.found[line.name]
            before = text.get(place, real)
            if is_sum:
                after = text.let(f"fadd {real} {before}, {values[term]}")
            else:
                after = larger(text, self.types, values[term], before)
            after = text.let(f"select {condition} {present}, {real} {after}, {real} {before}")
            text.set(place, real, after)

    def result(self, line: Line) -> str:
        """The row's sum in float64, or its maximum."""
        text, types = self.text, self.types_of(line)
        value, lanes = text.get(self.found[line.name], types.of("real")), types.lanes
        while lanes > 1:
            several, lanes = Types(types.real, lanes), lanes // 2
            kind, half = several.of("real"), Types(types.real, lanes)
            low, high = (
                text.let(f"shufflevector {kind} {value}, {kind} poison, {order}")
                for order in (lane_numbers(0, lanes), lane_numbers(lanes, 2 * lanes))
            )
            if lanes == 1:
                kind = half.of("real")
                low, high = (
                    text.let(f"extractelement <1 x {kind}> {one}, i64 0") for one in (low, high)
                )
            if line.reduction == "sum":
                value = text.let(f"fadd {half.of('real')} {low}, {high}")
            else:
                value = larger(text, half, low, high)
        return value


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
