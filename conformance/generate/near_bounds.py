"""How far a right divergence of nearly equal distributions may be off: relative to itself.

README.md derives the scales, which are in eps.
"""

from collections.abc import Sequence

from mpmath import mp, mpf

from generate.logit_derivatives import Derivatives
from generate.logits import Distribution, mixture, softmax
from generate.logits_draft import LogitsDraft

# Roundings of p h(d), with d to three of its own, which enter twice.
TERM = 16
# The same of p h(log(p / m)), where a logarithm and a quotient stand between.
MIXED_TERM = 32
# What is left of 50 digits where the exact result is 0.
NOTHING = mpf(10) ** -40


def near_scale(draft: LogitsDraft, input: list[float], target: list[float]) -> mpf:
    """Scale of the rounding errors of the divergence of one sample."""
    q, p = (softmax(side, draft.temperature) for side in (input, target))
    if draft.function.startswith("kl") or draft.beta == 0:
        return one_direction(p, q, q.error, TERM)
    if draft.beta == 1:
        return one_direction(q, p, p.error, TERM)
    m, beta = mixture(p, q, draft.beta), mpf(draft.beta)
    return sum(
        weight * one_direction(side, m, other.error, MIXED_TERM)
        for weight, side, other in ((beta, p, q), (1 - beta, q, p))
    )


def one_direction(p: Distribution, q: Distribution, error: list[mpf], term: int) -> mpf:
    """Scale of sum p h(log p - log q), whose terms are all positive."""
    constant, found = term + mpf(len(p.p)) / 2, mpf(0)
    for a, b, log_a, log_b, of_p, of_q in zip(
        p.p, q.p, p.log_p, q.log_p, p.error, error, strict=True
    ):
        d = log_a - log_b if a and b else mp.inf
        if abs(d) <= 1:
            found += a * (d + mp.expm1(-d)) * (of_p + of_q + constant)
        else:
            found += (a * abs(d - 1) if a else mpf(0)) * (of_p + of_q + constant)
            found += b * (of_q + constant) if b else mpf(0)
    return found


def near_derivatives(
    draft: LogitsDraft,
    input: Sequence[float],
    target: Sequence[float],
    found: tuple[Derivatives, Derivatives],
) -> tuple[Derivatives, Derivatives]:
    """Derivatives with scales that are relative to the spread of the log-ratios."""
    q, p = (softmax(side, draft.temperature) for side in (input, target))
    spread = spreads(input, target, p, draft.temperature)
    by_right, by_left = of_right(p, q, spread), of_left(p, spread)
    if draft.function.startswith("kl") or draft.beta == 0:
        scales = by_right, by_left
    elif draft.beta == 1:
        scales = of_left(q, spread), of_right(q, p, spread)
    else:
        m, beta = mixture(p, q, draft.beta), mpf(draft.beta)
        scales = of_mixture(q, p, m, 1 - beta, spread), of_mixture(p, q, m, beta, spread)
    by_input, by_target = (
        [
            (exact, scale / mpf(draft.temperature))
            for (exact, _), scale in zip(side, of_side, strict=True)
        ]
        for side, of_side in zip(found, scales, strict=True)
    )
    return by_input, by_target


def spreads(
    input: Sequence[float], target: Sequence[float], p: Distribution, temperature: float
) -> list[mpf]:
    """Magnitudes of the differences of logits, less that of their maxima, and of their mean."""
    offset = mpf(max(target)) - mpf(max(input))
    differences = [
        abs(mpf(t) - mpf(s) - offset) / mpf(temperature) if a else mpf(0)
        for s, t, a in zip(input, target, p.p, strict=True)
    ]
    mean = mp.fsum(a * d for a, d in zip(p.p, differences, strict=True))
    return [d + mean for d in differences]


def of_right(p: Distribution, q: Distribution, spread: list[mpf]) -> list[mpf]:
    """Scales of q - p."""
    constant = TERM + mpf(len(p.p)) / 2
    return [
        max(a, b) * d * (of_p + of_q + constant)
        for a, b, d, of_p, of_q in zip(p.p, q.p, spread, p.error, q.error, strict=True)
    ]


def of_left(p: Distribution, spread: list[mpf]) -> list[mpf]:
    """Scales of p (log p - log q - KL)."""
    constant = TERM + mpf(len(p.p)) / 2
    return [a * d * (of_p + constant) for a, d, of_p in zip(p.p, spread, p.error, strict=True)]


def of_mixture(
    p: Distribution, q: Distribution, m: Distribution, beta: mpf, spread: list[mpf]
) -> list[mpf]:
    """Scales of beta p (l - sum(p l)), where l = log(p / m) moves by (1 - beta) q / m with d."""
    constant = MIXED_TERM + mpf(len(p.p)) / 2
    moved = [
        (1 - beta) * max(b / c, mpf(1)) * d if c else mpf(0)
        for b, c, d in zip(q.p, m.p, spread, strict=True)
    ]
    mean = mp.fsum(a * d for a, d in zip(p.p, moved, strict=True))
    return [
        beta * a * (d + mean) * (of_p + of_q + constant)
        for a, d, of_p, of_q in zip(p.p, moved, p.error, q.error, strict=True)
    ]
