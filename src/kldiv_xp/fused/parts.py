"""Operands, lines and results of a loop over the elements of a row."""

from collections.abc import Sequence
from typing import NamedTuple

from kldiv_xp.fused.memory import HostOperand
from kldiv_xp.tracing.lines import Line, needed


class Place(NamedTuple):
    """Address of an operand's row, and its step in bytes."""

    operand: HostOperand
    address: str
    step: str


class Part(NamedTuple):
    """Operands and lines of one loop over a block."""

    read: Sequence[Place]
    lines: Sequence[Line]


class Loop(NamedTuple):
    """Operands, lines and stored results of a loop over a row."""

    read: Sequence[Place]
    lines: Sequence[Line]
    written: Sequence[tuple[Place, str]] = ()
    """Places to store to, and the names stored there."""

    first: Sequence[tuple[HostOperand, Part]] = ()
    """Names with loops of their own in each block, for more instructions in flight."""

    @property
    def outer(self) -> list[Place]:
        """Arrays in memory that are read, each once."""
        places = [*self.read, *(one for _, part in self.first for one in part.read)]
        return [one for one in dict.fromkeys(places) if one.address]

    @property
    def last(self) -> Part:
        """The part after those with loops of their own."""
        return Part(self.read, self.lines)


def part_of(lines: Sequence[Line], terms: Sequence[str], places: dict[str, Place]) -> Part:
    """Lines that compute some terms from the loaded places, and the places they use."""
    found = needed(lines, terms, of_element=True, given=places)
    used = {name for line in found for name in line.uses} | set(terms)
    return Part([one for name, one in places.items() if name in used], found)
