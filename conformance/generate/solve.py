"""From a draft to what it expects: exact results, bounds, and what other conventions say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mpmath import mp, mpf

from generate import bounds, conventions, reference
from generate.draft import Draft
from generate.rounding import rounded
from kldiv_conformance._formats import FORMATS, Format, spacing

Floats = list[float]


@dataclass(frozen=True)
class Solution:
    """Expected values of each result, how far each may be off, and the conventions if any differ.

    `traces` are the magnitudes that an implementation may meet on its way.
    """

    expected: dict[str, Floats]
    error_bound: dict[str, Floats]
    conventions: dict[str, dict[str, Floats]]
    traces: list[float]


@dataclass(frozen=True)
class Problem:
    """A draft whose options are of the types that the contract asks for."""

    pairs: list[tuple[float, float]]
    log_target: bool
    reduction: str
    legacy: tuple[bool | None, bool | None]
    shape: tuple[int, ...]
    results: dict[str, Format]
    working: Format

    @property
    def resolved(self) -> str:
        """Reduction after the legacy arguments."""
        return reference.resolved(self.reduction, self.legacy)


def problem(draft: Draft) -> Problem:
    """Problem that a draft poses, which must not be one that raises."""
    if reference.promoted(*draft.dtypes) != draft.dtype:
        message = f"`dtype` must be that of the result; got {draft.dtype!r} for {draft.dtypes}."
        raise ValueError(message)
    names = ("value",) if draft.upstream is None else ("d_input", "d_target")
    dtypes = (draft.dtype,) if draft.upstream is None else draft.dtypes
    size_average, reduce = draft.legacy or (None, None)
    return Problem(
        list(zip(draft.input, draft.target, strict=True)),
        draft.log_target is True,
        str(draft.reduction),
        (flag(size_average), flag(reduce)),
        draft.shapes[0],
        {name: FORMATS[dtype] for name, dtype in zip(names, dtypes, strict=True)},
        reference.working(draft.dtype),
    )


def flag(value: object) -> bool | None:
    """Legacy flag."""
    return value if isinstance(value, bool) else None


def solve(draft: Draft) -> Solution:
    """Everything that a vector of this draft expects."""
    posed = problem(draft)
    return (
        value_solution(posed) if draft.upstream is None else slope_solution(posed, draft.upstream)
    )


def value_solution(posed: Problem) -> Solution:
    """Solution of a vector that asks for the loss."""
    options = posed.log_target, posed.working
    terms = [reference.term(*pair, *options) for pair in posed.pairs]
    check_overflow(terms, posed)
    exact = reference.reduced(terms, posed.resolved, posed.shape)
    parts = None if posed.resolved == "none" else reference.divisor(posed.resolved, posed.shape)
    errors = [bounds.term_bound(*pair, *options) for pair in posed.pairs]
    reach = bounds.value_bounds(errors, parts, posed.working)
    form = posed.results["value"]
    expected = [rounded(value, form) for value in exact]
    bound = [bounds.acceptable(*pair, form) for pair in zip(exact, reach, strict=True)]
    others = {
        name: conventions.prescribed(
            name,
            [
                rule(*pair, posed.log_target, conventions.Arithmetic(posed.working))
                for pair in posed.pairs
            ],
            posed.reduction,
            posed.legacy,
            posed.shape,
            form,
        )
        for name, rule in conventions.CONVENTIONS.items()
    }
    named = {
        name: {"value": settled(values, expected, bound, form)} for name, values in others.items()
    }
    return Solution(
        {"value": expected},
        {"value": bound},
        differing({"value": expected}, named),
        traces(posed) + [float(value) for value in terms],
    )


def check_overflow(terms: Sequence[mpf], posed: Problem) -> None:
    """Refuse a sum whose value would depend on the order of its terms."""
    finite = mp.fsum(abs(value) for value in terms if mp.isfinite(value))
    if posed.resolved != "none" and math.isinf(rounded(finite, posed.working)):
        message = f"the sum of {len(terms)} terms overflows {posed.working.name}: use smaller ones."
        raise ValueError(message)


def slope_solution(posed: Problem, upstream: float) -> Solution:
    """Solution of a vector that asks for the gradient."""
    factor = mpf(upstream) / reference.divisor(posed.resolved, posed.shape)
    options = posed.log_target, posed.working
    slopes = [reference.slopes(*pair, *options) for pair in posed.pairs]
    errors = [
        bounds.slope_bounds(*pair, posed.log_target, factor, posed.working) for pair in posed.pairs
    ]
    expected, bound = {}, {}
    for place, (name, form) in enumerate(posed.results.items()):
        exact = [slope[place] * factor if slope[place] else mpf(0) for slope in slopes]
        expected[name] = [rounded(value, form) for value in exact]
        reach = [error[place] for error in errors]
        bound[name] = [bounds.acceptable(*pair, form) for pair in zip(exact, reach, strict=True)]
    others = {name: slope_convention(name, posed, factor) for name in conventions.SLOPES}
    named = {
        name: {
            part: settled(values[part], expected[part], bound[part], form)
            for part, form in posed.results.items()
        }
        for name, values in others.items()
    }
    return Solution(expected, bound, differing(expected, named), traces(posed))


def slope_convention(name: str, posed: Problem, factor: mpf) -> dict[str, Floats]:
    """Derivatives by a convention."""
    ieee = conventions.Arithmetic(posed.working)
    rule = conventions.SLOPES[name]
    pairs = [rule(*pair, posed.log_target, factor, ieee) for pair in posed.pairs]
    return {
        part: [rounded(pair[place], form) for pair in pairs]
        for place, (part, form) in enumerate(posed.results.items())
    }


def settled(values: Floats, expected: Floats, bound: Floats, form: Format) -> Floats:
    """Values of a convention; those that differ by rounding alone are the expected ones.

    Two ulp are rounding alone in 16 bits, where torch rounds a sum before it divides it.
    """
    slack = 2 if form.precision < FORMATS["float32"].precision else 0
    return [
        target if is_close(value, target, max(reach, slack * ulp(target, form))) else value
        for value, target, reach in zip(values, expected, bound, strict=True)
    ]


def ulp(value: float, form: Format) -> float:
    """One ulp of a finite number."""
    return spacing(value, form) if math.isfinite(value) and value else 0.0


def is_close(value: float, expected: float, reach: float) -> bool:
    """Whether two numbers are the same up to `reach`; zeros of different sign are not."""
    if math.isnan(value) or math.isnan(expected):
        return math.isnan(value) and math.isnan(expected)
    if value == expected:
        return math.copysign(1.0, value) == math.copysign(1.0, expected)
    return abs(value - expected) <= reach


def differing(
    expected: dict[str, Floats], named: dict[str, dict[str, Floats]]
) -> dict[str, dict[str, Floats]]:
    """All conventions if one of them differs from the contract, otherwise none."""
    same = all(repr(values) == repr(expected) for values in named.values())
    return {} if same else {"kldiv_xp": expected} | named


def traces(posed: Problem) -> list[float]:
    """Magnitudes that an implementation may meet for a problem."""
    return traces_of(posed.pairs, posed.log_target, posed.working)


def traces_of(
    pairs: Sequence[tuple[float, float]], log_target: bool, working: Format
) -> list[float]:
    """Magnitudes of p, p log p and p log q."""
    found = []
    for log_q, target in pairs:
        p = reference.probability(target, log_target, working)
        log_p = reference.log_probability(p, target, log_target)
        found += [float(abs(number)) for number in (p, p * log_p, p * log_q)]
    return found
