"""Copies of a tile's rows from an array, or back: in transposed squares, or one by one."""

from typing import NamedTuple

from kldiv_xp.fused.memory import copy_element
from kldiv_xp.fused.text import Text

SQUARE = 8
"""Rows and columns of a square: 16 compile in 1.5 s instead of 0.6, and are no faster."""


class TileCopy(NamedTuple):
    """Layout of an operand's tile, and of the rows in the array that it is a copy of."""

    size: int
    """Bytes of an element."""
    step: str
    """Bytes from an element of a row to the next in the array."""
    row_addresses: str
    """Memory with the address of each row in the array."""
    tile: str
    tile_step: str
    """Bytes from a row of the tile to the next."""


def copy_tile(
    text: Text, given: TileCopy, count: str, columns: str, squared: str, *, is_back: bool
) -> None:
    """Copy `count` rows; the first `squared` of them are neighbours in memory and go in squares.

    The last square of either kind reaches back over what the one before it has copied.
    """
    first_row = text.let(f"load ptr, ptr {given.row_addresses}")
    last_row, last_column = (text.sum(one, -SQUARE) for one in (count, columns))
    with text.loop("0", columns, SQUARE) as begin:
        column = text.smaller(begin, last_column)
        outside = text.moved(first_row, text.product(column, given.step))
        inside = text.moved(given.tile, text.product(column, given.size))
        with text.loop("0", squared, SQUARE) as first:
            row = text.smaller(first, last_row)
            lines = text.moved(outside, text.product(row, given.size)), given.step
            rows = text.moved(inside, text.product(row, given.tile_step)), given.tile_step
            copy_square(text, given.size, *((rows, lines) if is_back else (lines, rows)))
    with text.loop("0", columns) as column:
        outside = text.product(column, given.step)
        inside = text.moved(given.tile, text.product(column, given.size))
        with text.loop(squared, count) as row:
            start = text.moved(given.row_addresses, text.product(row, 8))
            there = text.moved(text.let(f"load ptr, ptr {start}"), outside)
            here = text.moved(inside, text.product(row, given.tile_step))
            copy_element(text, given.size, *((here, there) if is_back else (there, here)))


def copy_square(text: Text, size: int, source: tuple[str, str], target: tuple[str, str]) -> None:
    """Copy a square, transposed; of either side its address and the bytes from line to line."""
    vector = f"<{SQUARE} x i{8 * size}>"
    places = (text.moved(source[0], text.product(source[1], line)) for line in range(SQUARE))
    lines = [text.let(f"load {vector}, ptr {place}, align 1") for place in places]
    for place, line in enumerate(transposed(text, vector, lines)):
        there = text.moved(target[0], text.product(target[1], place))
        text.do(f"store {vector} {line}, ptr {there}, align 1")


def transposed(text: Text, vector: str, lines: list[str]) -> list[str]:
    """Vectors of a square's columns: each step interleaves the lines of its halves."""
    half = SQUARE // 2
    for _ in range(SQUARE.bit_length() - 1):
        lines = [
            text.let(f"shufflevector {vector} {one}, {vector} {other}, {interleaved(lanes)}")
            for one, other in zip(lines[:half], lines[half:], strict=True)
            for lanes in (range(half), range(half, SQUARE))
        ]
    return lines


def interleaved(lanes: range) -> str:
    """Shuffle mask of some lanes of two vectors in turn."""
    places = [place for lane in lanes for place in (lane, lane + SQUARE)]
    return f"<{SQUARE} x i32> <{', '.join(f'i32 {place}' for place in places)}>"
