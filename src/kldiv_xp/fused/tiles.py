"""Tiles: some rows whose elements lie apart, copied to memory in which each row is dense."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kldiv_xp.fused.kernel import Kernel
from kldiv_xp.fused.memory import TILE, HostOperand
from kldiv_xp.fused.text import Text

TILE_ROWS = 16
"""Rows of a tile: as many numbers of float32 as a cache line has."""

GAP = 64
"""Bytes between its rows, so that those of 4096 bytes do not share the same few cache lines."""

Addresses = dict[str, str]


class Tiles:
    """Loops over the rows of a job, and over the tiles of operands whose rows need one.

    Neighbouring rows share cache lines, which a loop over one row after the other reads again for
    each of them.
    """

    def __init__(self, text: Text, kernel: Kernel, memory: Callable[[], str], kept: int) -> None:
        self.text = text
        self.read = [one for one in kernel.inputs if one.step == TILE]
        self.written = [one for one in kernel.outputs if one.step == TILE]
        self.every = [*self.read, *self.written]
        self.places: Addresses = {}
        self.of_rows = {one.name: text.memory(8 * TILE_ROWS) for one in self.every}
        """Memory for the addresses of a tile's rows in the array."""
        offset = text.product("%end", kept) if self.every else ""
        for one in self.every:
            self.places[one.name] = text.moved(memory(), offset)
            offset = text.sum(offset, text.product(self.bytes_of_row(one), TILE_ROWS))

    def bytes_of_row(self, operand: HostOperand) -> str:
        """Bytes from a row of a tile to the next."""
        return self.text.sum(self.text.product("%end", operand.size), GAP)

    @contextmanager
    def rows(self, located: Callable[[str], Addresses]) -> Iterator[tuple[str, Addresses]]:
        """Loop over the rows of a job: each row's number and the addresses of its elements."""
        text = self.text
        if not self.every:
            with text.loop("%first", "%last") as row:
                yield row, located(row)
            return
        with text.loop("%first", "%last", TILE_ROWS) as first:
            last = text.smaller(text.sum(first, TILE_ROWS), "%last")
            squares = self.find(first, last, located)
            count = text.let(f"sub i64 {last}, {first}")
            for one in self.read:
                self.copy(one, count, squares[one.name], is_back=False)
            with text.loop(first, last) as row:
                place = text.let(f"sub i64 {row}, {first}")
                in_tile = {one.name: self.row_of(one, place) for one in self.every}
                yield row, located(row) | in_tile
            for one in self.written:
                self.copy(one, count, squares[one.name], is_back=True)

    def find(self, first: str, last: str, located: Callable[[str], Addresses]) -> Addresses:
        """Store the addresses of a tile's rows; of each operand how many columns are in squares."""
        text = self.text
        count = text.let(f"sub i64 {last}, {first}")
        is_full = text.let(f"icmp eq i64 {count}, {TILE_ROWS}")
        dense = {one.name: text.variable("i1", is_full) for one in self.every}
        begin = located(first)
        with text.loop(first, last) as row:
            place = text.let(f"sub i64 {row}, {first}")
            found = located(row)
            for one in self.every:
                there = text.moved(self.of_rows[one.name], text.product(place, 8))
                text.do(f"store ptr {found[one.name]}, ptr {there}")
                next_to = text.moved(begin[one.name], text.product(place, one.size))
                is_next = text.let(f"icmp eq ptr {next_to}, {found[one.name]}")
                before = text.get(dense[one.name], "i1")
                text.set(dense[one.name], "i1", text.let(f"and i1 {before}, {is_next}"))
        whole = text.let(f"and i64 %end, {-TILE_ROWS}")
        return {
            name: text.let(f"select i1 {text.get(place, 'i1')}, i64 {whole}, i64 0")
            for name, place in dense.items()
        }

    def row_of(self, operand: HostOperand, place: str) -> str:
        """Address of a row of the tile."""
        offset = self.text.product(place, self.bytes_of_row(operand))
        return self.text.moved(self.places[operand.name], offset)

    def copy(self, operand: HostOperand, count: str, squares: str, *, is_back: bool) -> None:
        """Copy a tile from the array, or back: columns in squares first, the others one by one."""
        text, name, kind = self.text, operand.name, f"i{8 * operand.size}"
        size, step = self.bytes_of_row(operand), f"%step_{name}"
        first_row = text.let(f"load ptr, ptr {self.of_rows[name]}")
        with text.loop("0", squares, TILE_ROWS) as column:
            inside = text.moved(self.places[name], text.product(column, operand.size))
            outside = text.moved(first_row, text.product(column, step))
            sides = (outside, step), (inside, size)
            copy_square(text, kind, *(sides[::-1] if is_back else sides))
        with text.loop(squares, "%end") as column:
            inside = text.moved(self.places[name], text.product(column, operand.size))
            outside = text.product(column, step)
            with text.loop("0", count) as row:
                start = text.moved(self.of_rows[name], text.product(row, 8))
                there = text.moved(text.let(f"load ptr, ptr {start}"), outside)
                here = text.moved(inside, text.product(row, size))
                source, target = (here, there) if is_back else (there, here)
                value = text.let(f"load {kind}, ptr {source}, align 1")
                text.do(f"store {kind} {value}, ptr {target}, align 1")


def copy_square(text: Text, kind: str, source: tuple[str, str], target: tuple[str, str]) -> None:
    """Copy a square of elements, transposed, between addresses with their bytes between lines."""
    vector = f"<{TILE_ROWS} x {kind}>"
    lines = [
        text.let(
            f"load {vector}, ptr {text.moved(source[0], text.product(source[1], place))}, align 1"
        )
        for place in range(TILE_ROWS)
    ]
    half = TILE_ROWS // 2
    orders = [
        [one for lane in lanes for one in (lane, lane + TILE_ROWS)]
        for lanes in (range(half), range(half, TILE_ROWS))
    ]
    masks = [
        f"<{TILE_ROWS} x i32> <{', '.join(f'i32 {one}' for one in order)}>" for order in orders
    ]
    for _ in range(TILE_ROWS.bit_length() - 1):
        lines = [
            text.let(f"shufflevector {vector} {one}, {vector} {other}, {mask}")
            for one, other in zip(lines[:half], lines[half:], strict=True)
            for mask in masks
        ]
    for place, line in enumerate(lines):
        there = text.moved(target[0], text.product(target[1], place))
        text.do(f"store {vector} {line}, ptr {there}, align 1")


def tile_bytes(operands: list[HostOperand], columns: int) -> int:
    """Bytes of the tiles of some operands."""
    sizes = (one.size for one in operands if one.step == TILE)
    return sum(TILE_ROWS * (size * columns + GAP) for size in sizes)
