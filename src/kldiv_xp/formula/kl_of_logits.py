"""KL(p || q), where q, and p or not, are softmaxes of logits: value and derivatives."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Namespace, TargetKind
from kldiv_xp.formula.any_size import over, times, times_square
from kldiv_xp.formula.exact_quotients import is_power_of_two
from kldiv_xp.formula.far_rows import far_derivative, far_kl, is_narrow
from kldiv_xp.formula.log_probabilities import Guard, factors
from kldiv_xp.formula.near_derivatives import kl_input_gradient, kl_target_gradient
from kldiv_xp.formula.near_equal import row_sum
from kldiv_xp.formula.near_kl import kl_rows
from kldiv_xp.formula.near_look import close_derivative, close_kl, looks_close
from kldiv_xp.formula.near_pairs import pair_of
from kldiv_xp.formula.near_rows import near_derivative, near_kl
from kldiv_xp.formula.softmax import log_softmax, softmax
from kldiv_xp.formula.wide_rows import wide_input_derivative, wide_kl, wide_target_derivative

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

    def attempts(self, place: int | None, guard: Guard = Guard.NONE) -> Attempts:
        """Forms of the rows, or of a gradient, for backends that may look at values.

        With a guard those of rows that lack classes, whose bare forms are NaN.
        """
        if place == 1 or not self.is_of_logits:
            return guarded(self, place, guard)
        options: dict[str, Any] = {"temperature": self.temperature, "scaled": self.scaled}
        look, narrow = partial(looks_close, temperature=self.temperature), []
        if place == 0:  # which has no logarithm
            close, far = partial(close_derivative, **options), partial(far_derivative, **options)
            if isinstance(self.temperature, float) and not is_power_of_two(self.temperature):
                suits = partial(is_narrow, temperature=self.temperature)
                narrow = [(suits, partial(far, paired=pair_of))]
        else:
            close, far = partial(close_kl, **options), partial(far_kl, guard=guard, **options)
        return [(look, close), *narrow, (None, far), *guarded(self, place)[1:]]

    def wide_attempts(self, place: int | None, guard: Guard = Guard.NONE) -> Attempts:
        """The same for rows of two logits in a type with twice their digits."""
        options: dict[str, Any] = {"temperature": self.temperature, "scaled": self.scaled}
        if place == 0:
            first = partial(wide_input_derivative, **options)
        else:
            way = wide_kl if place is None else wide_target_derivative
            first = partial(way, guard=guard, **options)
        return [(None, first), *guarded(self, place)[1:]]

    def ways(self, place: int | None) -> list[Callable[..., Array]]:
        """The same for kernels, which share what the forms have in common: as many for each place.

        Given probabilities may well be 0, where only the last is right.
        """
        forms = forms_without_a_look(self, place)
        first, last = forms[0], forms[-1]
        if not self.is_of_logits:
            return [last]
        near = near_kl if place is None else near_derivative
        options: dict[str, Any] = {"temperature": self.temperature, "scaled": self.scaled}
        return [first, last if place == 1 else partial(near, **options), last]

    def times_square(self, xp: Namespace, array: Array) -> Array:
        """Array times the square of the temperature, if that is wanted."""
        if not self.scaled:
            return array
        return times_square(xp, array, self.temperature)

    def input_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """(q sum(p) - p) / T, where a p that was given need not sum to 1."""
        if self.is_of_logits:
            return kl_input_gradient(xp, input, target, self.temperature, self.scaled, guard)
        p = target if self.target_is == "probabilities" else xp.exp(target)
        q = xp.multiply(softmax(xp, input, self.temperature), row_sum(xp, p))
        derivative = xp.subtract(q, p)
        if self.scaled:
            return times(xp, derivative, self.temperature)
        return over(xp, derivative, self.temperature)

    def target_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """By logits p (log p - log q - KL) / T; by p and log p as in `log_probabilities`."""
        if self.is_of_logits:
            return kl_target_gradient(xp, input, target, self.temperature, self.scaled, guard)
        p, log_ratio = self.factors(xp, input, target, guard=guard)
        derivative = xp.add(log_ratio, 1.0)
        if self.target_is == "log_probabilities":
            derivative = xp.multiply(p, derivative)
        derivative = (
            derivative if guard is Guard.NONE else xp.where(xp.equal(p, 0), 0.0, derivative)
        )
        return self.times_square(xp, derivative)


def forms_without_a_look(divergence: Any, place: int | None) -> list[Callable[..., Array]]:
    """Forms that any row may be tried by, the cheapest first, and which lacking classes suit."""
    attempts: Attempts = divergence.attempts(place, Guard.LOGARITHM)
    return [form for suits, form in attempts if suits is None]


def guarded(divergence: Any, place: int | None, first: Guard = Guard.NONE) -> Attempts:
    """A way with a guard or without, and one that is always right."""
    ways = (divergence.input_gradient, divergence.target_gradient)
    way = divergence.rows if place is None else ways[place]
    return [(None, partial(way, guard=guard)) for guard in (first, Guard.FULL)]
