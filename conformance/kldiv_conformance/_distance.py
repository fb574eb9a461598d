"""How far the numbers of two sides are apart on one vector."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kldiv_conformance._comparison import allowed, indexed
from kldiv_conformance._conventions import wrong_places
from kldiv_conformance._formats import FORMATS, ulp_distance
from kldiv_conformance._vector import Result
from kldiv_conformance._vectors import find

# Two right numbers are each within a bound of the exact one.
BOTH_RIGHT = 2.0
# Places of distances that are of a vector as a whole.
ONE_SIDE, BOTH_SIDES, UNLIKE = "on one side", "on both sides", "dtype or shape"


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
        The two numbers; None where the shapes differ, or a side failed without numbers.
    """

    bounds: float
    ulp: int | None
    identifier: str
    place: str
    numbers: tuple[float | None, float | None]


def infinite(identifier: str, place: str) -> Distance:
    """Distance where there are no two numbers of one dtype and shape."""
    return Distance(math.inf, None, identifier, place, (None, None))


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
        yield infinite(identifier, name)
        return
    limits = allowed(result, find(identifier).max_ulp)
    right = right_places(identifier, name, pair)
    for place, (a, b) in enumerate(zip(*pair, strict=True)):
        limit = limits[place] if place < len(limits) else 0.0
        where = indexed(name, place, result.shape)
        bounds, ulp = apart(a, b, limit, result, name)
        if place in right:
            bounds = 0.0 if a == b else min(bounds, BOTH_RIGHT)
        yield Distance(bounds, ulp, identifier, where, (a, b))


def right_places(identifier: str, name: str, pair: tuple[Sequence[float], ...]) -> set[int]:
    """Places at which both sides pass, also where one has another number that a vector takes."""
    vector = find(identifier)
    every = set(range(len(vector.results[name].values)))
    if len(pair[0]) != len(every):
        return set()
    return every.difference(*(wrong_places(vector, name, [*numbers]) for numbers in pair))


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
    if distance.place in {ONE_SIDE, BOTH_SIDES}:
        return "failed without numbers"
    if distance.place == UNLIKE:
        return "other dtypes or shapes"
    return "other shapes" if None in distance.numbers else " and ".join(map(repr, distance.numbers))
