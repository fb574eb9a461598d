"""Whether what an implementation returned is good enough, and what is wrong with it."""

import math

from kldiv_conformance._adapter import Array
from kldiv_conformance._formats import FORMATS, ulp_distance
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


def problems(
    name: str,
    array: Array,
    dtype: str,
    numbers: list[float],
    expected: Result,
    max_ulp: int | None,
) -> list[str]:
    """Sentences on what is wrong with a result, whose dtype has this name."""
    shape = tuple(array.shape)
    if shape != expected.shape:
        return [f"{name} must have the shape {expected.shape}; got {shape}."]
    if dtype != expected.dtype:
        return [f"{name} must have the dtype {expected.dtype}; got {dtype}."]
    wrong = disagreements(numbers, expected, max_ulp, signed_zero=name == "value")
    if not wrong:
        return []
    place = wrong[0]
    return [
        f"{name} is wrong in {len(wrong)} of {len(numbers)} places: at {place} it must be "
        f"{expected.values[place]!r}; got {numbers[place]!r}."
    ]


def finite_distances(numbers: list[float], expected: Result) -> list[int]:
    """Distances in ulp between finite numbers."""
    if len(numbers) != len(expected.values):
        return []
    form = FORMATS[expected.dtype]
    pairs = zip(numbers, expected.values, strict=True)
    finite = [(a, b) for a, b in pairs if abs(a) <= form.largest and abs(b) <= form.largest]
    return [ulp_distance(a, b, form) for a, b in finite]
