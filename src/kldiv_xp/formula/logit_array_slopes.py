"""Derivatives of the generalised Jensen-Shannon divergence where beta is an array."""

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.log_probabilities import Guard, factors
from kldiv_xp.formula.logits import centred, log_softmax


def mixture_slope(
    xp: Namespace,
    logits: Array,
    others: Array,
    weight: Array,
    complement: Array,
    *,
    guard: Guard = Guard.FULL,
) -> Array:
    """Derivative by the logits of q: weight q (log q - log m - KL(q || m)), m = weight q + ... p.

    At the ends the divergence is its limit over the smaller weight: a weight of 1 stands for
    KL(p || q), a weight of 0 for KL(q || p).
    """
    log_q, log_p = (log_softmax(xp, one, 1.0) for one in (logits, others))
    q, p = xp.exp(log_q), xp.exp(log_p)
    weight, complement = (xp.astype(one, q.dtype) for one in (weight, complement))
    none, whole = xp.equal(weight, 0), xp.equal(complement, 0)
    m = xp.add(xp.multiply(q, weight), xp.multiply(p, complement))
    log_m = xp.where(none, log_p, xp.log(xp.add(m, xp.astype(xp.equal(m, 0), m.dtype))))
    q, log_ratio = factors(xp, log_m, log_q, log_target=True, guard=guard)
    slope = xp.multiply(centred(xp, q, log_ratio, 1.0), xp.where(none, 1.0, weight))
    return xp.where(whole, xp.subtract(q, p), slope)
