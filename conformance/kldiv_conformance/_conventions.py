"""Words on the conventions of libraries, where a number is right by one of them alone."""

import math
from decimal import Decimal

from kldiv_conformance._comparison import agrees, disagreements
from kldiv_conformance._formats import FORMATS, spacing
from kldiv_conformance._vector import Vector

OURS = "kldiv_xp"
TERMS = {"reduction": "none", "log_target": True}
SIGNED = "SignedZero"
EXACT = "The exact number is"
# More than any rounding error of a number that a type just holds.
NEAR = 1e-2


def convention_words(vector: Vector, name: str, place: int, got: float) -> str:
    """Sentence on a number that another convention, or none, would give; empty if there is none."""
    right = vector.results[name]
    wanted, bound = right.values[place], right.error_bound[place]
    followed = [
        library
        for library, parts in vector.conventions.items()
        if library != OURS
        and name in parts
        and agrees(got, parts[name][place], bound, dtype=right.dtype)
    ]
    asked = f"the convention of {OURS} asks for {wanted!r} here"
    if followed:
        return f" So it is by the convention of {' and '.join(followed)}; {asked}."
    exact = vanishing(vector, name, place)
    return f" {EXACT} {exact:.3g}; {asked}, as the probability rounds to 0." if exact else ""


def wrong_places(vector: Vector, name: str, numbers: list[float]) -> list[int]:
    """Places at which a result is neither what the convention asks for nor the exact number.

    The sign of 0 counts in all bits, and in the value of what is about it.
    """
    result, flags = vector.results[name], vector.flags
    signed_zero = "reproducible" in vector.arguments or (name == "value" and SIGNED in flags)
    wrong = disagreements(numbers, result, vector.max_ulp, signed_zero=signed_zero)
    return [place for place in wrong if not is_rounded(vector, name, place, numbers[place])]


def is_rounded(vector: Vector, name: str, place: int, got: float) -> bool:
    """Whether a number is the exact one, rounded to nearest, where our convention asks for 0."""
    exact = vanishing(vector, name, place)
    if not exact or not (math.isfinite(got) and exact.is_finite()):
        return exact.is_infinite() and got == float(exact)
    if math.copysign(1.0, got) != math.copysign(1.0, exact):
        return False
    step = Decimal(spacing(got, FORMATS[vector.results[name].dtype]))
    return abs(Decimal(got) - exact) <= step / 2


def is_exact(vector: Vector, name: str, place: int, got: float) -> bool:
    """Whether a number is the exact one where our convention asks for 0."""
    exact = float(vanishing(vector, name, place))
    form = FORMATS[vector.results[name].dtype]
    if math.isinf(exact):
        return got == exact
    return got != 0 and abs(got - exact) <= NEAR * abs(exact) + form.smallest_subnormal


def vanishing(vector: Vector, name: str, place: int) -> Decimal:
    """Exact term of a log-target whose probability rounds to 0, or 0."""
    is_plain = vector.function is None and vector.where is None and name == "value"
    if not is_plain or vector.arguments != TERMS:
        return Decimal(0)
    x, t = Decimal(vector.input.values[place]), Decimal(vector.target.values[place])
    is_asked = vector.results[name].values[place] == 0 and not x.is_nan() and t.is_finite()
    if not is_asked:
        return Decimal(0)
    return t - x if x.is_infinite() else t.exp() * (t - x)
