"""How far implementations and backends are from each other, whatever is exact."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from kldiv_conformance._distance import BOTH_SIDES, ONE_SIDE, UNLIKE, Distance, farthest, infinite
from kldiv_conformance._outcome import Line
from kldiv_conformance._report import Report
from kldiv_conformance._vectors import find

FAILS = {"failure", "deviation"}


@dataclass(frozen=True)
class Side:
    """An implementation on a backend, and what it answered.

    Attributes
    ----------
    asked : frozenset of str
        Vectors that have numbers for an answer.
    numbers : mapping
        The numbers of each vector that it has some for.
    lost : frozenset of str
        Vectors that failed without numbers.
    arrays : mapping
        Dtypes and shapes, of the vectors for which they are known.
    """

    label: str
    asked: frozenset[str]
    numbers: Mapping[str, Mapping[str, Sequence[float]]]
    lost: frozenset[str] = frozenset()
    arrays: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)

    def is_like(self, other: "Side", identifier: str) -> bool:
        """Whether both have the same dtypes and shapes, as far as they are known."""
        pair = self.arrays.get(identifier), other.arrays.get(identifier)
        return None in pair or pair[0] == pair[1]


@dataclass(frozen=True)
class Agreement:
    """Two sides, and how far they are apart on each vector that one of them answers for both.

    A vector that failed without numbers is among the `distances`, if both sides were asked.
    """

    left: Side
    right: Side
    distances: tuple[Distance, ...]

    @property
    def compared(self) -> int:
        """How many vectors both have numbers for."""
        return len(self.left.numbers.keys() & self.right.numbers.keys())

    @property
    def equal(self) -> int:
        """How many vectors are equal bit for bit."""
        shared = self.left.numbers.keys() & self.right.numbers.keys()
        return sum(
            same_bits(self.left.numbers[it], self.right.numbers[it])
            and self.left.is_like(self.right, it)
            for it in shared
        )

    @property
    def lost(self) -> tuple[int, int]:
        """How many vectors one side failed without numbers, and how many both."""
        places = [found.place for found in self.distances]
        return places.count(ONE_SIDE), places.count(BOTH_SIDES)

    @property
    def alone(self) -> tuple[int, int]:
        """How many vectors only one has numbers for, which the other was not judged by."""
        seen = {found.identifier for found in self.distances}
        return len(self.left.numbers.keys() - seen), len(self.right.numbers.keys() - seen)

    @property
    def unsupported(self) -> int:
        """How many vectors that both were asked neither supports."""
        seen = {found.identifier for found in self.distances}
        answered = seen | self.left.numbers.keys() | self.right.numbers.keys()
        return len((self.left.asked & self.right.asked) - answered)


def agreements(reports: Sequence[Report]) -> list[Agreement]:
    """Agreement of each pair of sides."""
    return [agreement(*pair) for pair in combinations(sides(reports), 2)]


def sides(reports: Sequence[Report]) -> list[Side]:
    """Sides of all runs; those that are called alike are numbered."""
    found: list[Side] = []
    for report in reports:
        for backend in report.names:
            label = f"{report.header['name']} on {backend}"
            before = sum(side.label.partition(" (run ")[0] == label for side in found)
            name = f"{label} (run {before + 1})" if before else label
            outcomes = report.of(backend)
            arrays = {line["id"]: line["arrays"] for line in outcomes if line.get("arrays")}
            numbers, lost = numbers_of(outcomes), lost_by(outcomes)
            found.append(Side(name, asked_of(outcomes), numbers, lost, arrays))
    return found


def asked_of(outcomes: Sequence[Line]) -> frozenset[str]:
    """Vectors that have numbers for an answer."""
    return frozenset(line["id"] for line in outcomes if find(line["id"]).results)


def lost_by(outcomes: Sequence[Line]) -> frozenset[str]:
    """Vectors with numbers for an answer that failed without any."""
    return frozenset(
        outcome["id"]
        for outcome in outcomes
        if outcome["verdict"] in FAILS and not outcome["values"] and find(outcome["id"]).results
    )


def numbers_of(outcomes: Sequence[Line]) -> dict[str, dict[str, list[float]]]:
    """Numbers of each vector that has some."""
    return {
        outcome["id"]: {
            name: [float.fromhex(text) for text in texts]
            for name, texts in outcome["values"].items()
        }
        for outcome in outcomes
        if outcome["values"]
    }


def agreement(left: Side, right: Side) -> Agreement:
    """Agreement of two sides, farthest first."""
    found = [
        farthest(identifier, left.numbers[identifier], right.numbers[identifier])
        if left.is_like(right, identifier)
        else infinite(identifier, UNLIKE)
        for identifier in left.numbers
        if identifier in right.numbers
    ]
    found += [infinite(identifier, place) for identifier, place in without_numbers(left, right)]
    found.sort(key=lambda it: (-it.bounds, -(it.ulp or 0), it.identifier))
    return Agreement(left, right, tuple(found))


def without_numbers(left: Side, right: Side) -> Iterator[tuple[str, str]]:
    """Vectors that both sides were asked, and that failed without numbers on one side, or both."""
    both = left.lost & right.lost
    for identifier in (left.lost | right.lost) & left.asked & right.asked:
        yield identifier, BOTH_SIDES if identifier in both else ONE_SIDE


def same_bits(left: Mapping[str, Sequence[float]], right: Mapping[str, Sequence[float]]) -> bool:
    """Whether all numbers of a vector are the same, signs of zeros included."""
    return {name: list(map(float.hex, values)) for name, values in left.items()} == {
        name: list(map(float.hex, values)) for name, values in right.items()
    }
