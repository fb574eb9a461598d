"""The generalised divergence, which adds q - p to each term: never negative, and its derivatives.

A term is p h(d), with d = log p - log q and h(d) = exp(-d) - 1 + d. Where p and q are near each
other it is computed from that, and elsewhere as q + p (d - 1), in which nothing cancels there.
"""

import math
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.log_probabilities import Guard, factors
from kldiv_xp.formula.near_equal import completed_ratio, expm1_ratio, is_small


class Parts(NamedTuple):
    """p and q, log p - log q (0 where p is 0), and what is known of it where p and q are near."""

    p: Array
    q: Array
    log_ratio: Array
    near: Array
    d: Array
    """The same without cancellation where they are near, and 0 elsewhere."""

    p_near: Array
    """p where they are near, and 1 elsewhere."""


def parts(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None,
    *,
    log_input: bool,
    log_target: bool,
) -> Parts:
    """Parts of a term; where the mask is False those of 1 and 1."""
    x = input if where is None else xp.where(where, input, 0.0 if log_input else 1.0)
    p, log_ratio = factors(xp, x, target, where, log_input=log_input, log_target=log_target)
    q = xp.exp(x) if log_input else x
    if log_input and log_target:
        near = is_small(xp, log_ratio) & xp.greater(p, 0)
        p_near, d = xp.where(near, p, 1.0), xp.where(near, log_ratio, 0.0)
        return Parts(p, q, log_ratio, near, d, p_near)
    # The logarithm of a ratio of 4 is small.
    near = xp.less_equal(xp.multiply(q, 0.25), p) & xp.less_equal(xp.multiply(p, 0.25), q)
    near = near & xp.greater(p, 0) & xp.greater(q, 0)  # a quarter of the least numbers is 0
    # 1 where they are not near: automatic differentiation multiplies 0 by what overflows.
    p_near, q_near = xp.where(near, p, 1.0), xp.where(near, q, 1.0)
    d = xp.negative(xp.log1p(xp.divide(xp.subtract(q_near, p_near), p_near)))
    return Parts(p, q, log_ratio, near, d, p_near)


def generalized_pointwise(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    log_target: bool,
    log_input: bool = True,
    guard: Guard = Guard.FULL,
) -> Array:
    """p (log p - log q) - p + q, in nats; 0 where the mask `where` is False."""
    del guard
    p, q, log_ratio, near, d, p_near = parts(
        xp, input, target, where, log_input=log_input, log_target=log_target
    )
    # q outgrows p log q.
    infinite = xp.equal(q, math.inf) & xp.less(target, math.inf) & xp.greater(p, 0)
    p = xp.where(infinite, 0.0, xp.where(xp.equal(p, 0), 0.0, p))
    log_ratio = xp.where(infinite, 0.0, log_ratio)
    far = xp.add(q, xp.multiply(p, xp.subtract(log_ratio, 1.0)))
    square = xp.multiply(d, d)
    close = xp.multiply(xp.multiply(p_near, square), completed_ratio(xp, d))
    return xp.where(near, close, xp.add(far, 0.0))  # q may be -0


def generalized_input_gradient(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    log_target: bool,
    log_input: bool = True,
    guard: Guard = Guard.FULL,
) -> Array:
    """Derivative of `generalized_pointwise`: by log q it is q - p, by q it is 1 - p / q."""
    del guard
    p, q, _, near, d, p_near = parts(
        xp, input, target, where, log_input=log_input, log_target=log_target
    )
    if log_input:
        far = xp.subtract(q, p)
        if not log_target:
            return far
        return xp.where(near, xp.multiply(p_near, xp.multiply(d, expm1_ratio(xp, d))), far)
    q_near = xp.where(near, q, 1.0)
    q = xp.where(xp.equal(q, 0), 0.0, q)  # it may be -0 itself
    far = xp.add(xp.negative(xp.divide(p, xp.where(xp.equal(p, 0), 1.0, q))), 1.0)
    return xp.where(near, xp.divide(xp.subtract(q_near, p_near), q_near), far)


def generalized_target_gradient(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    log_target: bool,
    log_input: bool = True,
    guard: Guard = Guard.FULL,
) -> Array:
    """Derivative of `generalized_pointwise`: by p log p - log q, by log p p times that."""
    del guard
    p, _, log_ratio, near, d, _ = parts(
        xp, input, target, where, log_input=log_input, log_target=log_target
    )
    derivative = xp.where(near, d, log_ratio)
    if log_target:
        derivative = xp.multiply(p, derivative)
    return xp.where(xp.equal(p, 0), 0.0, derivative)
