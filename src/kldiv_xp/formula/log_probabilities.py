"""The mathematics, and nothing else: the pointwise divergence, and below it its derivatives."""

import math
from enum import IntEnum

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.without_comparisons import LOG_OF_ZERO, ratio_by_arithmetic


class Guard(IntEnum):
    """How much the formula guards against p = 0.

    The result of a weaker guard is valid if the sum is not NaN (sums), or every element is finite
    (terms, derivatives).
    """

    NONE = 0
    """p log p is NaN at 0."""

    LOGARITHM = 1
    """p log p is 0 at 0, but p log q is NaN where log q is infinite."""

    FULL = 2
    """Both are 0 at 0, nothing makes a NaN on the way, and automatic differentiation neither."""

    ARITHMETIC = 3
    """The product of the factors is that of `FULL`, by arithmetic alone, without a comparison."""

    RESULT = 4
    """Of terms and derivatives: what comes out is chosen last, and NaN may arise on the way.

    For compilers, where nothing is differentiated automatically: in a loop with vectors of 512 bits
    the logarithm of what was chosen takes 2.5 times as long (512 x 32000 float32 under
    torch.compile 17 ms, and 8 like this; F.kl_div 10).
    """


ONE_AFTER_THE_OTHER = (Guard.NONE, Guard.LOGARITHM, Guard.FULL)
"""For those who look at what came out: from the cheapest guard to one that is enough."""


def factors(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    log_target: bool,
    log_input: bool = True,
    guard: Guard = Guard.FULL,
) -> tuple[Array, Array]:
    """p and log p - log q, whose product is the pointwise divergence.

    Where p is 0 (an exp that underflows included) the full guard makes both logarithms 0, because
    p log p -> 0 as p -> 0: also where log q is infinite, but not where it is NaN.
    """
    of_one = 0.0 if log_input else 1.0
    x = input
    if where is not None:  # 1 (log 1 - log 1) = 0
        x = xp.where(where, x, of_one)
        target = xp.where(where, target, 0.0 if log_target else 1.0)
    p = xp.exp(target) if log_target else target
    if guard is Guard.FULL:  # of the operands, since inf - inf is reported by JAX's debuggers
        # Equal to itself: not NaN. torch.compile leaves its vector loop for isnan (11 ms, not 6),
        # and converts masks of float64 by way of integers to join them (52 ms, not 30).
        is_valid = xp.equal(x, x) if log_input else xp.greater_equal(x, 0)
        x = xp.where(xp.equal(p, 0), xp.where(is_valid, of_one, x), x)
    log_q = x if log_input else xp.log(x)
    if guard is Guard.ARITHMETIC:
        return p, ratio_by_arithmetic(xp, p, log_q, target if log_target else None)
    # No name for log p: what nobody holds, the difference may overwrite.
    return p, xp.subtract(logarithm(xp, p, target, log_target, guard), log_q)


def logarithm(xp: Namespace, p: Array, target: Array, log_target: bool, guard: Guard) -> Array:
    """log p; with a guard something finite where p is 0, with the full one 0."""
    if not log_target:
        return xp.log(xp.add(p, xp.astype(xp.equal(p, 0), p.dtype)) if guard else p)
    if guard is Guard.FULL:
        return xp.where(xp.equal(p, 0), 0.0, target)
    return xp.maximum(target, LOG_OF_ZERO) if guard is Guard.LOGARITHM else target


def pointwise(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    log_target: bool,
    log_input: bool = True,
    guard: Guard = Guard.FULL,
) -> Array:
    """p (log p - log q), in nats; 0 where the mask `where` is False."""
    if guard is Guard.RESULT:
        return chosen_terms(xp, input, target, where, log_target, log_input)
    p, log_ratio = factors(
        xp, input, target, where, log_target=log_target, log_input=log_input, guard=guard
    )
    if log_target:  # Where the exponential is 0 a negative ratio would make it -0.
        return xp.add(xp.multiply(p, log_ratio), 0.0)
    # A target may be -0 itself.
    p = p if guard is Guard.NONE else xp.where(xp.equal(p, 0), 0.0, p)
    return xp.multiply(p, log_ratio)


def chosen_terms(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None,
    log_target: bool,
    log_input: bool,
) -> Array:
    """The same, where 0 is chosen last."""
    p, log_ratio = factors(
        xp, input, target, log_target=log_target, log_input=log_input, guard=Guard.NONE
    )
    is_valid = xp.equal(input, input) if log_input else xp.greater_equal(input, 0)
    # Not the ratio: what is used twice Inductor keeps, and a sum for each row took 29 ms, not 8.
    at_zero = xp.where(is_valid, 0.0, xp.multiply(input, math.nan))
    terms = xp.where(xp.equal(p, 0), at_zero, xp.multiply(p, log_ratio))
    return terms if where is None else xp.where(where, terms, 0.0)


def pointwise_input_gradient(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    log_target: bool,
    log_input: bool = True,
    guard: Guard = Guard.FULL,
) -> Array:
    """Derivative of `pointwise` where the mask is True: by log q it is -p, by q it is -p / q."""
    if where is not None:
        target = xp.where(where, target, 0.0)
    p = xp.exp(target) if log_target else target
    if log_input:
        return xp.negative(p)
    if guard is Guard.NONE:
        return xp.negative(xp.divide(p, input))
    is_zero = xp.equal(p, 0)
    q = xp.where(xp.equal(input, 0), 0.0, input)  # it may be -0 itself
    return xp.where(is_zero, 0.0, xp.negative(xp.divide(p, xp.where(is_zero, 1.0, q))))


def pointwise_target_gradient(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    log_target: bool,
    log_input: bool = True,
    guard: Guard = Guard.FULL,
) -> Array:
    """Derivative of `pointwise` where the mask is True.

    By p it is log p - log q + 1, by log p it is p (log p - log q + 1).
    """
    inner, chosen = (Guard.NONE, None) if guard is Guard.RESULT else (guard, where)
    p, log_ratio = factors(
        xp, input, target, chosen, log_target=log_target, log_input=log_input, guard=inner
    )
    derivative = xp.add(log_ratio, 1.0)
    if log_target:
        derivative = xp.add(xp.multiply(p, derivative), 0.0)
    return derivative if guard is Guard.NONE else xp.where(xp.equal(p, 0), 0.0, derivative)
