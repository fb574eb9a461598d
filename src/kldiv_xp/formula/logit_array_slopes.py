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
    """Derivative by logits of weight KL(q || m) + complement KL(p || m), m = weight q + ... p.

    q is the softmax of the logits, p that of the others.  A weight of 0 stands for KL(p || q), a
    weight of 1 for KL(q || p).
    """
    log_q, log_p = (log_softmax(xp, one, 1.0) for one in (logits, others))
    q, p = xp.exp(log_q), xp.exp(log_p)
    weight, complement = (xp.astype(one, q.dtype) for one in (weight, complement))
    none, whole = xp.equal(weight, 0), xp.equal(complement, 0)
    m = xp.add(xp.multiply(q, weight), xp.multiply(p, complement))
    log_m = xp.log(xp.add(m, xp.astype(xp.equal(m, 0), m.dtype)))
    q, log_ratio = factors(xp, xp.where(whole, log_p, log_m), log_q, log_target=True, guard=guard)
    slope = xp.multiply(centred(xp, q, log_ratio, 1.0), weight)
    return xp.where(none, xp.subtract(q, p), slope)
