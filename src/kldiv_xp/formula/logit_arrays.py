"""The mathematics of logits where the temperature or beta is an array, whose value nobody reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.log_probabilities import Guard, factors
from kldiv_xp.formula.logit_array_slopes import mixture_slope
from kldiv_xp.formula.logits import Pairs, log_softmax


def softened(
    xp: Namespace,
    logits: Array,
    temperature: Array,
    where: Array | None = None,
    *,
    constant: Callable[[Array], Array],
) -> Array:
    """Logits, the largest of them 0, over a temperature that is an array; 0 without a sample.

    An infinite logit stays what it is, so by the temperature it has no derivative.
    """
    if where is not None:
        logits = xp.where(where, logits, 0.0)
    shifted = xp.subtract(logits, constant(xp.max(logits, axis=-1, keepdims=True)))
    infinite = xp.isinf(shifted)
    unbounded = xp.divide(shifted, constant(temperature))
    bounded = xp.divide(xp.where(infinite, 0.0, shifted), temperature)
    return xp.where(infinite, unbounded, bounded)


@dataclass(frozen=True, eq=False)
class JSOfArray:
    """`JS` with a beta that is an array, whose value nobody reads."""

    temperature: float | Array
    beta: Array
    of_logits: ClassVar[tuple[bool, bool]] = (True, True)

    @property
    def nothing(self) -> float:
        """See `JS`."""
        return 0.0

    def pairs(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Pairs:
        """Factors of the two divergences, of which an end of beta gives all weight to one."""
        log_q, log_p = (log_softmax(xp, logits, self.temperature) for logits in (input, target))
        first, last = xp.equal(self.beta, 0), xp.equal(self.beta, 1)
        beta, gamma = (xp.astype(one, log_p.dtype) for one in (self.beta, 1 - self.beta))
        m = xp.add(xp.multiply(xp.exp(log_p), beta), xp.multiply(xp.exp(log_q), gamma))
        log_m = xp.log(xp.add(m, xp.astype(xp.equal(m, 0), m.dtype)))
        log_m = xp.where(first, log_q, xp.where(last, log_p, log_m))
        weights = (
            xp.where(first, 1.0, xp.where(last, 0.0, beta)),
            xp.where(last, 1.0, xp.where(first, 0.0, gamma)),
        )
        return [
            (weight, *factors(xp, log_m, log, log_target=True, guard=guard))
            for weight, log in zip(weights, (log_p, log_q), strict=True)
        ]

    def input_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """Derivative by input at a temperature of 1."""
        return mixture_slope(xp, input, target, 1 - self.beta, self.beta, guard=guard)

    def target_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """Derivative by target at a temperature of 1."""
        return mixture_slope(xp, target, input, self.beta, 1 - self.beta, guard=guard)
