"""Words on the conventions of libraries, where a number is right by one of them alone."""

from decimal import Decimal

from kldiv_conformance._comparison import agrees
from kldiv_conformance._formats import FORMATS
from kldiv_conformance._vector import Vector

OURS = "kldiv_xp"
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


def is_exact(vector: Vector, name: str, place: int, got: float) -> bool:
    """Whether a number is the exact one where our convention asks for 0."""
    exact = float(vanishing(vector, name, place))
    form = FORMATS[vector.results[name].dtype]
    return got != 0 and abs(got - exact) <= NEAR * abs(exact) + form.smallest_subnormal


def vanishing(vector: Vector, name: str, place: int) -> Decimal:
    """Exact term of a log-target whose probability rounds to 0, or 0."""
    is_term = vector.function is None and vector.arguments.get("reduction") == "none"
    if not is_term or name != "value" or vector.arguments.get("log_target") is not True:
        return Decimal(0)
    x, t = Decimal(vector.input.values[place]), Decimal(vector.target.values[place])
    is_asked = vector.results[name].values[place] == 0 and x.is_finite() and t.is_finite()
    return t.exp() * (t - x) if is_asked else Decimal(0)
