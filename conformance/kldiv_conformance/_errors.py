"""How far wrong results are off: in units of what is allowed, and as multiples of right ones."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kldiv_conformance._comparison import allowed
from kldiv_conformance._conventions import wrong_places
from kldiv_conformance._formats import FORMATS, spacing
from kldiv_conformance._outcome import Line
from kldiv_conformance._vector import Result, Vector
from kldiv_conformance._vectors import find


@dataclass(frozen=True)
class WrongResult:
    """A result with wrong numbers.

    Attributes
    ----------
    name : str
        'value', or which derivative.
    error : float
        The largest error with its sign, in units of its error bound, or of one rounding where the
        bound is 0; infinite where one of the two numbers is not finite, or just 0 is right.
    factors : tuple of two floats
        Range of the factor between the wrong numbers and the right ones; the first is above the
        second if no factor fits all of them.
    is_clamped : bool
        Whether wrong numbers are 0 where negative ones are right.
    numbers, wrong : sequence
        All numbers, and which of them are wrong.
    """

    vector: Vector
    name: str
    error: float
    factors: tuple[float, float]
    is_clamped: bool
    numbers: Sequence[float]
    wrong: Sequence[int]

    @property
    def place(self) -> tuple[str, str]:
        """The vector by its id, and the result."""
        return self.vector.id, self.name


def wrong_results(outcomes: Iterable[Line]) -> Iterator[WrongResult]:
    """Wrong results of failures that have numbers of the right shape."""
    for line in outcomes:
        vector, failed = find(line["id"]), line["verdict"] in {"failure", "deviation"}
        for name, texts in line["values"].items() if failed else ():
            numbers = [float.fromhex(text) for text in texts]
            if len(numbers) == len(vector.results[name].values):
                yield from compared(vector, name, numbers)


def compared(vector: Vector, name: str, numbers: list[float]) -> Iterator[WrongResult]:
    """A result, if it is wrong."""
    right = vector.results[name]
    wrong = wrong_places(vector, name, numbers)
    if wrong:
        is_clamped = all(numbers[place] == 0 > right.values[place] for place in wrong)
        between = factors(numbers, right, vector)
        error = largest_error(numbers, right)
        yield WrongResult(vector, name, error, between, is_clamped, numbers, list(wrong))


def largest_error(numbers: list[float], right: Result) -> float:
    """The largest error in units of its bound; infinite where other numbers than finite differ."""
    most, eps = 0.0, FORMATS[right.dtype].eps
    for got, wanted, bound in set(zip(numbers, right.values, right.error_bound, strict=True)):
        if got != wanted and not (math.isnan(got) and math.isnan(wanted)):
            off, unit = got - wanted, bound or eps * abs(wanted)
            error = off / unit if unit and math.isfinite(off) else math.inf
            most = max(most, error, key=abs)
    return most


def factors(numbers: list[float], right: Result, vector: Vector) -> tuple[float, float]:
    """Between which numbers the factor must lie by which all numbers are wrong."""
    low, high = -math.inf, math.inf
    limits = allowed(right, vector.max_ulp)
    form = FORMATS[right.dtype]
    for got, wanted, limit in set(zip(numbers, right.values, limits, strict=True)):
        if not math.isfinite(wanted) or wanted == 0:
            continue
        if not math.isfinite(got):
            return math.inf, -math.inf
        factor = got / wanted
        rounded = spacing(got, form) + form.smallest_normal
        off = (limit * (1 + abs(factor)) + rounded) / abs(wanted)
        low, high = max(low, factor - off), min(high, factor + off)
    return low, high
