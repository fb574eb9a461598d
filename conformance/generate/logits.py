"""Exact divergences of softmax distributions, and how far a correct implementation may be off."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mpmath import mp, mpf

from generate.logits_draft import LogitsDraft

# README.md derives the constants; a term has 4 ulp of its exponential and 4 roundings.
LIBRARY_ULP = 4
TERM = LIBRARY_ULP + 2
Counts = Sequence[int] | None


@dataclass(frozen=True)
class Distribution:
    """Probabilities and their logarithms, and what rounding may do to a logarithm, in eps.

    Outcomes that are alike may stand once: `counts` says for how many each of them stands.
    """

    p: list[mpf]
    log_p: list[mpf]
    error: list[mpf]
    counts: Counts = None

    @property
    def size(self) -> int:
        """Number of outcomes."""
        return len(self.p) if self.counts is None else sum(self.counts)

    def total(self, terms: Iterable[mpf]) -> mpf:
        """Sum over all outcomes of a term for each that stands here."""
        return total(terms, self.counts)


def total(terms: Iterable[mpf], counts: Counts) -> mpf:
    """Sum of terms, each as often as its count says."""
    if counts is None:
        return mp.fsum(terms)
    return mp.fsum(count * term for count, term in zip(counts, terms, strict=True))


def softmax(logits: Sequence[float], temperature: float, counts: Counts = None) -> Distribution:
    """Distribution of logits: 0 where a logit is -inf, NaN if all of them are."""
    largest = max(logits)
    if math.isnan(sum(logits)) or math.isinf(largest):
        return Distribution(*([mp.nan] * len(logits) for _ in range(3)))
    shifted = of_each(lambda logit: (mpf(logit) - mpf(largest)) / mpf(temperature), logits)
    log_sum = mp.log(total(of_each(mp.exp, shifted), counts))
    log_p = of_each(lambda value: value - log_sum, shifted)
    p = of_each(mp.exp, log_p)
    reach = of_each(lambda value: abs(value) if mp.isfinite(value) else mpf(0), shifted)
    mean = total((weight * value for weight, value in zip(p, reach, strict=True)), counts)
    size = len(p) if counts is None else sum(counts)
    constant = LIBRARY_ULP * (1 + log_sum) + mpf(size) / 2 + divided(logits, temperature)
    return Distribution(p, log_p, [2 * (value + mean) + constant for value in reach], counts)


def of_each(function: Callable[[Any], mpf], values: Sequence[Any]) -> list[mpf]:
    """Results of a function, computed once for values that are the same."""
    known = {value: function(value) for value in set(values)}
    return [known[value] for value in values]


def moved(found: Distribution, lost: Sequence[mpf], temperature: float) -> Distribution:
    """The same of logits that are off by so many eps."""
    if not lost:
        return found
    mean = mp.fsum(p * one for p, one in zip(found.p, lost, strict=True))
    pairs = zip(found.error, lost, strict=True)
    errors = [error + (one + mean) / mpf(temperature) for error, one in pairs]
    return Distribution(found.p, found.log_p, errors)


def divided(logits: Sequence[float], temperature: float) -> mpf:
    """Errors, in eps, of a division that comes before the largest logit is subtracted."""
    if math.frexp(temperature)[0] == 0.5:  # noqa: PLR2004 - a power of two divides exactly
        return mpf(0)
    largest = max(abs(logit) for logit in logits if math.isfinite(logit))
    return 2 * mpf(largest) / mpf(temperature)


def given(values: Sequence[float], target_is: str, counts: Counts = None) -> Distribution:
    """Distribution whose probabilities, or their logarithms, are given."""
    if target_is == "probabilities":
        p = [mpf(value) for value in values]
        log_p = [logarithm(value) for value in p]
    else:
        log_p = [mpf(value) for value in values]
        p = [mp.exp(value) for value in log_p]
    return Distribution(p, log_p, [mpf(0)] * len(p), counts)


def logarithm(probability: mpf) -> mpf:
    """Logarithm, -inf of 0, NaN of what is negative."""
    if probability < 0:
        return mp.nan
    return mp.log(probability) if probability else -mp.inf


def divergence(left: Distribution, right: Distribution) -> tuple[mpf, mpf]:
    """KL(left || right) and the scale of its rounding errors, in eps."""
    terms, scales = [], []
    for place, p in enumerate(left.p):
        if p == 0:
            terms.append(mpf(0))
            scales.append(mpf(0))
            continue
        log_p, log_q = left.log_p[place], right.log_p[place]
        ratio = log_p - log_q
        error = (1 + abs(ratio)) * left.error[place] + right.error[place]
        sums = TERM + mpf(left.size) / 2
        terms.append(p * ratio)
        scales.append(p * (error + sums * (abs(log_p) + abs(log_q))))
    return left.total(terms), left.total(scales)


def mixture(p: Distribution, q: Distribution, beta: float) -> Distribution:
    """The distribution beta p + (1 - beta) q; its errors are those of the worse one."""
    weights = [mpf(beta) * a + (1 - mpf(beta)) * b for a, b in zip(p.p, q.p, strict=True)]
    logs = [logarithm(weight) for weight in weights]
    errors = [a + b + TERM for a, b in zip(p.error, q.error, strict=True)]
    return Distribution(weights, logs, errors, p.counts)


def sample(
    draft: LogitsDraft, input: list[float], target: list[float], counts: Counts = None
) -> tuple[mpf, mpf]:
    """Divergence of one sample and the scale of its errors, in eps."""
    q = softmax(input, draft.temperature, counts)
    logits = draft.target_is == "logits"
    p = teacher(target, draft, counts)
    exact, scale = mixed(p, q, draft.beta) if draft.function.startswith("js") else divergence(p, q)
    if input == target and logits and (draft.function.startswith("kl") or draft.beta in {0, 1}):
        scale = mpf(0)
    factor = mpf(draft.temperature) ** 2 if draft.scale else mpf(1)
    return exact * factor, (scale + 2 * abs(exact)) * factor


def teacher(target: list[float], draft: LogitsDraft, counts: Counts) -> Distribution:
    """Distribution of a target, whatever it holds."""
    if draft.target_is == "logits":
        return softmax(target, draft.temperature, counts)
    return given(target, draft.target_is, counts)


def mixed(p: Distribution, q: Distribution, beta: float) -> tuple[mpf, mpf]:
    """Generalised Jensen-Shannon divergence, at its ends in one direction."""
    if beta in {0, 1}:
        exact, scale = divergence(*((q, p) if beta else (p, q)))
        # The limits of a mixture's divergence, of masses that do not add up to 1.
        rest = p.total(p.p) - q.total(q.p)
        return exact + (rest if beta else -rest), scale
    m = mixture(p, q, beta)
    (by_p, scale_p), (by_q, scale_q) = divergence(p, m), divergence(q, m)
    weights = mpf(beta), 1 - mpf(beta)
    return weights[0] * by_p + weights[1] * by_q, weights[0] * scale_p + weights[1] * scale_q
