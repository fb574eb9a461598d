"""Gradients that are clipped: their numbers, or their norm, end at one bound."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

from kldiv_conformance._errors import WrongResult
from kldiv_conformance._evidence import Place
from kldiv_conformance._outcome import Line
from kldiv_conformance._text import ratio_words

# In how many results it must stand at least, and in which share of those that are wrong; how far
# bounds may be apart, which 16 bits round.
FEW_ENDS, MOST_ENDS, ROUNDED = 5, 0.75, 1e-2
DIGITS_OF_BOUNDS = 3
Measure = Callable[[Sequence[float]], float]


@dataclass(frozen=True)
class Clip:
    """A derivative, what of it ends at which bound, where, and of how many that are wrong."""

    name: str
    what: str
    bound: float
    places: frozenset[Place]
    wrong: int

    def __str__(self) -> str:
        """In how many results it was seen, and what to do."""
        bound = ratio_words(self.bound, DIGITS_OF_BOUNDS)
        return (
            f"the gradient is clipped: in {len(self.places)} of {self.wrong} wrong {self.name} "
            f"{self.what} {bound} where it must be larger, and nowhere is it larger; clip "
            "gradients in the training, and not in the loss."
        )


def clips(outcomes: Sequence[Line], wrong: Sequence[WrongResult]) -> Iterator[Clip]:
    """Derivatives that are clipped, the numbers or the norm."""
    for name in dict.fromkeys(it.name for it in wrong if it.name != "value"):
        found = [it for it in wrong if it.name == name]
        for what, ends, measure in WAYS_TO_CLIP:
            bounds = {it.place: measure(it.numbers) for it in found if ends(it)}
            bound = median_low(bounds.values()) if bounds else 0.0
            near = [at for at, one in bounds.items() if math.isclose(one, bound, rel_tol=ROUNDED)]
            is_most = len(near) >= max(FEW_ENDS, MOST_ENDS * len(found))
            if is_most and not is_exceeded(outcomes, name, measure, bound):
                yield Clip(name, what, bound, frozenset(near), len(found))
                break


def is_exceeded(outcomes: Sequence[Line], name: str, measure: Measure, bound: float) -> bool:
    """Whether a bound is exceeded by any derivative of this name."""
    texts = (line["values"].get(name) for line in outcomes)
    every = (measure([float.fromhex(it) for it in one]) for one in texts if one)
    return any(one > bound * (1 + ROUNDED) for one in every)


def largest(numbers: Sequence[float]) -> float:
    """Largest absolute value of those that are finite."""
    return max((abs(it) for it in numbers if math.isfinite(it)), default=0.0)


def norm(numbers: Sequence[float]) -> float:
    """Euclidean norm."""
    return math.hypot(*numbers)


def has_ends(wrong: WrongResult) -> bool:
    """Whether wrong numbers have the largest absolute value, too small, and the right sign.

    NaN, as from a logarithm of 0, passes through a clip.
    """
    end = largest(wrong.numbers)
    right = wrong.vector.results[wrong.name].values
    return end > 0 and all(
        math.isclose(abs(wrong.numbers[at]), end, rel_tol=ROUNDED)
        and wrong.numbers[at] * right[at] > 0
        and abs(right[at]) > end
        for at in wrong.wrong
        if not math.isnan(wrong.numbers[at])
    )


def has_shorter_norm(wrong: WrongResult) -> bool:
    """Whether the numbers are the right ones times a factor below 1."""
    low, high = wrong.factors
    return 0 < high < 1 and low <= high and norm(wrong.numbers) > 0


WAYS_TO_CLIP: tuple[tuple[str, Callable[[WrongResult], bool], Measure], ...] = (
    ("every wrong number is, but for its sign,", has_ends, largest),
    ("the norm is", has_shorter_norm, norm),
)
