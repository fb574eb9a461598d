"""Exact derivatives of divergences from logits, and how far a correct implementation may be off.

A derivative is a number and the scale of its rounding errors, in eps; README.md derives the scales.
"""

from collections.abc import Sequence

from mpmath import mp, mpf

from generate.linear_draft import LinearDraft
from generate.logits import TERM, Counts, Distribution, divergence, given, mixture, softmax
from generate.logits_draft import LogitsDraft

# Roundings of a difference, of temperature, its square and upstream, and of the divisor.
FACTOR = 4

Derivatives = list[tuple[mpf, mpf]]


def derivatives(
    draft: LogitsDraft, input: Sequence[float], target: Sequence[float], counts: Counts = None
) -> tuple[Derivatives, Derivatives]:
    """Derivatives of the divergence of one sample by its input and by its target."""
    q, temperature = softmax(input, draft.temperature, counts), mpf(draft.temperature)
    if draft.target_is != "logits":
        p = given(target, draft.target_is, counts)
        is_kl = draft.function.startswith("kl")
        one_sided = is_kl or draft.beta == 0
        by_input = by_right(p, q) if one_sided else of_logits(p, q, draft)[0]
        by_target = by_given(p, q, draft.target_is) if is_kl else by_mixed(p, q, draft)
        return over(temperature, by_input), by_target
    p = softmax(target, draft.temperature, counts)
    by_input, by_target = of_logits(p, q, draft)
    return over(temperature, by_input), over(temperature, by_target)


def of_logits(
    p: Distribution, q: Distribution, draft: LogitsDraft | LinearDraft
) -> tuple[Derivatives, Derivatives]:
    """Derivatives by the logits of q and of p, over the temperature already."""
    if draft.function.startswith("kl") or draft.beta == 0:
        return by_right(p, q), by_left(p, q)
    if draft.beta == 1:
        return by_left(q, p), by_right(q, p)
    m, beta = mixture(p, q, draft.beta), mpf(draft.beta)
    return over(1 / (1 - beta), by_left(q, m)), over(1 / beta, by_left(p, m))


def over(divisor: mpf, found: Derivatives) -> Derivatives:
    """Derivatives over a number."""
    return [(exact / divisor, scale / divisor) for exact, scale in found]


def by_right(left: Distribution, right: Distribution) -> Derivatives:
    """Derivatives of KL(left || right) by the logits of the right: q sum(p) - p."""
    total = left.total(left.p)
    pairs = list(zip(left.p, left.error, strict=True))
    of_total = left.total(p * (error + TERM + mpf(left.size) / 2) for p, error in pairs)
    found = []
    for (p, error), q, other in zip(pairs, right.p, right.error, strict=True):
        scale = q * (total * (other + TERM) + of_total) + p * (error + TERM)
        found.append((difference(q * total, p), scale))
    return found


def by_left(left: Distribution, right: Distribution) -> Derivatives:
    """Derivatives of KL(left || right) by the logits of the left: p (log p - log q - KL)."""
    mean, of_mean = divergence(left, right)
    if mp.isinf(mean):
        raise ValueError("an infinite divergence has no derivative by the logits of its weights.")
    half = mpf(left.size) / 2
    pairs = zip(left.p, left.error, strict=True)
    of_mean += left.total(p * (error + TERM + half) if p else mpf(0) for p, error in pairs)
    rows = zip(left.p, left.log_p, left.error, right.log_p, right.error, strict=True)
    found = []
    for p, log_p, error, log_q, other in rows:
        if p == 0:
            found.append((mpf(0), mpf(0)))
            continue
        ratio = difference(log_p, log_q)
        by_p = (abs(ratio) + abs(mean) + 1) * (error + TERM)
        of_ratio = error + other + TERM * (abs(log_p) + abs(log_q))
        found.append((p * difference(ratio, mean), p * (by_p + of_ratio + of_mean)))
    return found


def difference(left: mpf, right: mpf) -> mpf:
    """Left minus right, 0 where they are the same up to the last of the 50 digits."""
    exact = left - right
    last = (abs(left) + abs(right)) * mpf(10) ** -40
    return mpf(0) if mp.isfinite(exact) and abs(exact) <= last else exact


def by_mixed(p: Distribution, q: Distribution, draft: LogitsDraft) -> Derivatives:
    """Derivatives of a Jensen-Shannon divergence by what is given of p; 0 where p is 0."""
    m, beta = (q if draft.beta == 0 else mixture(p, q, draft.beta)), mpf(draft.beta or 1)
    found = []
    for place, weight in enumerate(p.p):
        if weight == 0:
            found.append((mpf(0), mpf(0)))
            continue
        factor = weight if draft.target_is == "log_probabilities" else mpf(1)
        log_p, log_m, error = p.log_p[place], m.log_p[place], m.error[place]
        exact, scale = beta * difference(log_p, log_m), abs(log_p) + abs(log_m) + 1
        if draft.beta == 1:
            ratio, error = q.p[place] / weight, q.error[place]
            exact, scale = difference(mpf(1), ratio), 1 + ratio
        found.append((factor * exact, factor * scale * (error + TERM)))
    return found


def by_given(p: Distribution, q: Distribution, target_is: str) -> Derivatives:
    """Derivatives of KL(p || q) by p: log p - log q + 1; by log p, p times that; 0 where p is 0."""
    found = []
    for weight, log_p, log_q, error in zip(p.p, p.log_p, q.log_p, q.error, strict=True):
        if weight == 0:
            found.append((mpf(0), mpf(0)))
            continue
        factor = weight if target_is == "log_probabilities" else mpf(1)
        scale = error + TERM * (abs(log_p) + abs(log_q) + 1)
        found.append((factor * (log_p - log_q + 1), factor * scale))
    return found
