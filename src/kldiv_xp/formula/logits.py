"""The mathematics of logits: the divergences of their rows, and their derivatives.

Everything is along the last axis.  Divergences of two rows of logits are those of `near_kl`,
`near_half` and `near_mixture`; from a target that is given it is the inner product of the factors
of `log_probabilities`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.far_mixtures import far_js, far_js_derivative
from kldiv_xp.formula.js_of_given import JSOfGiven
from kldiv_xp.formula.kl_of_logits import KL, Attempts, guarded
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.mixture_weights import Weights, largest_shares
from kldiv_xp.formula.near_close_half import close_js
from kldiv_xp.formula.near_derivatives import kl_input_gradient, kl_target_gradient
from kldiv_xp.formula.near_half import js_at_half
from kldiv_xp.formula.near_kl import kl_rows
from kldiv_xp.formula.near_look import js_of_logarithms, looks_close
from kldiv_xp.formula.near_mixture import js, js_target_gradient
from kldiv_xp.formula.near_pairs import unrounded_pair
from kldiv_xp.formula.near_rows import (
    LEAST_WEIGHT,
    near_js,
    near_js_beside,
    near_js_derivative,
)
from kldiv_xp.formula.wide_rows import wide_js, wide_js_derivative

__all__ = ["JS", "KL", "Divergence", "JSOfGiven"]


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

    @classmethod
    def of(cls, temperature: float | Array, beta: float) -> "JS":
        """Divergence with the complement of beta, rounded once."""
        return cls(temperature, beta, 1 - beta)

    @property
    def nothing(self) -> float:
        """See `KL`; torch.compile(dynamic=True) takes a float of a class for one that changes."""
        return 0.0

    @property
    def is_of_logits(self) -> bool:
        """As of `KL`."""
        return True

    @property
    def mirrored(self) -> "JS":
        """The same divergence with input and target in each other's place."""
        return JS(self.temperature, self.gamma, self.beta, self.scaled)

    @property
    def weights(self) -> Weights:
        """Beta, gamma, and the largest divergence that there is: the entropy of the two."""
        return Weights(self.beta, self.gamma, sum(largest_shares(self.beta, self.gamma)))

    @property
    def is_balanced(self) -> bool:
        """Whether neither distribution is of so little weight that the cheap forms lose digits."""
        return min(self.beta, self.gamma) >= LEAST_WEIGHT

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

    def attempts(self, place: int | None, guard: Guard = Guard.NONE) -> Attempts:
        """As of `KL`."""
        if 0 in {self.beta, self.gamma}:
            return self.of_end(KL.attempts, place, guard)
        bare, full = guarded(self, place)
        if place is not None:
            return [bare, full][guard > Guard.NONE :]
        options: dict[str, Any] = {"temperature": self.temperature, "scaled": self.scaled}
        look = partial(looks_close, temperature=self.temperature)
        far = partial(js_of_logarithms, weights=self.weights, guard=guard, **options)
        close = [(look, partial(close_js, **options))] if self.beta == self.gamma else []
        return [*close, (look, bare[1]), (None, far), full]

    def wide_attempts(self, place: int | None, guard: Guard = Guard.NONE) -> Attempts:
        """As of `KL`."""
        if 0 in {self.beta, self.gamma}:
            return self.of_end(KL.wide_attempts, place, guard)
        first = partial(self.way(wide_js, wide_js_derivative, place), guard=guard)
        return [(None, first), *guarded(self, place)[1:]]

    def of_end(
        self, attempts: Callable[..., Attempts], place: int | None, guard: Guard
    ) -> Attempts:
        """Attempts of `KL` at an end of beta."""
        kl = KL(self.temperature, "logits", self.scaled)
        if self.beta == 0:
            return attempts(kl, place, guard)
        return [
            (suits and exchanged(suits), exchanged(attempt))
            for suits, attempt in attempts(kl, None if place is None else 1 - place, guard)
        ]

    def ways(self, place: int | None) -> list[Callable[..., Array]]:
        """As of `KL`."""
        if 0 in {self.beta, self.gamma}:
            is_kl = self.beta == 0
            place = place if is_kl or place is None else 1 - place
            ways = KL(self.temperature, "logits", self.scaled).ways(place)
            return ways if is_kl else [exchanged(one) for one in ways]
        full = guarded(self, place)[1][1]
        if not self.is_balanced:
            return [full] * 3
        near = self.way(near_js, near_js_derivative, place)
        return [self.way(far_js, far_js_derivative, place), near, full]

    def ways_beside(self) -> list[Callable[..., Array]]:
        """Ways to the value that share the exponentials of the ways to both derivatives."""
        ways = self.ways(None)
        if not self.is_balanced:
            return ways
        far = partial(far_js, exponentials=unrounded_pair)
        beside = [self.way(way, near_js_derivative, None) for way in (far, near_js_beside)]
        return [*beside, ways[-1]]

    def way(
        self, value: Callable[..., Array], derivative: Callable[..., Array], place: int | None
    ) -> Callable[..., Array]:
        """A function (xp, input, target) to the value, or to a derivative."""
        options: dict[str, Any] = {"temperature": self.temperature, "scaled": self.scaled}
        if place is None:
            return partial(value, weights=self.weights, **options)
        return partial(derivative, weights=self.weights, place=place, **options)

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


def exchanged(function: Callable[..., Array]) -> Callable[..., Array]:
    """Function (xp, input, target) with the operands in each other's place."""
    return lambda xp, *operands: function(xp, *reversed(operands))


Divergence = KL | JS | JSOfGiven
