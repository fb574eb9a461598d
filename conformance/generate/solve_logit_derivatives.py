"""Expected gradients of losses of logits."""

from mpmath import mpf

from generate import bounds
from generate.draft import Upstream
from generate.logit_derivatives import FACTOR, Derivatives, derivatives
from generate.logits_draft import LogitsDraft
from generate.near_bounds import NOTHING, near_derivatives
from generate.rounding import rounded
from generate.samples import samples
from generate.solution import Solution
from generate.solve_logits import operands, traces
from kldiv_conformance._formats import FORMATS, Format


def solve_logit_derivatives(draft: LogitsDraft, upstream: Upstream) -> Solution:
    """Derivatives of the reduced divergence, exactly 0 in a sample that is not selected."""
    grouped = samples(draft)
    factor, each = grouped.factors(upstream, str(draft.reduction))
    if draft.scale:
        factor *= mpf(draft.temperature) ** 2
    nothing = [(mpf(0), mpf(0))] * len(draft.input)
    found = {"d_input": list(nothing), "d_target": list(nothing)}
    chosen = [pair for pair in zip(grouped.terms, each, strict=True) if pair[0]]
    rows = [(places, *operands(draft, places)) for places, _ in chosen]
    for (places, *row), (_, weight) in zip(rows, chosen, strict=True):
        for name, sample in zip(found, both_derivatives(draft, *row), strict=True):
            for place, derivative in zip(places, weighted(sample, weight), strict=True):
                found[name][place] = derivative
    expected, bound = {}, {}
    for (name, pairs), dtype in zip(found.items(), draft.dtypes, strict=True):
        expected[name], bound[name] = scaled(pairs, factor, draft.working, dtype)
    return Solution(expected, bound, {}, traces(draft, [(left, right) for _, left, right in rows]))


def both_derivatives(
    draft: LogitsDraft, input: list[float], target: list[float]
) -> tuple[Derivatives, Derivatives]:
    """Derivatives of the divergence of one sample, with the scales of their errors."""
    found = derivatives(draft, input, target)
    if not draft.nearly_equal:
        return found
    by_input, by_target = near_derivatives(draft, input, target, found)
    return settled(by_input), settled(by_target)


def weighted(pairs: Derivatives, weight: mpf) -> Derivatives:
    """Derivatives of an element of the loss times a number."""
    return [(exact * weight, of * abs(weight)) for exact, of in pairs]


def settled(pairs: Derivatives) -> Derivatives:
    """Derivatives that are 0 up to the last of the 50 digits are 0."""
    return [(mpf(0), mpf(0)) if abs(exact) < NOTHING else (exact, of) for exact, of in pairs]


def scaled(
    pairs: Derivatives, factor: mpf, computed_in: Format, dtype: str
) -> tuple[list[float], list[float]]:
    """Derivatives times a factor, rounded once, and how far each may be off."""
    form, eps = FORMATS[dtype], mpf(computed_in.eps)
    exact = [derivative * factor if derivative else mpf(0) for derivative, _ in pairs]
    reach = [
        eps * (scale * abs(factor) + FACTOR * abs(value)) if scale else mpf(0)
        for (_, scale), value in zip(pairs, exact, strict=True)
    ]
    found = [bounds.acceptable(*pair, form) for pair in zip(exact, reach, strict=True)]
    return [rounded(value, form) for value in exact], found
