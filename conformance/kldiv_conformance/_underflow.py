"""Values that are infinite because the exponential of an input rounds to 0."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kldiv_conformance._errors import WrongResult
from kldiv_conformance._evidence import Place
from kldiv_conformance._formats import FORMATS
from kldiv_conformance._vector import Vector

# In how many results it must stand at least, and in which share of those that are infinite.
FEW_INFINITE, MOST_INFINITE = 5, 0.75


@dataclass(frozen=True)
class Underflow:
    """Values that are infinite where an exponential is 0."""

    places: frozenset[Place]

    def __str__(self) -> str:
        """In how many results it was seen, and what to do."""
        return (
            f"an exponential underflows: {len(self.places)} values are infinite where exp(input) "
            "rounds to 0 and a finite number is right; take the input, which is a logarithm "
            "already, and not the logarithm of its exponential."
        )


def underflows(wrong: Sequence[WrongResult]) -> Iterator[Underflow]:
    """Values of the loss that an exponential of 0 makes infinite, if most that are infinite are."""
    infinite = [it for it in wrong if is_infinite(it)]
    found = frozenset(it.place for it in infinite if vanishes(it.vector))
    if len(found) >= max(FEW_INFINITE, MOST_INFINITE * len(infinite)):
        yield Underflow(found)


def is_infinite(wrong: WrongResult) -> bool:
    """Whether all wrong numbers of a value are infinite, where finite ones are right."""
    right = wrong.vector.results[wrong.name].values
    return wrong.name == "value" and all(
        math.isinf(wrong.numbers[at]) and math.isfinite(right[at]) for at in wrong.wrong
    )


def vanishes(vector: Vector) -> bool:
    """Whether an input of the loss is finite, and its exponential rounds to 0."""
    form = FORMATS[vector.input.dtype]
    least = form.smallest_subnormal / 2
    takes_logarithms = vector.function is None and vector.arguments.get("log_input", True)
    return takes_logarithms and any(
        math.isfinite(it) and it < 0 and math.exp(it) <= least for it in vector.input.values
    )
