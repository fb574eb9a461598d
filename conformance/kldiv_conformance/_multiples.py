"""Wrong numbers that are all the same multiple of the right ones, or all clamped."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from kldiv_conformance._errors import WrongResult
from kldiv_conformance._text import ratio_words

# Factors that tell which slip it is.
KNOWN = {
    1 / math.log(2): "1.4427 times the right one: 1/ln 2, a logarithm to base 2",
    math.log(2): "0.6931 times the right one: ln 2, as between bits and nats",
    1 / math.log(10): "0.4343 times the right one: 1/ln 10, a logarithm to base 10",
    2.0: "twice the right one",
    0.5: "half the right one",
    -1.0: "the right one with the other sign",
    0.0: "0",
}
# Powers of the temperature, whose square a loss of logits is multiplied by.
POWERS = {
    1: "T times the right one, T the temperature",
    2: "T² times the right one, T the temperature",
    -1: "the right one divided by T, the temperature",
    -2: "the right one divided by T², T the temperature",
}
NEARLY_EQUAL = "NearlyEqualLogits"
CLAMPED = "0 where a negative one is right: a clamp at 0"
# Any other factor, and a clamp, must stand in so many vectors; all of them in most that are wrong.
FEW, MOST, MUCH, NEARLY_ALL = 5, 0.5, 0.75, 0.9
DIGITS = 5
Wrong: TypeAlias = Sequence[WrongResult]


def multiples(wrong: Sequence[WrongResult]) -> str | None:
    """Sentence on what all wrong numbers have in common, or None."""
    unreduced = [it for it in wrong if it.vector.arguments.get("reduction") == "none"]
    for part, kind in ((wrong, ""), (unreduced, " without a reduction")):
        clamped = [it for it in part if it.is_clamped]
        if len(identifiers(clamped)) >= max(FEW, NEARLY_ALL * len(identifiers(part))):
            return sentence(clamped, part, kind, CLAMPED)
    found = max(of_factors(wrong), key=lambda pair: len(identifiers(pair[0])), default=None)
    return None if found is None else sentence(found[0], wrong, "", found[1])


def has_one_factor(wrong: Wrong) -> bool:
    """Whether nearly all wrong numbers are one multiple of the right ones, as no rounding makes."""
    most = max(FEW, NEARLY_ALL * len(identifiers(wrong)))
    return any(len(identifiers(found)) >= most for found, _ in of_factors(wrong))


def sentence(found: Wrong, part: Wrong, kind: str, what: str) -> str:
    """In how many vectors numbers are wrong in one way."""
    count, failures = len(identifiers(found)), len(identifiers(part))
    if failures == 1:
        return f"every number that is wrong is {what}."
    share = f"all {count}" if count == failures else f"{count} of the {failures}"
    names = {it.name for it in found}
    of_one = f" of {names.pop()}" if len(names) == 1 and "value" not in names else ""
    reductions = {it.vector.arguments.get("reduction") for it in found}
    at = f", all with reduction={reductions.pop()!r}," if len(reductions) == 1 and not kind else ""
    return (
        f"in {share} vectors{kind} whose numbers are wrong{at or ','} every wrong number{of_one} "
        f"is {what}."
    )


def of_temperatures(wrong: Wrong) -> Iterator[tuple[Wrong, str]]:
    """Powers of the temperature by which most results that have one are wrong.

    Rows that nearly agree do not count, since a plain loss is wrong there beside.
    """
    heated = [it for it in wrong if temperature(it) != 1]
    counting = identifiers([it for it in heated if NEARLY_EQUAL not in it.vector.flags])
    for power, words in POWERS.items():
        found = multiplied(heated, partial(power_of_temperature, power))
        telling = [it for it in found if it.vector.id in counting]
        several = len({temperature(it) for it in telling}) > 1
        if several and len(identifiers(telling)) >= MUCH * len(counting):
            yield found, words


def of_factors(wrong: Wrong) -> Iterator[tuple[Wrong, str]]:
    """Factors by which most results are wrong: the results, and what the factors are."""
    fitting = [it for it in wrong if -math.inf < it.factors[0] <= it.factors[1]]
    telling = [it for it in fitting if not holds(it, 1.0)]
    yield from of_temperatures(telling)
    failures, most = len(identifiers(wrong)), 0
    for factor, words in KNOWN.items():
        found = multiplied(telling, partial(the_same, factor))
        most = max(most, len(identifiers(found)))
        if len(identifiers(found)) > MOST * failures:
            yield found, words
    narrow = sorted(telling, key=lambda it: it.factors[1] - it.factors[0])
    for factor in {sum(it.factors) / 2 for it in narrow[:FEW]}:
        found = multiplied(fitting, partial(the_same, factor))
        proof = multiplied(telling, partial(the_same, factor))
        few = len(identifiers(proof)) < FEW
        if not few and len(identifiers(found)) >= max(MUCH * failures, most + 1):
            yield found, f"{ratio_words(factor, DIGITS)} times the right one"


def temperature(wrong: WrongResult) -> float:
    """Temperature of a call, 1 where it has none."""
    return float(wrong.vector.arguments.get("temperature", 1.0))


def power_of_temperature(power: int, wrong: WrongResult) -> float:
    """A power of the temperature of a call."""
    return temperature(wrong) ** power


def the_same(factor: float, _: WrongResult) -> float:
    """One factor for all calls."""
    return factor


def multiplied(wrong: Wrong, factor: Callable[[WrongResult], float]) -> Wrong:
    """Results of vectors all of whose numbers are this multiple of the right ones."""
    off = identifiers([it for it in wrong if not holds(it, factor(it))])
    return [it for it in wrong if it.vector.id not in off]


def identifiers(wrong: Wrong) -> set[str]:
    """Vectors of some results."""
    return {it.vector.id for it in wrong}


def holds(wrong: WrongResult, factor: float) -> bool:
    """Whether the numbers of a result may be this multiple of the right ones."""
    low, high = wrong.factors
    return low <= factor <= high
