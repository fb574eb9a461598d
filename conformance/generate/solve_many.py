"""Expected results of the loss of many elements; each pair of values is computed once."""

from functools import cache

from mpmath import mp, mpf

from generate import bounds, reference
from generate.draft import Draft
from generate.many import Counts, divisor, rows, selected, whole
from generate.problem import problem, traces_of
from generate.rounding import rounded
from generate.solution import Solution
from kldiv_conformance._formats import Format


def solve_many(draft: Draft) -> Solution:
    """Everything that a vector of this draft expects; no library prescribes anything else."""
    if draft.is_of_another_form or draft.reproducible or draft.legacy is not None:
        message = f"many elements are for the plain loss: {draft.comment!r} is no such one."
        raise ValueError(message)
    if draft.upstream is not None:
        return derivative_solution(draft)
    every = draft.reduction == "none" and draft.axis is None
    return terms_solution(draft) if every else value_solution(draft)


def terms_solution(draft: Draft) -> Solution:
    """Solution of a vector that asks for every term: 0 at what is not selected."""
    log_target, working = bool(draft.log_target), draft.working
    posed = problem(draft)
    (form,) = posed.results.values()

    @cache
    def of(pair: tuple[float, float]) -> tuple[float, float]:
        exact = reference.term(*pair, log_target, working)
        errors = [bounds.term_bound(*pair, log_target, working)]
        (reach,) = bounds.value_bounds(errors, None, working)
        return rounded(exact, form), bounds.acceptable(exact, reach, form)

    pairs = zip(posed.pairs, selected(draft), strict=True)
    found = [of(pair) if chosen else (0.0, 0.0) for pair, chosen in pairs]
    expected, bound = zip(*found, strict=True)
    return Solution({"value": [*expected]}, {"value": [*bound]}, {}, seen(draft))


def value_solution(draft: Draft) -> Solution:
    """Solution of a vector that asks for the loss."""
    log_target, working = bool(draft.log_target), draft.working
    (form,) = problem(draft).results.values()
    over = divisor(draft)

    @cache
    def of(part: frozenset[tuple[tuple[float, float], int]]) -> tuple[float, float]:
        exact, reach = summed(Counts(dict(part)), log_target, working)
        return rounded(exact / over, form), bounds.acceptable(exact / over, reach / over, form)

    parts = rows(draft) if draft.reduction == "none" else [whole(draft)]
    found = [of(frozenset(part.items())) for part in parts]
    expected, bound = zip(*found, strict=True)
    return Solution({"value": [*expected]}, {"value": [*bound]}, {}, seen(draft))


def summed(part: Counts, log_target: bool, working: Format) -> tuple[mpf, mpf]:
    """Sum of terms, and how far it may be off."""
    total, scale, lost, size = mpf(0), mpf(0), mpf(0), 0
    for pair, count in part.items():
        total += count * reference.term(*pair, log_target, working)
        by_eps, underflow = bounds.term_bound(*pair, log_target, working)
        scale, lost = scale + count * by_eps, lost + count * underflow
        size += count
    if mp.isinf(rounded(scale, working)):
        message = f"the sum of {size} terms may overflow {working.name}: use smaller ones."
        raise ValueError(message)
    if not scale:
        return total, mpf(0)
    constant = bounds.TERM + bounds.DIVISION + mpf(size) / 2
    return total, constant * scale * mpf(working.eps) + lost + 2 * mpf(working.smallest_subnormal)


def derivative_solution(draft: Draft) -> Solution:
    """Solution of a vector that asks for the gradient: 0 at what is not selected."""
    posed, factor = problem(draft), mpf(draft.factor) / divisor(draft)
    options = posed.log_target, posed.working

    @cache
    def of(pair: tuple[float, float]) -> list[tuple[float, float]]:
        reach = bounds.derivative_bounds(
            *pair, posed.log_target, factor, posed.working, exact=draft.upstream == 1
        )
        exact = [derivative * factor for derivative in reference.derivatives(*pair, *options)]
        return [
            (rounded(value, form), bounds.acceptable(value, error, form))
            for value, error, form in zip(exact, reach, posed.results.values(), strict=True)
        ]

    nothing = [(0.0, 0.0)] * 2
    found = [
        of(pair) if chosen else nothing
        for pair, chosen in zip(posed.pairs, selected(draft), strict=True)
    ]
    expected, bound = (
        {name: [pair[side][part] for pair in found] for side, name in enumerate(posed.results)}
        for part in (0, 1)
    )
    return Solution(expected, bound, {}, seen(draft))


def seen(draft: Draft) -> list[float]:
    """Magnitudes that an implementation may meet."""
    pairs = list(whole(draft))
    log_target, working = bool(draft.log_target), draft.working
    terms = [float(reference.term(*pair, log_target, working)) for pair in pairs]
    return traces_of(pairs, log_target, working) + terms
