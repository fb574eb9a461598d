"""Whether what an implementation returned is good enough."""

import math
from collections.abc import Sequence

from kldiv_conformance._formats import FORMATS, spacing, ulp_distance
from kldiv_conformance._vector import Result


def agrees(
    actual: float,
    expected: float,
    error_bound: float,
    *,
    dtype: str,
    max_ulp: int | None = None,
    signed_zero: bool = True,
) -> bool:
    """Whether a number agrees with what is expected.

    NaN agrees with NaN and an infinity with itself.  Where `error_bound` is 0 the number must be
    equal, the sign of a zero included if `signed_zero`; elsewhere it may be off by `error_bound`
    or by `max_ulp` steps between the numbers of `dtype`.
    """
    if math.isnan(expected) or math.isnan(actual):
        return math.isnan(expected) and math.isnan(actual)
    if error_bound == 0 or math.isinf(expected) or math.isinf(actual):
        same_sign = math.copysign(1.0, actual) == math.copysign(1.0, expected)
        return actual == expected and (same_sign or not signed_zero)
    if abs(actual - expected) <= error_bound:
        return True
    return max_ulp is not None and ulp_distance(actual, expected, FORMATS[dtype]) <= max_ulp


def disagreements(
    actual: list[float], result: Result, max_ulp: int | None, *, signed_zero: bool
) -> list[int]:
    """Places, in row-major order, at which an array of the right shape does not agree."""
    triples = zip(actual, result.values, result.error_bound, strict=True)
    return [
        place
        for place, (number, expected, bound) in enumerate(triples)
        if not agrees(
            number,
            expected,
            bound,
            dtype=result.dtype,
            max_ulp=max_ulp,
            signed_zero=signed_zero,
        )
    ]


def allowed(result: Result, max_ulp: int | None) -> list[float]:
    """How far each number may be off: the bound, or some ulp if that is more."""
    form = FORMATS[result.dtype]
    return [
        max(bound, (max_ulp or 0) * spacing(value, form)) if bound and math.isfinite(value) else 0.0
        for value, bound in zip(result.values, result.error_bound, strict=True)
    ]


def indexed(name: str, place: int, shape: Sequence[int]) -> str:
    """Place of a result, as Python writes it."""
    index = []
    for size in (max(1, size) for size in reversed(shape)):
        index.append(place % size)
        place //= size
    return f"{name}[{', '.join(map(str, reversed(index))) or '()'}]"


def finite_distances(numbers: list[float], expected: Result) -> list[int]:
    """Distances in ulp between finite numbers, each pair of them once."""
    if len(numbers) != len(expected.values):
        return []
    form = FORMATS[expected.dtype]
    largest, pairs = form.largest, set(zip(numbers, expected.values, strict=True))
    finite = [(a, b) for a, b in pairs if abs(a) <= largest and abs(b) <= largest]
    return [ulp_distance(a, b, form) for a, b in finite]
