"""The mathematics, and nothing else: the pointwise divergence, and below it its derivatives."""

from kldiv_xp._typing import Array, Namespace


def factors(xp: Namespace, input: Array, target: Array, log_target: bool) -> tuple[Array, Array]:
    """p and log p - log q, whose product is the pointwise divergence.

    Where p is 0 (an exp that underflows included) both are 0, because p log p -> 0 as p -> 0:
    also where log q is infinite, but not where it is NaN. The guards stand before the logarithm
    and the product, so that automatic differentiation never meets 0 * inf.
    """
    p = xp.exp(target) if log_target else target
    zero = p == 0
    log_p = xp.where(zero, 0.0, target) if log_target else xp.log(xp.where(zero, 1.0, p))
    log_ratio = xp.where(zero & ~xp.isnan(input), 0.0, log_p - input)
    return xp.where(zero, 0.0, p), log_ratio


def pointwise(xp: Namespace, input: Array, target: Array, *, log_target: bool) -> Array:
    """p (log p - log q), in nats."""
    p, log_ratio = factors(xp, input, target, log_target)
    return p * log_ratio


def pointwise_input_gradient(
    xp: Namespace, input: Array, target: Array, *, log_target: bool
) -> Array:
    """Derivative of `pointwise` by log q: -p."""
    p, _ = factors(xp, input, target, log_target)
    return -p


def pointwise_target_gradient(
    xp: Namespace, input: Array, target: Array, *, log_target: bool
) -> Array:
    """Derivative of `pointwise` by p, log p - log q + 1; by log p, p (log p - log q + 1)."""
    p, log_ratio = factors(xp, input, target, log_target)
    slope = p * (log_ratio + 1) if log_target else log_ratio + 1
    return xp.where(p == 0, 0.0, slope)
