"""Wrong formulas whose numbers give them away."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

from kldiv_conformance._vector import Vector

# Far above every rounding error, far below what tells the formulas apart.
CLOSE = 2e-2
Term = Callable[[float, float, bool], float]
Pairs = list[tuple[tuple[float, float], int]]


def probability(target: float, log_target: bool) -> float:
    """Probability of a target."""
    return math.exp(target) if log_target else target


def logarithm(target: float, log_target: bool) -> float:
    """Logarithm of a target."""
    return target if log_target else math.log(target)


def right(x: float, t: float, log_target: bool) -> float:
    """The term as it must be."""
    return probability(t, log_target) * (logarithm(t, log_target) - x)


def reversed_direction(x: float, t: float, log_target: bool) -> float:
    """Term of the divergence in the other direction."""
    return math.exp(x) * (x - logarithm(t, log_target))


def exchanged(x: float, t: float, log_target: bool) -> float:
    """Term of a call with input and target exchanged."""
    return right(t, x, log_target)


def to_base(base: float) -> Term:
    """Term with the logarithm of a target to another base."""

    def term(x: float, t: float, log_target: bool) -> float:
        log_p = logarithm(t, log_target) / (1 if log_target else math.log(base))
        return probability(t, log_target) * (log_p - x)

    return term


TELLTALES: dict[str, tuple[Term, ...]] = {
    "reversed": (reversed_direction, exchanged),
    "base": (to_base(2), to_base(10)),
}


def telltale(vector: Vector, numbers: Sequence[float]) -> str | None:
    """Name of the wrong formula that numbers agree with, if there is one."""
    if not is_plain(vector) or not vector.input.values:
        return None
    pairs = counted(vector)
    exact = reduced(vector, pairs, right)
    for name, terms in TELLTALES.items():
        for term in terms:
            wrong = reduced(vector, pairs, term)
            told = any(map(math.isfinite, wrong)) and not agree(wrong, exact)
            if told and agree(wrong, numbers):
                return name
    return None


def is_plain(vector: Vector) -> bool:
    """Whether a vector asks for the loss itself, of all elements at once."""
    others = {"size_average", "reduce", "axis", "log_input", "generalized", "reproducible"}
    is_whole = vector.function is None and vector.where is None
    return is_whole and not others & set(vector.arguments)


def counted(vector: Vector) -> Pairs:
    """Pairs of the operands, and how often each stands; all in their order if each term counts."""
    pairs = zip(vector.input.values, vector.target.values, strict=True)
    if vector.arguments["reduction"] == "none":
        return [(pair, 1) for pair in pairs]
    return list(Counter(pairs).items())


def reduced(vector: Vector, pairs: Pairs, term: Term) -> list[float]:
    """Numbers that a formula gives for a vector; NaN where it has none."""
    log_target = vector.arguments["log_target"]
    terms = [count * defined(term, *pair, log_target) for pair, count in pairs]
    reduction, shape = vector.arguments["reduction"], vector.input.shape
    if reduction == "none":
        return terms
    divisor = {"mean": len(vector.input.values), "batchmean": (*shape, 1)[0]}.get(reduction, 1)
    return [sum(terms) / divisor]


def defined(term: Term, x: float, t: float, log_target: bool) -> float:
    """Term, or NaN where it is not defined."""
    try:
        return term(x, t, log_target)
    except (ValueError, OverflowError):
        return math.nan


def agree(left: Sequence[float], right: Sequence[float]) -> bool:
    """Whether two lists hold nearly the same numbers; NaN is the same as NaN."""
    return len(left) == len(right) and all(
        (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=CLOSE)
        for a, b in zip(left, right, strict=True)
    )
