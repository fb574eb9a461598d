"""The Jensen-Shannon divergence of probabilities that are given, entry by entry.

With m = beta p + gamma q an entry is beta p log(p / m) + gamma q log(q / m), written as in
`near_mixture`: never negative, 0 where q is p, and no larger than where the two share nothing.
Value above, derivatives below.
"""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.generalized import (
    generalized_input_gradient,
    generalized_pointwise,
    generalized_target_gradient,
)
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.mixture_weights import Weights, largest_shares
from kldiv_xp.formula.near_half import Softmaxes
from kldiv_xp.formula.near_mixture import completed, logarithms
from kldiv_xp.formula.small_divisors import quotient_of_probabilities

KL_DERIVATIVES = (generalized_input_gradient, generalized_target_gradient)


def js_pointwise(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    beta: float,
    log_target: bool,
    log_input: bool = True,
    guard: Guard = Guard.FULL,
) -> Array:
    """Entry of the divergence; at the ends of beta that of KL(p || q), and of KL(q || p)."""
    if beta == 0 or beta == 1:  # noqa: PLR1714 - a set would fix a beta that torch.compile keeps open
        x, t = refused(xp, input, log_input), refused(xp, target, log_target)
        if beta == 0:
            return generalized_pointwise(
                xp, x, t, where, log_input=log_input, log_target=log_target
            )
        return generalized_pointwise(  # with the operands in each other's place
            xp, t, x, where, log_input=log_target, log_target=log_input
        )
    both = tables(xp, input, target, where, log_input, log_target, guard)
    gamma = 1 - beta
    logs = logarithms(xp, both, Weights(beta, gamma, 0.0), in_logits=False, guard=Guard.FULL)
    rise = xp.subtract(both.q, both.p)  # m - p = gamma (q - p)
    rise, fall = xp.multiply(rise, gamma), xp.multiply(xp.negative(rise), beta)
    of_p = completed(xp, both.p, (logs.p, logs.p), rise, 1.0, beta)
    of_q = completed(xp, both.q, (logs.q, logs.q), fall, 1.0, gamma)
    entry = xp.add(of_p, of_q)
    of_p, of_q = largest_shares(beta, gamma)
    most = xp.add(xp.multiply(both.p, of_p), xp.multiply(both.q, of_q))
    return xp.where(xp.greater(entry, most), most, entry)


def tables(
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None,
    log_input: bool,
    log_target: bool,
    guard: Guard,
) -> Softmaxes:
    """Two tables of probabilities, and how they differ; where the mask is False they are both 1."""
    x, t = input, target
    if where is not None:
        x = xp.where(where, x, 0.0 if log_input else 1.0)
        t = xp.where(where, t, 0.0 if log_target else 1.0)
    p, q = (probability(xp, one, log) for one, log in ((t, log_target), (x, log_input)))
    both = xp.add(p, q)
    tangent = quotient_of_probabilities(xp, xp.subtract(p, q), both, guard)
    # A logarithm of what is 0, and of what has no logarithm, is not needed.
    shared = xp.greater(p, 0) & xp.greater(q, 0)
    log_p, log_q = (
        xp.where(shared, one, 0.0) if log else xp.log(xp.where(shared, value, 1.0))
        for one, value, log in ((t, p, log_target), (x, q, log_input))
    )
    # That of a NaN is none, though no comparison is true of it.
    ratio = xp.where(xp.equal(both, both), xp.subtract(log_p, log_q), math.nan)
    if log_input and log_target:
        tangent = xp.where(shared, xp.tanh(xp.multiply(ratio, 0.5)), tangent)
    else:  # the difference of logarithms that are rounded is not exact where they nearly agree
        near = xp.less_equal(xp.abs(tangent), 0.5)
        short = xp.where(near, tangent, 0.0)
        exact = xp.subtract(xp.log1p(short), xp.log1p(xp.negative(short)))
        ratio = xp.where(near, exact, ratio)
    return Softmaxes(p, q, p, q, ratio, ratio, tangent, ratio)


def probability(xp: Namespace, table: Array, log: bool) -> Array:
    """Probabilities of a table, NaN where they are negative."""
    return xp.exp(table) if log else refused(xp, table, log)


def refused(xp: Namespace, table: Array, log: bool) -> Array:
    """The table, with NaN for negative probabilities."""
    return table if log else xp.where(xp.less(table, 0), math.nan, table)


def js_derivative(
    place: int,
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    beta: float,
    log_target: bool,
    log_input: bool = True,
    guard: Guard = Guard.FULL,
) -> Array:
    """Derivative of an entry with respect to input (0) or target (1); at the ends those of KL.

    For p it is beta log(p / m), for log p it is p times that, and 0 where p is 0; for q its weight
    is in the place of beta.
    """
    if beta == 0 or beta == 1:  # noqa: PLR1714
        x, t = refused(xp, input, log_input), refused(xp, target, log_target)
        if beta == 0:
            value = KL_DERIVATIVES[place](
                xp, x, t, where, log_input=log_input, log_target=log_target
            )
        else:  # with the operands in each other's place
            value = KL_DERIVATIVES[1 - place](
                xp, t, x, where, log_input=log_target, log_target=log_input
            )
        value = without_shared_zeros(xp, value, (x, t), (log_input, log_target), place)
        return with_missing(xp, value, x, t, where)
    both = tables(xp, input, target, where, log_input, log_target, guard)
    of_log = (log_input, log_target)[place]
    return derivative(xp, both, Weights(beta, 1 - beta, 0.0), 1 - place, of_log)


def without_shared_zeros(
    xp: Namespace, value: Array, both: tuple[Array, Array], logs: tuple[bool, bool], place: int
) -> Array:
    """Derivative with respect to a probability; 0 where both are 0, as for every other beta."""
    if logs[place]:
        return value
    lacks = [
        xp.equal(table, -math.inf if log else 0.0) for table, log in zip(both, logs, strict=True)
    ]
    return xp.where(lacks[0] & lacks[1], 0.0, value)


def with_missing(
    xp: Namespace, derivative: Array, input: Array, target: Array, where: Array | None
) -> Array:
    """Derivative, NaN where an operand is, also of an entry whose own probability is 0."""
    present = xp.equal(input, input) & xp.equal(target, target)
    if where is not None:
        present = present | xp.logical_not(where)
    return xp.where(present, derivative, math.nan)


def derivative(xp: Namespace, both: Softmaxes, weights: Weights, place: int, log: bool) -> Array:
    """Weight times log(p / m), of p (0) or q (1); times p where its logarithm is what is given."""
    logs = logarithms(xp, both, weights, in_logits=False, guard=Guard.FULL)
    one = (both.p, both.q)[place]
    value = xp.multiply((logs.p, logs.q)[place], weights[place])
    if log:
        value = xp.multiply(one, value)
    is_present = xp.equal(both.log_ratio, both.log_ratio)
    return xp.where(xp.equal(one, 0) & is_present, 0.0, value)
