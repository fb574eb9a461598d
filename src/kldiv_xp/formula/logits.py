"""The mathematics of logits: the divergences of their rows, and their derivatives.

Everything is along the last axis.  Divergences of two rows of logits are those of `near_kl`,
`near_half` and `near_mixture`; from a target that is given it is the inner product of the factors
of `log_probabilities`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from kldiv_xp._typing import Array, Namespace, TargetKind
from kldiv_xp.formula.log_probabilities import Guard, factors
from kldiv_xp.formula.near_equal import over, row_sum, times
from kldiv_xp.formula.near_half import js_at_half
from kldiv_xp.formula.near_kl import kl_rows
from kldiv_xp.formula.near_look import close_kl, close_slope, far_js, far_kl, far_slope, looks_close
from kldiv_xp.formula.near_mixture import Weights, js, js_target_gradient
from kldiv_xp.formula.near_slopes import kl_input_gradient, kl_target_gradient
from kldiv_xp.formula.softmax import log_softmax, softmax

Attempts = list[tuple[Callable[..., Array] | None, Callable[..., Array]]]
"""Which rows they suit, if not all, and functions (xp, input, target) to a result of each row."""


@dataclass(frozen=True)
class KL:
    """KL(p || q), where q is the softmax of input / temperature; times its square if scaled."""

    temperature: float | Array
    target_is: TargetKind
    scaled: bool = False

    @property
    def nothing(self) -> float:
        """A target which, in a whole row, makes the divergence 0."""
        return -math.inf if self.target_is == "log_probabilities" else 0.0

    @property
    def is_of_logits(self) -> bool:
        """Whether both operands are logits."""
        return self.target_is == "logits"

    def factors(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> tuple[Array, Array]:
        """Factors of the divergence from a target that is given."""
        log_q = log_softmax(xp, input, self.temperature)
        log_target = self.target_is == "log_probabilities"
        return factors(xp, log_q, target, log_target=log_target, guard=guard)

    def rows(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """Divergence of every row, whose axis stays."""
        if self.is_of_logits:
            options = self.temperature, self.scaled, guard
            return kl_rows(xp, input, target, *options)
        return self.times_square(
            xp, row_sum(xp, xp.multiply(*self.factors(xp, input, target, guard=guard)))
        )

    def attempts(self, place: int | None) -> Attempts:
        """Ways to the rows, or to the derivative by an operand, for those who look at values."""
        if place == 1 or not self.is_of_logits:
            return guarded(self, place)
        close, far = (close_kl, far_kl) if place is None else (close_slope, far_slope)
        return [
            (
                partial(looks_close, temperature=self.temperature),
                partial(close, temperature=self.temperature, scaled=self.scaled),
            ),
            (None, partial(far, temperature=self.temperature, scaled=self.scaled)),
            *guarded(self, place)[1:],
        ]

    def times_square(self, xp: Namespace, array: Array) -> Array:
        """Array times the square of the temperature, if that is wanted."""
        if not self.scaled:
            return array
        return times(xp, times(xp, array, self.temperature), self.temperature)

    def input_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """(q sum(p) - p) / T, where a p that was given need not sum to 1."""
        if self.is_of_logits:
            return kl_input_gradient(xp, input, target, self.temperature, self.scaled, guard)
        p = target if self.target_is == "probabilities" else xp.exp(target)
        q = xp.multiply(softmax(xp, input, self.temperature), row_sum(xp, p))
        slope = xp.subtract(q, p)
        if self.scaled:
            return times(xp, slope, self.temperature)
        return over(xp, slope, self.temperature)

    def target_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """By logits p (log p - log q - KL) / T; by p and log p as in `log_probabilities`."""
        if self.is_of_logits:
            return kl_target_gradient(xp, input, target, self.temperature, self.scaled, guard)
        p, log_ratio = self.factors(xp, input, target, guard=guard)
        slope = xp.add(log_ratio, 1.0)
        if self.target_is == "log_probabilities":
            slope = xp.multiply(p, slope)
        slope = slope if guard is Guard.NONE else xp.where(xp.equal(p, 0), 0.0, slope)
        return self.times_square(xp, slope)


@dataclass(frozen=True)
class JS:
    """beta KL(p || m) + gamma KL(q || m), where m = beta p + gamma q and gamma = 1 - beta.

    p is the softmax of target / temperature, q that of input / temperature.  Gamma is a field of
    its own, so that they can change places: 1 - (1 - beta) is 0 for a beta of 1e-17.
    """

    temperature: float | Array
    beta: float
    gamma: float
    scaled: bool = False
    is_of_logits: ClassVar[bool] = True

    @classmethod
    def of(cls, temperature: float | Array, beta: float) -> "JS":
        """Divergence with the complement of beta, rounded once."""
        return cls(temperature, beta, 1 - beta)

    @property
    def nothing(self) -> float:
        """See `KL`; torch.compile(dynamic=True) takes a float of a class for one that changes."""
        return 0.0

    @property
    def mirrored(self) -> "JS":
        """The same divergence with input and target in each other's place."""
        return JS(self.temperature, self.gamma, self.beta, self.scaled)

    @property
    def weights(self) -> Weights:
        """Beta, gamma, and the largest divergence that there is: the entropy of the two.

        Not gamma log gamma, which is 0 for a beta of 1e-17: right values were cut by 2.5 %.
        """
        low, high = sorted((self.beta, self.gamma))
        return Weights(self.beta, self.gamma, -(low * math.log(low) + high * math.log1p(-low)))

    def rows(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """Divergence of every row, whose axis stays; at the ends KL(p || q) and KL(q || p)."""
        options = self.temperature, self.scaled, guard
        if self.beta == 0:
            return kl_rows(xp, input, target, *options)
        if self.gamma == 0:
            return kl_rows(xp, target, input, *options)
        if self.beta == self.gamma:
            return js_at_half(xp, input, target, *options)
        return js(xp, input, target, self.weights, *options)

    def attempts(self, place: int | None) -> Attempts:
        """As of `KL`."""
        if self.beta == 0:
            return KL(self.temperature, "logits", self.scaled).attempts(place)
        if self.gamma == 0:
            place = None if place is None else 1 - place
            return [
                (suits and exchanged(suits), exchanged(attempt))
                for suits, attempt in KL(self.temperature, "logits", self.scaled).attempts(place)
            ]
        bare, full = guarded(self, place)
        if place is not None:
            return [bare, full]
        look = partial(looks_close, temperature=self.temperature)
        far = partial(
            far_js, weights=self.weights, temperature=self.temperature, scaled=self.scaled
        )
        return [(look, bare[1]), (None, far), full]

    def target_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """beta p (log p - log m - KL(p || m)) / T; at the ends those of KL."""
        options = self.temperature, self.scaled, guard
        if self.beta == 0:
            return kl_target_gradient(xp, input, target, *options)
        if self.gamma == 0:
            return kl_input_gradient(xp, target, input, *options)
        return js_target_gradient(xp, input, target, self.weights, *options)

    def input_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """The same with p and q, and beta and gamma, in each other's place."""
        return self.mirrored.target_gradient(xp, target, input, guard=guard)


def guarded(divergence: KL | JS, place: int | None) -> Attempts:
    """A way without a guard, and one that is always right."""
    ways = (divergence.input_gradient, divergence.target_gradient)
    way = divergence.rows if place is None else ways[place]
    return [(None, partial(way, guard=guard)) for guard in (Guard.NONE, Guard.FULL)]


def exchanged(function: Callable[..., Array]) -> Callable[..., Array]:
    """Function (xp, input, target) with the operands in each other's place."""
    return lambda xp, *operands: function(xp, *reversed(operands))


Divergence = KL | JS
