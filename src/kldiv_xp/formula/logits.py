"""The mathematics of logits: softmax, the divergences of its rows, and their derivatives.

Everything is along the last axis. `pairs` are weights with the two factors of a divergence of
`log_probabilities`: the divergence of a row is the weighted sum of their inner products.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from kldiv_xp._typing import Array, Namespace, TargetKind
from kldiv_xp.formula.log_probabilities import Guard, factors

Pairs = list[tuple[float | Array, Array, Array]]


def log_softmax(xp: Namespace, logits: Array, temperature: float) -> Array:
    """Logarithm of softmax(logits / temperature); -inf stays, and a row of nothing else is NaN."""
    shifted = scaled(xp, logits, temperature)
    return xp.subtract(shifted, xp.log(row_sum(xp, xp.exp(shifted))))


def softmax(xp: Namespace, logits: Array, temperature: float) -> Array:
    """softmax(logits / temperature): 0 where a logit is -inf; a row of nothing else is NaN."""
    exponentials = xp.exp(scaled(xp, logits, temperature))
    return xp.divide(exponentials, row_sum(xp, exponentials))


def scaled(xp: Namespace, logits: Array, temperature: float) -> Array:
    """Logits over the temperature, the largest of them 0.

    It is subtracted first, so that no logit is too large to be divided.
    """
    shifted = xp.subtract(logits, xp.max(logits, axis=-1, keepdims=True))
    return over(xp, shifted, temperature)


def over(xp: Namespace, array: Array, divisor: float) -> Array:
    """Array over a number."""
    return array if divisor == 1 else xp.divide(array, divisor)


def row_sum(xp: Namespace, terms: Array) -> Array:
    """Sum along the last axis, which stays."""
    return xp.sum(terms, axis=-1, keepdims=True)


@dataclass(frozen=True)
class KL:
    """KL(p || q), where q is the softmax of input / temperature."""

    temperature: float | Array
    target_is: TargetKind

    @property
    def of_logits(self) -> tuple[bool, bool]:
        """Whether input and target are logits, which the temperature divides."""
        return True, self.target_is == "logits"

    @property
    def nothing(self) -> float:
        """A target which, in a whole row, makes the divergence 0."""
        return -math.inf if self.target_is == "log_probabilities" else 0.0

    def pairs(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Pairs:
        """Factors of the divergence."""
        log_q = log_softmax(xp, input, self.temperature)
        log_target = self.target_is != "probabilities"
        if self.target_is == "logits":
            target = log_softmax(xp, target, self.temperature)
        return [(1.0, *factors(xp, log_q, target, log_target=log_target, guard=guard))]

    def input_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """(q sum(p) - p) / T, where a p that was given need not sum to 1."""
        del guard
        q = softmax(xp, input, self.temperature)
        if self.target_is == "logits":
            p = softmax(xp, target, self.temperature)
        else:
            p = target if self.target_is == "probabilities" else xp.exp(target)
            q = xp.multiply(q, row_sum(xp, p))
        return over(xp, xp.subtract(q, p), self.temperature)

    def target_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """By logits p (log p - log q - KL) / T; by p and log p as in `log_probabilities`."""
        ((_, p, log_ratio),) = self.pairs(xp, input, target, guard=guard)
        if self.target_is == "logits":
            return centred(xp, p, log_ratio, self.temperature)
        slope = xp.add(log_ratio, 1.0)
        if self.target_is == "log_probabilities":
            slope = xp.multiply(p, slope)
        return slope if guard is Guard.NONE else xp.where(xp.equal(p, 0), 0.0, slope)


@dataclass(frozen=True)
class JS:
    """beta KL(p || m) + gamma KL(q || m), where m = beta p + gamma q and gamma = 1 - beta.

    p is the softmax of target / temperature, q that of input / temperature.  Gamma is a field of
    its own, so that they can change places: 1 - (1 - beta) is 0 for a beta of 1e-17.
    """

    temperature: float | Array
    beta: float
    gamma: float
    of_logits: ClassVar[tuple[bool, bool]] = (True, True)

    @classmethod
    def of(cls, temperature: float, beta: float) -> "JS":
        """Divergence with the complement of beta, rounded once."""
        return cls(temperature, beta, 1 - beta)

    @property
    def nothing(self) -> float:
        """See `KL`; torch.compile(dynamic=True) takes a float of a class for one that changes."""
        return 0.0

    @property
    def mirrored(self) -> "JS":
        """The same divergence with input and target in each other's place."""
        return JS(self.temperature, self.gamma, self.beta)

    def pairs(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Pairs:
        """Factors of the two divergences; at the ends those of KL(p || q) and of KL(q || p)."""
        log_q, log_p = (log_softmax(xp, logits, self.temperature) for logits in (input, target))
        if self.beta == 0 or self.gamma == 0:
            pair = (log_q, log_p) if self.beta == 0 else (log_p, log_q)
            return [(1.0, *factors(xp, *pair, log_target=True, guard=guard))]
        m = xp.add(xp.multiply(xp.exp(log_p), self.beta), xp.multiply(xp.exp(log_q), self.gamma))
        log_m = xp.log(xp.add(m, xp.astype(xp.equal(m, 0), m.dtype)))
        return [
            (weight, *factors(xp, log_m, log, log_target=True, guard=guard))
            for weight, log in ((self.beta, log_p), (self.gamma, log_q))
        ]

    def input_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """gamma q (log q - log m - KL(q || m)) / T; at beta = 0 (q - p) / T."""
        if self.beta == 0:
            return KL(self.temperature, "logits").input_gradient(xp, input, target, guard=guard)
        weight, q, log_ratio = self.pairs(xp, input, target, guard=guard)[-1]
        return xp.multiply(centred(xp, q, log_ratio, self.temperature), weight)

    def target_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """The same with p and q, and beta and gamma, in each other's place."""
        return self.mirrored.input_gradient(xp, target, input, guard=guard)


def centred(xp: Namespace, p: Array, log_ratio: Array, temperature: float) -> Array:
    """p (log_ratio - sum(p log_ratio)) / T: the derivative, by the logits of p, of that sum."""
    mean = row_sum(xp, xp.multiply(p, log_ratio))
    return over(xp, xp.multiply(p, xp.subtract(log_ratio, mean)), temperature)


Divergence = KL | JS
