"""Whether what an implementation returned is good enough, and what is wrong with it."""

import math
from collections.abc import Sequence

from kldiv_conformance._adapter import Array
from kldiv_conformance._formats import FORMATS, spacing, ulp_distance
from kldiv_conformance._vector import Result, Vector

FEW = 4


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


def problems(
    vector: Vector, name: str, array: Array, dtype: str, numbers: list[float]
) -> list[str]:
    """Sentences on what is wrong with a result, whose dtype has this name."""
    expected = vector.results[name]
    shape = tuple(array.shape)
    if shape != expected.shape:
        return [f"{name} must have the shape {expected.shape}; got {shape}."]
    if dtype != expected.dtype:
        return [f"{name} must have the dtype {expected.dtype}; got {dtype}."]
    signed_zero = name == "value" or "reproducible" in vector.arguments
    wrong = disagreements(numbers, expected, vector.max_ulp, signed_zero=signed_zero)
    if not wrong:
        return []
    return [
        f"{name} is wrong in {len(wrong)} of {len(numbers)} places: "
        f"{accusation(vector, name, wrong[0], numbers[wrong[0]])}"
    ]


def accusation(vector: Vector, name: str, place: int, got: float) -> str:
    """Sentence on one wrong number: where it stands, what it must be, and the operands there."""
    expected = vector.results[name]
    value, limit = expected.values[place], allowed(expected, vector.max_ulp)[place]
    where = indexed(name, place, expected.shape)
    precision = f"within {limit:.2g}" if limit else "exactly"
    far = excess(got, value, limit, expected.dtype)
    operands = operands_at(vector, expected.shape, place)
    return f"{where} must be {value!r} {precision}; got {got!r}{far}; {operands}."


def excess(got: float, value: float, limit: float, dtype: str) -> str:
    """Words on how far off a finite number is."""
    form = FORMATS[dtype]
    if not (abs(got) <= form.largest and abs(value) <= form.largest) or got == value:
        return ""
    bounds = f"{abs(got - value) / limit:.3g} bounds or " if limit else ""
    return f", off by {bounds}{ulp_distance(got, value, form)} ulp"


def indexed(name: str, place: int, shape: Sequence[int]) -> str:
    """Place of a result, as Python writes it."""
    index = []
    for size in (max(1, size) for size in reversed(shape)):
        index.append(place % size)
        place //= size
    return f"{name}[{', '.join(map(str, reversed(index))) or '()'}]"


def operands_at(vector: Vector, shape: tuple[int, ...], place: int) -> str:
    """Operands of one place, or the first of all of them if a result was reduced."""
    words = []
    for name, operand in (("input", vector.input), ("target", vector.target)):
        if operand.shape == shape:
            words.append(f"{name} {operand.values[place]!r}")
        else:
            more = ", ..." if len(operand.values) > FEW else ""
            words.append(f"{name} {', '.join(map(repr, operand.values[:FEW])) or 'empty'}{more}")
    return ", ".join(words) if vector.input.shape == shape else "; ".join(words)


def finite_distances(numbers: list[float], expected: Result) -> list[int]:
    """Distances in ulp between finite numbers, each pair of them once."""
    if len(numbers) != len(expected.values):
        return []
    form = FORMATS[expected.dtype]
    largest, pairs = form.largest, set(zip(numbers, expected.values, strict=True))
    finite = [(a, b) for a, b in pairs if abs(a) <= largest and abs(b) <= largest]
    return [ulp_distance(a, b, form) for a, b in finite]
