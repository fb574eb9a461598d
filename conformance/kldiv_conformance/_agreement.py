"""How far implementations and backends are from each other, whatever is exact."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from kldiv_conformance._comparison import allowed, indexed
from kldiv_conformance._formats import FORMATS, ulp_distance
from kldiv_conformance._outcome import Line
from kldiv_conformance._report import Report
from kldiv_conformance._vector import Result
from kldiv_conformance._vectors import find

# Two right numbers are each within a bound of the exact one.
BOTH_RIGHT = 2.0
FAILS = {"failure", "deviation"}
ALONE, UNLIKE = "everywhere", "dtype or shape"


@dataclass(frozen=True)
class Side:
    """An implementation on a backend, the numbers of each vector, and where it failed without.

    `arrays` are dtypes and shapes, of the vectors for which they are known.
    """

    label: str
    numbers: Mapping[str, Mapping[str, Sequence[float]]]
    lost: frozenset[str] = frozenset()
    arrays: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)

    def is_like(self, other: "Side", identifier: str) -> bool:
        """Whether both have the same dtypes and shapes, as far as they are known."""
        pair = self.arrays.get(identifier), other.arrays.get(identifier)
        return None in pair or pair[0] == pair[1]


@dataclass(frozen=True)
class Distance:
    """Place where two sides are farthest apart on a vector.

    Attributes
    ----------
    bounds : float
        Distance in units of what the vector allows there; inf where it allows nothing.
    ulp : int or None
        Distance in ulp; None where there is no distance, from NaN or between other shapes.
    numbers : tuple of float or None
        The two numbers; None where the shapes differ, or one side failed without numbers.
    """

    bounds: float
    ulp: int | None
    identifier: str
    place: str
    numbers: tuple[float | None, float | None]


@dataclass(frozen=True)
class Agreement:
    """Two sides, and how far they are apart on each vector that both have answered."""

    left: Side
    right: Side
    distances: tuple[Distance, ...]

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
    def alone(self) -> tuple[int, int]:
        """How many vectors only one of them has numbers for, which the other was not judged by."""
        seen = {found.identifier for found in self.distances}
        return len(self.left.numbers.keys() - seen), len(self.right.numbers.keys() - seen)


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
            found.append(Side(name, numbers_of(outcomes), lost_by(outcomes), arrays))
    return found


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
        else Distance(math.inf, None, identifier, UNLIKE, (None, None))
        for identifier in left.numbers
        if identifier in right.numbers
    ]
    found += [
        Distance(math.inf, None, identifier, ALONE, (None, None))
        for one, other in ((left, right), (right, left))
        for identifier in one.numbers
        if identifier in other.lost
    ]
    found.sort(key=lambda it: (-it.bounds, -(it.ulp or 0), it.identifier))
    return Agreement(left, right, tuple(found))


def farthest(
    identifier: str,
    left: Mapping[str, Sequence[float]],
    right: Mapping[str, Sequence[float]],
) -> Distance:
    """Place where two sides are farthest apart on a vector."""
    found = [
        distance
        for name, result in find(identifier).results.items()
        for distance in distances(identifier, name, result, (left[name], right[name]))
    ]
    nowhere = Distance(0.0, 0, identifier, "", (None, None))
    return max(
        found, key=lambda it: (it.bounds, math.inf if it.ulp is None else it.ulp), default=nowhere
    )


def distances(
    identifier: str, name: str, result: Result, pair: tuple[Sequence[float], Sequence[float]]
) -> Iterator[Distance]:
    """Distance in each place of a result."""
    if len(pair[0]) != len(pair[1]):
        yield Distance(math.inf, None, identifier, name, (None, None))
        return
    limits = allowed(result, find(identifier).max_ulp)
    for place, (a, b) in enumerate(zip(*pair, strict=True)):
        limit = limits[place] if place < len(limits) else 0.0
        where = indexed(name, place, result.shape)
        yield Distance(*apart(a, b, limit, result, name), identifier, where, (a, b))


def apart(a: float, b: float, limit: float, result: Result, name: str) -> tuple[float, int | None]:
    """Distance between two numbers, in units of what is allowed, and in ulp."""
    if math.isnan(a) or math.isnan(b):
        return (0.0, 0) if math.isnan(a) and math.isnan(b) else (math.inf, None)
    signs_differ = name == "value" and math.copysign(1.0, a) != math.copysign(1.0, b)
    if a == b and not (limit == 0 and signs_differ):
        return 0.0, 0
    ulp = ulp_distance(a, b, FORMATS[result.dtype])
    beyond = limit == 0 or math.isinf(a) or math.isinf(b)
    return (math.inf if beyond else abs(a - b) / limit), ulp


def words_on(distance: Distance) -> str:
    """The two numbers, as Python writes them, or why there are none."""
    if distance.place == ALONE:
        return "one side fails without numbers"
    if distance.place == UNLIKE:
        return "other dtypes or shapes"
    return "other shapes" if None in distance.numbers else " and ".join(map(repr, distance.numbers))


def same_bits(left: Mapping[str, Sequence[float]], right: Mapping[str, Sequence[float]]) -> bool:
    """Whether all numbers of a vector are the same, signs of zeros included."""
    return {name: list(map(float.hex, values)) for name, values in left.items()} == {
        name: list(map(float.hex, values)) for name, values in right.items()
    }
