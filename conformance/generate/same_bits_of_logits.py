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
    q = softmax(input, options)
    if options.target_is == "logits":
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
        if abs(d) < 1 / 16:
            root = d / (d + 6.0)
            found.append(a * (root * root * 18.0))
        else:
            found.append(held(a * (d - 1.0)) + held(b * ratio))
    value = summed(found) / p.total
    return 0.0 if value < 0 else value


def terms(q: Softmax, target: Sequence[float], options: Options) -> list[Term]:
    """Terms of a target that is given."""
    shift = log_of_any(q.total)
    log_q = [held(options.over(one)) - shift for one in q.shifted]
    pairs = zip(log_q, target, strict=True)
    return [term(x, t, log_input=True, log_target=options.log_target) for x, t in pairs]


def slopes(
    input: Sequence[float], target: Sequence[float], options: Options, factor: float
) -> tuple[Numbers, Numbers]:
    """Derivatives with respect to both, times a factor."""
    q, temperature = softmax(input, options), options.temperature
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
    pairs = list(zip(p.shifted, q.shifted, p.exponentials, strict=True))
    e = [held(options.over(x - y)) for x, y, _ in pairs]
    tops = [one for one, a in zip(e, p.exponentials, strict=True) if a == 1]
    at_top = math.nan if any(map(math.isnan, tops)) else max(tops, default=-math.inf)
    e = [one - at_top if a > 0 else 0.0 for one, a in zip(e, p.exponentials, strict=True)]
    mean = summed([a * one for a, one in zip(p.exponentials, e, strict=True)]) / p.total
    return [a * (one - mean) for a, one in zip(p.probabilities, e, strict=True)]
