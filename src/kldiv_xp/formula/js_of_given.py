"""The Jensen-Shannon divergence of a softmax of logits from a target that is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kldiv_xp._typing import Array, Namespace, TargetKind
from kldiv_xp.formula.any_size import over, times, times_square
from kldiv_xp.formula.jensen_shannon import js_derivative, js_pointwise
from kldiv_xp.formula.kl_of_logits import Attempts
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import row_sum
from kldiv_xp.formula.softmax import log_softmax


@dataclass(frozen=True)
class JSOfGiven:
    """beta KL(p || m) + (1 - beta) KL(q || m), where q is the softmax of input / temperature.

    p is the target, or its exponential, which the temperature does not change.
    """

    temperature: float | Array
    beta: float
    target_is: TargetKind
    scaled: bool = False

    @property
    def nothing(self) -> float:
        """Entries of 1: of probabilities of 0 the divergence is infinite where beta is 1."""
        return 0.0 if self.target_is == "log_probabilities" else 1.0

    @property
    def options(self) -> dict[str, Any]:
        """Those of the entries of tables, of which the input is the logarithm of a softmax."""
        return {
            "beta": self.beta,
            "log_input": True,
            "log_target": self.target_is == "log_probabilities",
        }

    def rows(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """Divergence of every row, whose axis stays."""
        log_q = log_softmax(xp, input, self.temperature)
        rows = row_sum(xp, js_pointwise(xp, log_q, target, **self.options, guard=guard))
        return self.times_square(xp, rows)

    def attempts(self, place: int | None, guard: Guard = Guard.NONE) -> Attempts:
        """As of `KL`: one form for all rows."""
        del guard
        ways = (self.input_gradient, self.target_gradient)
        return [(None, self.rows if place is None else ways[place])]

    wide_attempts = attempts

    @property
    def is_of_logits(self) -> bool:
        """As of `KL`."""
        return False

    def ways(self, place: int | None) -> list[Callable[..., Array]]:
        """The same for kernels."""
        return [way for _, way in self.attempts(place)]

    def times_square(self, xp: Namespace, array: Array) -> Array:
        """Array times the square of the temperature, if that is wanted."""
        if not self.scaled:
            return array
        return times_square(xp, array, self.temperature)

    def input_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """(g - q sum(g)) / T, where g is the derivative by log q."""
        log_q = log_softmax(xp, input, self.temperature)
        derivative = js_derivative(0, xp, log_q, target, **self.options, guard=guard)
        derivative = xp.subtract(derivative, xp.multiply(xp.exp(log_q), row_sum(xp, derivative)))
        if self.scaled:
            return times(xp, derivative, self.temperature)
        return over(xp, derivative, self.temperature)

    def target_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """As that of probabilities, or of their logarithms."""
        log_q = log_softmax(xp, input, self.temperature)
        derivative = js_derivative(1, xp, log_q, target, **self.options, guard=guard)
        return self.times_square(xp, derivative)
