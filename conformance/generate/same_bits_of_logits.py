"""Divergences of logits with the same bits everywhere, step by step in Python's own float64.

It is written from the algorithm that `docs/reproducible.md` states.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from generate.same_bits import Term, added, by_target, entered, exp, log, near, nearest, term

Numbers = list[float]


class Options(NamedTuple):
    """Options of the call."""

    temperature: float
    is_scaled: bool
    target_is: str
    beta: float | None = None
    """Weight of the target in a Jensen-Shannon divergence."""

    @property
    def log_target(self) -> bool:
        """Whether the target holds logarithms of probabilities."""
        return self.target_is == "log_probabilities"

    @property
    def square(self) -> float:
        """Factor of the divergences."""
        return self.temperature * self.temperature if self.is_scaled else 1.0

    def over(self, x: float) -> float:
        """Number over the temperature."""
        return x if self.temperature == 1 else x * (1 / self.temperature)


class Softmax(NamedTuple):
    """A row of logits less the largest, their exponentials, and the sum of these."""

    shifted: Numbers
    exponentials: Numbers
    total: float

    @property
    def probabilities(self) -> Numbers:
        """Exponentials over their sum."""
        return [one * (1.0 / self.total) for one in self.exponentials]


def held(x: float) -> float:
    """Number on the grid."""
    return nearest(x * 2.0**400) * 2.0**-400 if math.isfinite(x) else x


def log_of_any(x: float) -> float:
    """Logarithm of a number of 53 bits."""
    high = x * 2.0**29
    head = (high + x) - high
    return log(head) + (x - head) / head


def summed(numbers: Sequence[float]) -> float:
    """Sum between bounds of its own."""
    odd = [one for one in numbers if not math.isfinite(one)]
    if odd:
        return sum(odd)
    most = max((abs(one) for one in numbers), default=0.0)
    return added(numbers, near(most) * 4.0, len(numbers))


def softmax(logits: Sequence[float], options: Options) -> Softmax:
    """Softmax of a row."""
    row = [entered(one) for one in logits]
    top = math.nan if any(map(math.isnan, row)) else max(row)
    shifted = [one - top for one in row]
    exponentials = [exp(options.over(one)) for one in shifted]
    return Softmax(shifted, exponentials, summed(exponentials))


def divergence(input: Sequence[float], target: Sequence[float], options: Options) -> float:
    """Divergence of a row."""
    if options.beta == 1:
        return divergence(target, input, options._replace(beta=None))
    q = softmax(input, options)
    if options.beta is not None and 0 < options.beta < 1:
        value = of_mixture(softmax(target, options), q, options)
    elif options.target_is == "logits":
        value = of_logits(softmax(target, options), q, options)
    else:
        value = summed([one.value for one in terms(q, target, options)])
    value *= options.square
    return 0.0 if abs(value) < 2.0**-126 else value


def of_logits(p: Softmax, q: Softmax, options: Options) -> float:
    """KL of two softmaxes."""
    shift, ratio = log_of_any(q.total / p.total), p.total / q.total
    rows = zip(p.shifted, q.shifted, p.exponentials, q.exponentials, strict=True)
    found = []
    for x, y, a, b in rows:
        d = held(options.over(x - y)) + shift if a > 0 else -1.0
        found.append(of_ratio(a, d, held(b * ratio)))
    value = summed(found) / p.total
    return 0.0 if value < 0 else value


def of_ratio(weight: float, d: float, other: float) -> float:
    """Term of a divergence."""
    if abs(d) < 1 / 16:
        root = d / (d + 6.0)
        return weight * (root * root * 18.0)
    return held(weight * (d - 1.0)) + other


def shares(p: Softmax, q: Softmax, options: Options) -> list[tuple[float, ...]]:
    """p, q, m, log(p / m) and log(q / m) of every class."""
    beta = options.beta or 0.0
    gamma, shift = 1 - beta, log_of_any(q.total) - log_of_any(p.total)
    rows = zip(p.shifted, q.shifted, p.probabilities, q.probabilities, strict=True)
    found = []
    for x, y, a, b in ((x, y, held(a), held(b)) for x, y, a, b in rows):
        m, gap, d = held(a * beta) + held(b * gamma), a - b, held(options.over(x - y)) + shift
        if abs(d) < 1 / 16:
            gap = (a + b) * (d * 6.0 / (held(d * d) + 12.0))
        found.append((a, b, m, log_share(a, gap, m, gamma), log_share(b, -gap, m, beta)))
    return found


def log_share(own: float, gap: float, m: float, weight: float) -> float:
    """Logarithm of a probability over the mixture."""
    if math.isnan(own):
        return math.nan
    if own == 0:
        return -1.0
    x = held(gap / m * weight)
    if not abs(x) < 1 / 16:
        return log_of_any(own / m)
    z = x / (x + 2.0)
    square = held(z * z)
    return (z + z) + held(z * square * (held(square * 0.4) + 2 / 3))


def of_mixture(p: Softmax, q: Softmax, options: Options) -> float:
    """Jensen-Shannon divergence of two softmaxes."""
    beta = options.beta or 0.0
    return summed(
        [
            held(of_ratio(a, u, m) * beta) + held(of_ratio(b, v, m) * (1 - beta))
            for a, b, m, u, v in shares(p, q, options)
        ]
    )


def terms(q: Softmax, target: Sequence[float], options: Options) -> list[Term]:
    """Terms of a target that is given."""
    shift = log_of_any(q.total)
    log_q = [held(options.over(one)) - shift for one in q.shifted]
    pairs = zip(log_q, target, strict=True)
    return [term(x, t, log_input=True, log_target=options.log_target) for x, t in pairs]


def derivatives(
    input: Sequence[float], target: Sequence[float], options: Options, factor: float
) -> tuple[Numbers, Numbers]:
    """Derivatives with respect to both, times a factor."""
    if options.beta == 1:
        by_target_first = derivatives(target, input, options._replace(beta=None), factor)
        return by_target_first[1], by_target_first[0]
    q, temperature = softmax(input, options), options.temperature
    if options.beta:
        return of_sides(softmax(target, options), q, options, factor)
    by_logit = factor * (temperature if options.is_scaled else 1 / temperature)
    if options.target_is == "logits":
        p = softmax(target, options)
        pairs = zip(q.probabilities, p.probabilities, strict=True)
        by_input = [held(b) - held(a) for b, a in pairs]
        return [one * by_logit for one in by_input], [
            one * by_logit for one in by_teacher(p, q, options)
        ]
    found = terms(q, target, options)
    weight = summed([one.p for one in found])
    by_input = [held(b * weight) - one.p for b, one in zip(q.probabilities, found, strict=True)]
    by_given = [by_target(one, log_target=options.log_target) for one in found]
    given = factor * options.square
    return [one * by_logit for one in by_input], [one * given for one in by_given]


def by_teacher(p: Softmax, q: Softmax, options: Options) -> Numbers:
    """Derivative with respect to the logits of the target, before it is scaled."""
    pairs = zip(p.shifted, q.shifted, strict=True)
    return centred(p, [held(options.over(x - y)) for x, y in pairs])


def of_sides(p: Softmax, q: Softmax, options: Options, factor: float) -> tuple[Numbers, Numbers]:
    """Derivatives of a Jensen-Shannon divergence."""
    beta = options.beta or 0.0
    scale = options.temperature if options.is_scaled else 1 / options.temperature
    found = shares(p, q, options)
    by_input = centred(q, [v for *_, v in found])
    by_target = centred(p, [u for *_, u, _ in found])
    return (
        [one * (factor * ((1 - beta) * scale)) for one in by_input],
        [one * (factor * (beta * scale)) for one in by_target],
    )


def centred(p: Softmax, e: Numbers) -> Numbers:
    """Probabilities times numbers less their mean."""
    tops = [one for one, a in zip(e, p.exponentials, strict=True) if a == 1]
    at_top = math.nan if any(map(math.isnan, tops)) else max(tops, default=-math.inf)
    e = [one - at_top if a > 0 else 0.0 for one, a in zip(e, p.exponentials, strict=True)]
    mean = summed([a * one for a, one in zip(p.exponentials, e, strict=True)]) / p.total
    return [a * (one - mean) for a, one in zip(p.probabilities, e, strict=True)]
