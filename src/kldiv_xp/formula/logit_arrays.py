"""The mathematics of logits where beta is an array, whose value nobody reads."""

from dataclasses import dataclass
from typing import ClassVar

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_kl import kl_rows
from kldiv_xp.formula.near_mixture import Weights, js


@dataclass(frozen=True, eq=False)
class JSOfArray:
    """`JS` with a beta that is an array, whose value nobody reads; it has no closed derivatives."""

    temperature: float | Array
    beta: Array
    scaled: bool = False
    is_of_logits: ClassVar[bool] = True

    @property
    def nothing(self) -> float:
        """See `JS`."""
        return 0.0

    def rows(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """Divergence of every row, whose axis stays, of which an end of beta is a KL."""
        options = self.temperature, self.scaled, guard
        first, last = xp.equal(self.beta, 0), xp.equal(self.beta, 1)
        beta = xp.where(xp.logical_or(first, last), 0.5, self.beta)
        rows = js(xp, input, target, weights_of(xp, beta, input), *options)
        rows = xp.where(last, kl_rows(xp, target, input, *options), rows)
        return xp.where(first, kl_rows(xp, input, target, *options), rows)


def weights_of(xp: Namespace, beta: Array, like: Array) -> Weights:
    """Beta, its complement, and the entropy of the two, in the type of another array."""
    gamma = xp.add(xp.negative(beta), 1.0)
    beta, gamma = xp.astype(beta, like.dtype), xp.astype(gamma, like.dtype)
    low = xp.minimum(beta, gamma)
    high = xp.multiply(xp.maximum(beta, gamma), xp.log1p(xp.negative(low)))
    log = xp.log(xp.where(xp.greater(low, 0), low, 1.0))
    return Weights(beta, gamma, xp.negative(xp.add(xp.multiply(low, log), high)))
