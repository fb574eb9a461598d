"""The mathematics of logits where beta is an array, whose value nobody reads."""

from dataclasses import dataclass, replace
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.exact_quotients import USUAL
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import JS, Divergence
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_derivatives import kl_input_gradient, kl_target_gradient
from kldiv_xp.formula.near_kl import kl_rows
from kldiv_xp.formula.near_mixture import js, js_target_gradient


@dataclass(frozen=True, eq=False)
class JSOfArray:
    """`JS` with a beta that is an array, whose value nobody reads."""

    temperature: float | Array
    beta: Array
    scaled: bool = False

    @property
    def nothing(self) -> float:
        """See `JS`."""
        return 0.0

    @property
    def is_of_logits(self) -> bool:
        """As of `KL`."""
        return True

    def rows(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """Divergence of every row, the axis kept; a KL at either end of beta."""
        options = self.temperature, self.scaled, guard
        end, last, weights = ends_and_weights(xp, self.beta, input)
        rows = js(xp, input, target, weights, *options)
        left, right = xp.where(last, target, input), xp.where(last, input, target)
        left, right = those(xp, end, left, right)
        at_end = kl_rows(xp, left, right, *options)
        return xp.where(end, at_end, rows)

    def target_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """Derivative with respect to target."""
        beta = no_narrower(xp, self.beta, input)
        complement = xp.add(xp.negative(beta), 1.0)
        return self.derivative(xp, input, target, beta, complement, guard)

    def input_gradient(
        self, xp: Namespace, input: Array, target: Array, *, guard: Guard = Guard.FULL
    ) -> Array:
        """The same with the operands, and beta and its complement, in each other's place."""
        beta = no_narrower(xp, self.beta, input)
        complement = xp.add(xp.negative(beta), 1.0)
        return self.derivative(xp, target, input, complement, beta, guard)

    def derivative(
        self, xp: Namespace, input: Array, target: Array, beta: Array, gamma: Array, guard: Guard
    ) -> Array:
        """Derivative with respect to target, with these weights; that of KL at the ends of beta."""
        options = self.temperature, self.scaled, guard
        first, last = xp.equal(beta, 0), xp.equal(gamma, 0)
        beta, gamma = (
            xp.astype(xp.where(xp.logical_or(first, last), 0.5, one), input.dtype)
            for one in (beta, gamma)
        )
        weights = Weights(beta, gamma, 0.0)
        derivative = js_target_gradient(xp, input, target, weights, *options)
        left, right = those(xp, last, target, input)
        by_input = kl_input_gradient(xp, left, right, *options)
        left, right = those(xp, first, input, target)
        by_target = kl_target_gradient(xp, left, right, *options)
        return xp.where(first, by_target, xp.where(last, by_input, derivative))


def numbers_that_are_arrays(divergence: Divergence | JSOfArray) -> dict[str, Array]:
    """Temperature and beta, where they are arrays."""
    numbers = (
        {} if isinstance(divergence.temperature, float) else {"temperature": divergence.temperature}
    )
    if isinstance(divergence, JSOfArray):
        numbers["beta"] = divergence.beta
    return numbers


def at_numbers(divergence: Any, numbers: dict[str, float]) -> Any:
    """Divergence with numbers in place of arrays; itself where a type may not hold them."""
    temperature = numbers.get("temperature", divergence.temperature)
    if isinstance(temperature, float) and not 1 / USUAL <= temperature <= USUAL:
        return divergence
    if "beta" in numbers:
        return replace(JS.of(temperature, numbers["beta"]), scaled=divergence.scaled)
    return replace(divergence, **numbers)


def at_arrays(divergence: Any, numbers: dict[str, Array]) -> Any:
    """Divergence of numbers with arrays in place of those that are named."""
    if "beta" not in numbers:
        return replace(divergence, **numbers)
    temperature = numbers.get("temperature", divergence.temperature)
    return JSOfArray(temperature, numbers["beta"], divergence.scaled)


def those(xp: Namespace, condition: Array, left: Array, right: Array) -> tuple[Array, Array]:
    """Logits, or 0, whose divergence has derivatives: automatic differentiation takes 0 of all."""
    return xp.where(condition, left, 0.0), xp.where(condition, right, 0.0)


def no_narrower(xp: Namespace, beta: Array, like: Array) -> Array:
    """Beta in a type that holds the digits of its complement: of 16 bits those are lost."""
    narrow = xp.finfo(beta.dtype).bits < xp.finfo(like.dtype).bits
    return xp.astype(beta, like.dtype) if narrow else beta


def ends_and_weights(xp: Namespace, beta: Array, like: Array) -> tuple[Array, Array, Weights]:
    """Whether beta is 0 or 1, whether it is 1, and its weights, at either end those of 1/2."""
    beta = no_narrower(xp, beta, like)
    last = xp.equal(beta, 1)
    end = xp.logical_or(xp.equal(beta, 0), last)
    return end, last, weights_of(xp, xp.where(end, 0.5, beta), like)


def weights_of(xp: Namespace, beta: Array, like: Array) -> Weights:
    """Beta, its complement, and the entropy of the two, in the type of another array."""
    gamma = xp.add(xp.negative(beta), 1.0)
    beta, gamma = xp.astype(beta, like.dtype), xp.astype(gamma, like.dtype)
    low = xp.minimum(beta, gamma)
    high = xp.multiply(xp.maximum(beta, gamma), xp.log1p(xp.negative(low)))
    log = xp.log(xp.where(xp.greater(low, 0), low, 1.0))
    return Weights(beta, gamma, xp.negative(xp.add(xp.multiply(low, log), high)))
