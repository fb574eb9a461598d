"""The loop over a row's elements: vectors are loaded, computed, then summed or stored."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext

from kldiv_xp.fused.instructions import LANES, Types, instruction
from kldiv_xp.fused.memory import APART, HostOperand, copy, load, store
from kldiv_xp.fused.parts import Loop, Part, Place
from kldiv_xp.fused.text import Text

SUMMED_AT_ONCE = 256
"""Elements summed in the working type before float64 accumulates the partial sum.

The sum of 120000 equal float32 terms has an error of 4e-8, with blocks of 1024 of 9e-7; the time is
the same, and 9 % longer with 64.
"""

SUMMED_AT_ONCE_OF_SEVERAL = 64
"""The same of a kernel of several loops, whose sums are divisors and reach every element.

After a large term all smaller ones round in the same direction.  Where one class differs, the
error of a derivative is 8.6e-7 with 256 and 1.7e-7 with 64, which takes 0 to 3 % longer.
"""

Values = dict[str, str]


class Scratch:
    """Scratch memory for strided elements, and for the last partial vector of a row."""

    def __init__(self, text: Text, lanes: int) -> None:
        self.text, self.lanes = text, lanes
        self.made: dict[tuple[str, str], str] = {}

    def of(self, operand: HostOperand) -> str:
        """Scratch address for a block of a strided operand, or for its last partial vector."""
        key = operand.name, operand.step
        if key not in self.made:
            count = self.lanes + (SUMMED_AT_ONCE if operand.step == APART else 0)
            self.made[key] = self.text.memory(count * operand.size)
        return self.made[key]


def write_element_loop(
    text: Text,
    scratch: Scratch,
    real: str,
    bounds: tuple[str, str],
    loop: Loop,
    row: Mapping[str, tuple[str, str]],
    take: Callable[[Values, str], None] | None = None,
    around: Callable[[], object] = nullcontext,
    at_once: int = SUMMED_AT_ONCE,
) -> None:
    """Write a loop over columns; `row` maps each name constant along the row to its kind and value.

    `take` gets the values of some elements, and their mask; `around` is entered for a block of at
    most so many.
    """
    types = Types(real, LANES[real])
    given = {name: splat(text, types, *of_row) for name, of_row in row.items()}
    with text.blocks(*bounds, at_once, types.lanes) as (begin, stop):
        block = Block(text, scratch, types, begin, stop)
        for one in loop.outer:
            block.enter(one)
        for where, _ in loop.written:
            block.locate(where)
        for operand, part in loop.first:
            block.locate(Place(operand, "", ""))
            with text.loop("0", block.count, types.lanes) as column:
                value = computed_values(block, column, given, part)[operand.name]
                store(text, types, real, block.address(operand, column), value)
        with around(), text.loop("0", block.count, types.lanes) as column:  # type: ignore[attr-defined]
            values = computed_values(block, column, given, loop.last)
            if take is not None:
                take(values, block.mask)
            for one, name in loop.written:
                place = block.address(one.operand, column)
                store(text, types, one.operand.dtype, place, values[name])
        for one, _ in loop.written:
            block.leave(one)


def computed_values(block: "Block", column: str, given: Values, part: Part) -> Values:
    """Values of one vector of elements, by name."""
    text, types, values = block.text, block.types, dict(given)
    for one in part.read:
        place = block.address(one.operand, column)
        values[one.operand.name] = load(text, types, one.operand.dtype, place)
    for line in part.lines:
        values[line.name] = text.let(instruction(line, types, values))
    return values


class Block:
    """Some whole vectors of columns, or the last columns of a row, which are fewer than a vector.

    These are read from scratch memory and written there, as are elements that lie apart.
    """

    def __init__(self, text: Text, scratch: Scratch, types: Types, begin: str, stop: str) -> None:
        self.text, self.scratch, self.types, self.begin = text, scratch, types, begin
        self.count = text.let(f"sub i64 {stop}, {begin}")
        self.whole = text.let(f"icmp sge i64 {self.count}, {types.lanes}")
        self.mask = lanes_left(text, types, self.count)
        self.starts: dict[HostOperand, str] = {}
        """Addresses; what lies apart in scratch memory may be stored elsewhere as well."""

    def locate(self, place: Place) -> None:
        """Find where its elements begin."""
        text, start = self.text, self.scratch.of(place.operand)
        if place.operand.is_dense:
            there = self.outside(place)
            start = text.let(f"select i1 {self.whole}, ptr {there}, ptr {start}")
        self.starts[place.operand] = start

    def outside(self, place: Place) -> str:
        """Address of its first element in the array."""
        return self.text.moved(place.address, self.text.product(self.begin, bytes_between(place)))

    def address(self, operand: HostOperand, column: str) -> str:
        """Address of the vector at a column of the block."""
        offset = self.text.product(column, operand.size)
        return self.text.moved(self.starts[operand], offset)

    def enter(self, place: Place) -> None:
        """Find where its elements begin, and copy them if they must be in scratch memory."""
        self.locate(place)
        self.copy(place, is_back=False)

    def leave(self, place: Place) -> None:
        """Copy what is in scratch memory back."""
        self.copy(place, is_back=True)

    def copy(self, place: Place, *, is_back: bool) -> None:
        """Copy elements to scratch memory or back, unless they are next to each other and many."""
        text, operand = self.text, place.operand
        here, there = self.scratch.of(operand), self.outside(place)
        places, steps = (there, here), (bytes_between(place), str(operand.size))
        if is_back:
            places, steps = places[::-1], steps[::-1]
        with text.unless(self.whole) if operand.is_dense else nullcontext():
            copy(text, operand.size, self.count, *places, steps)


def bytes_between(place: Place) -> str:
    """Bytes from an element to the next."""
    return str(place.operand.size) if place.operand.is_dense else place.step


def splat(text: Text, types: Types, kind: str, value: str) -> str:
    """A scalar broadcast to a vector."""
    vector, scalar = types.of(kind), types.scalars[kind]
    first = text.let(f"insertelement {vector} poison, {scalar} {value}, i64 0")
    order = f"<{types.lanes} x i32> zeroinitializer"
    return text.let(f"shufflevector {vector} {first}, {vector} poison, {order}")


def lanes_left(text: Text, types: Types, left: str) -> str:
    """Mask of the lanes within the row."""
    numbers = ", ".join(f"i32 {number}" for number in range(types.lanes))
    vector = f"<{types.lanes} x i32>"
    narrow = text.let(f"trunc i64 {left} to i32")
    first = text.let(f"insertelement {vector} poison, i32 {narrow}, i64 0")
    order = f"{vector} zeroinitializer"
    every = text.let(f"shufflevector {vector} {first}, {vector} poison, {order}")
    return text.let(f"icmp sgt {vector} {every}, <{numbers}>")
