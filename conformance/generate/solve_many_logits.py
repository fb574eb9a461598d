"""Expected results of losses of many logits: samples that are alike are computed once."""

from functools import cache

from mpmath import mpf

from generate.logit_derivatives import Derivatives, derivatives
from generate.logits import sample, softmax
from generate.logits_draft import LogitsDraft
from generate.many import Pair, divisor, rows
from generate.solution import Solution
from generate.solve_logit_derivatives import scaled
from generate.solve_logits import reduced_over

Row = frozenset[tuple[Pair, int]]


def solve_many_logits(draft: LogitsDraft) -> Solution:
    """Everything that a vector of this draft expects."""
    if draft.nearly_equal or draft.reproducible:
        message = f"many logits are for the plain divergence: {draft.comment!r} is another one."
        raise ValueError(message)
    every = [frozenset(row.items()) for row in rows(draft)]
    lost = traces(draft, set(every))
    if draft.upstream is not None:
        return derivative_solution(draft, every, lost)

    @cache
    def of(row: Row) -> tuple[mpf, mpf]:
        return sample(draft, *unzipped(row)) if row else (mpf(0), mpf(0))

    return reduced_over(draft, divisor(draft), [of(row) for row in every], lost)


def unzipped(row: Row) -> tuple[list[float], list[float], list[int]]:
    """Input and target of the pairs of a sample, and how often each stands."""
    pairs = sorted(row)
    return [x for (x, _), _ in pairs], [t for (_, t), _ in pairs], [count for _, count in pairs]


def derivative_solution(draft: LogitsDraft, every: list[Row], lost: list[float]) -> Solution:
    """Derivatives of the reduced divergence, exactly 0 in a sample that is not selected."""
    factor = mpf(draft.factor) / divisor(draft)
    if draft.scale:
        factor *= mpf(draft.temperature) ** 2

    @cache
    def of(row: Row) -> list[dict[Pair, tuple[float, float]]]:
        if not row:
            return [{}, {}]
        sides: tuple[Derivatives, Derivatives] = derivatives(draft, *unzipped(row))
        return [
            dict(zip([pair for pair, _ in sorted(row)], zip(*both, strict=True), strict=True))
            for side, dtype in zip(sides, draft.dtypes, strict=True)
            for both in [scaled(side, factor, draft.working, dtype)]
        ]

    width, nothing = draft.shapes[0][-1], (0.0, 0.0)
    pairs = list(zip(draft.input, draft.target, strict=True))
    found = [
        [of(every[place // width])[side].get(pair, nothing) for place, pair in enumerate(pairs)]
        for side in (0, 1)
    ]
    names = ("d_input", "d_target")
    expected, bound = (
        {name: [both[part] for both in of_side] for name, of_side in zip(names, found, strict=True)}
        for part in (0, 1)
    )
    return Solution(expected, bound, {}, lost)


def traces(draft: LogitsDraft, every: set[Row]) -> list[float]:
    """Probabilities that an implementation meets."""
    sides = (0, 1) if draft.target_is == "logits" else (0,)
    found = []
    for row in filter(None, every):
        *operands, counts = unzipped(row)
        for side in sides:
            found += map(float, softmax(operands[side], draft.temperature, counts).p)
    return found
