"""What a loop over the elements of a row reads, computes and writes."""

from collections.abc import Sequence
from typing import NamedTuple

from kldiv_xp.fused.memory import Operand
from kldiv_xp.tracing.lines import Line, needed


class Place(NamedTuple):
    """Where the row of an array begins, and how many bytes its elements are apart."""

    operand: Operand
    address: str
    step: str


class Part(NamedTuple):
    """What a loop of a block reads and computes."""

    read: Sequence[Place]
    lines: Sequence[Line]


class Loop(NamedTuple):
    """What a loop reads, computes and writes."""

    read: Sequence[Place]
    lines: Sequence[Line]
    written: Sequence[tuple[Place, str]] = ()
    """Places, and the names of what is written there."""

    first: Sequence[tuple[Operand, Part]] = ()
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
    """What leads to some terms from what is in some places."""
    found = needed(lines, terms, of_element=True, given=places)
    used = {name for line in found for name in line.uses} | set(terms)
    return Part([one for name, one in places.items() if name in used], found)
