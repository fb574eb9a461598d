"""Operands, lines and results of a loop over the elements of a row."""

from collections.abc import Sequence
from typing import NamedTuple

from kldiv_xp.fused.memory import HostOperand
from kldiv_xp.tracing.lines import Line, needed


class Place(NamedTuple):
    """Address of the row of an array, and how many bytes its elements are apart."""

    operand: HostOperand
    address: str
    step: str


class Part(NamedTuple):
    """Operands and lines of a loop of a block."""

    read: Sequence[Place]
    lines: Sequence[Line]


class Loop(NamedTuple):
    """Operands, lines and results of a loop."""

    read: Sequence[Place]
    lines: Sequence[Line]
    written: Sequence[tuple[Place, str]] = ()
    """Places, and the names of what is written there."""

    first: Sequence[tuple[HostOperand, Part]] = ()
    """Names that have loops of their own in each block, in which more steps are under way."""

    @property
    def outer(self) -> list[Place]:
        """Arrays that are read, each once."""
        places = [*self.read, *(one for _, part in self.first for one in part.read)]
        return [one for one in dict.fromkeys(places) if one.address]

    @property
    def last(self) -> Part:
        """The rest."""
        return Part(self.read, self.lines)


def part_of(lines: Sequence[Line], terms: Sequence[str], places: dict[str, Place]) -> Part:
    """Lines that lead to some terms from the values of some places."""
    found = needed(lines, terms, of_element=True, given=places)
    used = {name for line in found for name in line.uses} | set(terms)
    return Part([one for name, one in places.items() if name in used], found)
