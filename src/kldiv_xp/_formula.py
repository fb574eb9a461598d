"""The mathematics, and nothing else: the pointwise divergence, and below it its derivatives."""

from enum import IntEnum

from kldiv_xp._typing import Array, Namespace


class Guard(IntEnum):
    """How far `factors` looks out for p = 0; a sum that is not NaN needed no more than it had."""

    NONE = 0
    """p log p is NaN at 0."""

    LOGARITHM = 1
    """p log p is 0 at 0, but p log q is NaN where log q is infinite."""

    FULL = 2
    """Both are 0 at 0, and automatic differentiation never meets 0 * inf."""


# The exponential of this is 0 in every floating-point type.
LOG_OF_ZERO = -1e4


def factors(
    xp: Namespace, input: Array, target: Array, log_target: bool, guard: Guard = Guard.FULL
) -> tuple[Array, Array]:
    """p and log p - log q, whose product is the pointwise divergence.

    Where p is 0 (an exp that underflows included) the full guard makes both 0, because
    p log p -> 0 as p -> 0: also where log q is infinite, but not where it is NaN.
    """
    p = xp.exp(target) if log_target else target
    zero = xp.equal(p, 0) if guard else None
    if log_target:
        log_p = xp.maximum(target, LOG_OF_ZERO) if guard is Guard.LOGARITHM else target
    else:
        log_p = xp.log(xp.add(p, xp.astype(zero, p.dtype)) if guard else p)
    log_ratio = xp.subtract(log_p, input)
    if guard is not Guard.FULL:
        return p, log_ratio
    return xp.where(zero, 0.0, p), xp.where(zero & ~xp.isnan(input), 0.0, log_ratio)


def pointwise(xp: Namespace, input: Array, target: Array, *, log_target: bool) -> Array:
    """p (log p - log q), in nats."""
    p, log_ratio = factors(xp, input, target, log_target)
    return xp.multiply(p, log_ratio)


def pointwise_input_gradient(
    xp: Namespace, input: Array, target: Array, *, log_target: bool
) -> Array:
    """Derivative of `pointwise` by log q: -p."""
    del input
    return xp.negative(xp.exp(target) if log_target else target)


def pointwise_target_gradient(
    xp: Namespace, input: Array, target: Array, *, log_target: bool
) -> Array:
    """Derivative of `pointwise` by p, log p - log q + 1; by log p, p (log p - log q + 1)."""
    p, log_ratio = factors(xp, input, target, log_target)
    slope = xp.add(log_ratio, 1.0)
    return xp.where(xp.equal(p, 0), 0.0, xp.multiply(p, slope) if log_target else slope)
