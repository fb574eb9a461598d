"""Exact divergences from teachers known at some indices, their derivatives, and the errors of both.

An entry more stands for the rest of the vocabulary, with what its probabilities add up to.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mpmath import mp, mpf

from generate.linear_draft import LinearDraft
from generate.logit_derivatives import Derivatives, difference
from generate.logits import TERM, Distribution, divergence, given, logarithm, moved, softmax
from generate.sparse_draft import SparseDraft


class Row(NamedTuple):
    """One sample: logits of the student, and the teacher's entries with their places.

    Logits that were computed have lost something, in eps.
    """

    input: Sequence[float]
    indices: Sequence[int]
    target: Sequence[float]
    lost: Sequence[mpf] = ()


def student(draft: SparseDraft | LinearDraft, row: Row) -> Distribution:
    """Student over the whole vocabulary."""
    return moved(softmax(row.input, draft.temperature), row.lost, draft.temperature)


def sides(draft: SparseDraft | LinearDraft, row: Row) -> tuple[Distribution, Distribution]:
    """Teacher and student at the indices, and the rest as the last entry."""
    every = student(draft, row)
    chosen = set(row.indices)
    others = [place for place in range(len(row.input)) if place not in chosen]
    rest = mp.fsum(every.p[place] for place in others)
    worst = max((every.error[place] for place in others), default=mpf(0))
    q = Distribution(
        [*(every.p[place] for place in row.indices), rest],
        [*(every.log_p[place] for place in row.indices), logarithm(rest)],
        [*(every.error[place] for place in row.indices), worst + TERM + mpf(len(others)) / 2],
    )
    return teacher(draft, row.target, leaves_some=bool(others)), q


def teacher(
    draft: SparseDraft | LinearDraft, target: Sequence[float], *, leaves_some: bool
) -> Distribution:
    """Teacher's entries, and the probability that is left of 1 where there is a bucket."""
    half = mpf(len(target)) / 2
    if draft.target_is == "logits":
        p = softmax(target, draft.temperature)
        return Distribution([*p.p, mpf(0)], [*p.log_p, -mp.inf], [*p.error, mpf(0)])
    p = given(target, draft.target_is)
    total = mp.fsum(p.p)
    if draft.tail == "renormalize":
        shares = [one / total for one in p.p]
        logs = [logarithm(one) for one in shares]
        errors = [
            TERM + half + 2 + (abs(log) if share else mpf(0))
            for log, share in zip(logs, shares, strict=True)
        ]
        return Distribution([*shares, mpf(0)], [*logs, -mp.inf], [*errors, mpf(0)])
    has_bucket = draft.tail == "bucket" and leaves_some and total < 1
    left = 1 - total if has_bucket else mpf(0)
    # An exponential is off by its own error and that of its argument, a sum by its roundings.
    lost = mp.fsum(one * (TERM + half) for one in p.p) + 1
    error = lost / left if left else mpf(0)
    errors = [TERM if draft.target_is == "log_probabilities" else mpf(0)] * len(p.p)
    return Distribution([*p.p, left], [*p.log_p, logarithm(left)], [*map(mpf, errors), error])


def sparse_sample(draft: SparseDraft | LinearDraft, row: Row) -> tuple[mpf, mpf]:
    """Divergence of one sample and the scale of its errors, in eps."""
    p, q = sides(draft, row)
    exact, scale = divergence(p, q)
    # An entry may be p h(d), which adds q - p: its sum is 0, but for rounding.
    scale += (mp.fsum(p.p) + mp.fsum(q.p)) * (TERM + mpf(len(p.p)) / 2 + max(q.error))
    factor = mpf(draft.temperature) ** 2 if draft.scale else mpf(1)
    return exact * factor, (scale + 2 * abs(exact)) * factor


def sparse_derivatives(
    draft: SparseDraft | LinearDraft, row: Row
) -> tuple[Derivatives, Derivatives]:
    """Derivatives of the divergence of one sample by its input and by its target."""
    p, q = sides(draft, row)
    return by_logits(draft, row, p, q), by_teacher(draft, row, p, q)


def by_logits(
    draft: SparseDraft | LinearDraft, row: Row, p: Distribution, q: Distribution
) -> Derivatives:
    """(q sum(p) - p) / T, where the rest of p is shared as that of q."""
    every, temperature = student(draft, row), mpf(draft.temperature)
    total = mp.fsum(p.p)
    spread = [one * p.p[-1] / q.p[-1] if p.p[-1] else mpf(0) for one in every.p]
    for place, one in zip(row.indices, p.p, strict=False):
        spread[place] = one
    of_p = max(p.error) + max(q.error) + TERM
    constant = TERM + mpf(len(every.p)) / 2 + max(p.error)
    return [
        (
            difference(one * total, other) / temperature,
            (one * total * (error + constant) + other * (of_p + error)) / temperature,
        )
        for one, other, error in zip(every.p, spread, every.error, strict=True)
    ]


def by_teacher(
    draft: SparseDraft | LinearDraft, row: Row, p: Distribution, q: Distribution
) -> Derivatives:
    """By p log p - log q less that of the rest, or than its mean; by log p p times that."""
    k = len(row.target)
    ratios = [difference(p.log_p[i], q.log_p[i]) if p.p[i] else mpf(0) for i in range(k + 1)]
    reach = [
        p.error[i] + q.error[i] + TERM * (abs(p.log_p[i]) + abs(q.log_p[i])) if p.p[i] else mpf(0)
        for i in range(k + 1)
    ]
    rest, of_rest = (ratios[k], reach[k]) if p.p[k] else (mpf(-1), mpf(0))
    divisor = mpf(1)
    if draft.tail == "renormalize":
        weights = p.p[:k]
        rest = mp.fsum(w * one for w, one in zip(weights, ratios, strict=False))
        of_rest = mp.fsum(
            w * (one + (TERM + mpf(k) / 2 + p.error[i]) * abs(ratios[i]))
            for i, (w, one) in enumerate(zip(weights, reach, strict=False))
        )
        if draft.target_is == "probabilities":
            divisor = mp.fsum(map(mpf, row.target))
        elif draft.target_is == "logits":
            divisor = mpf(draft.temperature)
    found = []
    for i in range(k):
        if p.p[i] == 0:
            found.append((mpf(0), mpf(0)))
            continue
        factor = 1 if draft.target_is == "probabilities" else p.p[i]
        exact = difference(ratios[i], rest)
        scale = reach[i] + of_rest + (TERM + p.error[i]) * (abs(ratios[i]) + abs(rest) + 1)
        found.append((factor * exact / divisor, factor * scale / divisor))
    return found
