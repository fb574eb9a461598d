"""Tiles: some rows whose elements lie apart, copied to memory in which each row is dense."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from kldiv_xp.fused.kernel import Kernel
from kldiv_xp.fused.memory import TILE, HostOperand
from kldiv_xp.fused.text import Text
from kldiv_xp.fused.tile_copies import SQUARE, TileCopy, copy_tile

LEAST_ROWS, MOST_ROWS, TILE_ELEMENTS = 16, 128, 1 << 12
"""Rows of a tile: as many numbers of float32 as a cache line has, of few classes more."""

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
        self.copies: dict[str, TileCopy] = {}
        offset = text.product("%end", kept) if self.every else ""
        for one in self.every:
            row_addresses = text.memory(8 * MOST_ROWS)
            of_row = text.sum(text.product("%end", one.size), GAP)
            place = text.moved(memory(), offset)
            offset = text.sum(offset, text.product(of_row, "%tile"))
            step = f"%step_{one.name}"
            self.copies[one.name] = TileCopy(one.size, step, row_addresses, place, of_row)

    @property
    def every(self) -> list[HostOperand]:
        """Operands with tiles."""
        return [*self.read, *self.written]

    @contextmanager
    def rows(self, located: Callable[[str], Addresses]) -> Iterator[tuple[str, Addresses]]:
        """Loop over the rows of a job: each row's number and the addresses of its elements."""
        text = self.text
        if not self.every:
            with text.loop("%first", "%last") as row:
                yield row, located(row)
            return
        with text.loop("%first", "%last", "%tile") as first:
            last = text.smaller(text.sum(first, "%tile"), "%last")
            count = text.let(f"sub i64 {last}, {first}")
            squared = self.find(first, last, count, located)
            self.copy(self.read, count, squared, is_back=False)
            with text.loop(first, last) as row:
                place = text.let(f"sub i64 {row}, {first}")
                in_tile = {
                    name: text.moved(one.tile, text.product(place, one.tile_step))
                    for name, one in self.copies.items()
                }
                yield row, located(row) | in_tile
            self.copy(self.written, count, squared, is_back=True)

    def find(
        self, first: str, last: str, count: str, located: Callable[[str], Addresses]
    ) -> Addresses:
        """Store the addresses of a tile's rows; of each operand how many rows go in squares."""
        text, begin = self.text, located(first)
        many = (text.let(f"icmp sge i64 {one}, {SQUARE}") for one in (count, "%end"))
        fits = text.let(f"and i1 {', '.join(many)}")
        dense = {name: text.variable("i1", fits) for name in self.copies}
        with text.loop(first, last) as row:
            place = text.let(f"sub i64 {row}, {first}")
            found = located(row)
            for name, one in self.copies.items():
                there = text.moved(one.row_addresses, text.product(place, 8))
                text.do(f"store ptr {found[name]}, ptr {there}")
                beside = text.moved(begin[name], text.product(place, one.size))
                is_beside = text.let(f"icmp eq ptr {beside}, {found[name]}")
                before = text.get(dense[name], "i1")
                text.set(dense[name], "i1", text.let(f"and i1 {before}, {is_beside}"))
        return {
            name: text.let(f"select i1 {text.get(place, 'i1')}, i64 {count}, i64 0")
            for name, place in dense.items()
        }

    def copy(
        self, operands: Sequence[HostOperand], count: str, squared: Addresses, *, is_back: bool
    ) -> None:
        """Copy tiles from the arrays, or back."""
        for one in operands:
            given = self.copies[one.name]
            copy_tile(self.text, given, count, "%end", squared[one.name], is_back=is_back)


def rows_of_tile(columns: int) -> int:
    """Rows of a tile."""
    return max(LEAST_ROWS, min(MOST_ROWS, TILE_ELEMENTS // max(1, columns) // SQUARE * SQUARE))


def tile_bytes(operands: Sequence[HostOperand], columns: int) -> int:
    """Bytes of the tiles of some operands."""
    sizes = (one.size for one in operands if one.step == TILE)
    return sum(rows_of_tile(columns) * (size * columns + GAP) for size in sizes)
