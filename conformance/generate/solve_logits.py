"""Expected results of losses of logits."""

from mpmath import mp, mpf

from generate import bounds
from generate.draft import Draft
from generate.logits import sample, softmax
from generate.logits_draft import LogitsDraft
from generate.near_bounds import NOTHING, near_scale
from generate.rounding import rounded
from generate.samples import Samples, samples
from generate.solution import Solution
from kldiv_conformance._formats import FORMATS


def solve_logits(draft: LogitsDraft) -> Solution:
    """Reduced divergences of the selected samples."""
    grouped = samples(draft)
    rows = [operands(draft, places) for places in grouped.terms]
    found = [divergence(draft, *row) if row[0] else (mpf(0), mpf(0)) for row in rows]
    return reduced(draft, grouped, found, traces(draft, rows))


def reduced(
    draft: Draft, grouped: Samples, found: list[tuple[mpf, mpf]], lost: list[float]
) -> Solution:
    """Divergences of the samples with the scales of their errors, reduced."""
    return reduced_over(draft, grouped.divisor(str(draft.reduction)), found, lost)


def reduced_over(
    draft: Draft, divisor: mpf, found: list[tuple[mpf, mpf]], lost: list[float]
) -> Solution:
    """The same, where the divisor is known."""
    form, reduction = FORMATS[draft.result], str(draft.reduction)
    eps = mpf(draft.working.eps)
    if reduction == "none":
        exact, reach = [value for value, _ in found], [eps * scale for _, scale in found]
    else:
        chosen = [pair for pair in found if pair != (0, 0)]
        sums = (mpf(len(chosen)) / 2 + bounds.DIVISION) * mp.fsum(abs(value) for value, _ in chosen)
        exact = [mp.fsum(value for value, _ in chosen) / divisor]
        reach = [eps * (mp.fsum(scale for _, scale in chosen) + sums) / divisor]
    return Solution(
        {"value": [rounded(value, form) for value in exact]},
        {"value": [bounds.acceptable(*pair, form) for pair in zip(exact, reach, strict=True)]},
        {},
        lost,
    )


def divergence(draft: LogitsDraft, input: list[float], target: list[float]) -> tuple[mpf, mpf]:
    """Divergence of one sample and the scale of its errors, in eps."""
    exact, scale = sample(draft, input, target)
    if not draft.nearly_equal:
        return exact, scale
    factor = mpf(draft.temperature) ** 2 if draft.scale else mpf(1)
    if abs(exact) < NOTHING * factor:
        return mpf(0), mpf(0)
    return exact, near_scale(draft, input, target) * factor + 4 * abs(exact)


def operands(draft: LogitsDraft, places: tuple[int, ...]) -> tuple[list[float], list[float]]:
    """Input and target of a sample."""
    return [draft.input[place] for place in places], [draft.target[place] for place in places]


def traces(draft: LogitsDraft, rows: list[tuple[list[float], list[float]]]) -> list[float]:
    """Probabilities that an implementation meets."""
    sides = (0, 1) if draft.target_is == "logits" else (0,)
    return [
        float(p)
        for row in rows
        if row[0]
        for s in sides
        for p in softmax(row[s], draft.temperature).p
    ]
