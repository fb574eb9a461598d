"""Losses in JAX with operands, and the expected values and gradients."""

import numpy as np
import pytest
import reference

from kldiv_xp import kl_div

jax = pytest.importorskip("jax", reason="jax is not installed")
jnp = jax.numpy

BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
REDUCED = pytest.mark.parametrize("reduced", ["sum", "batchmean", "mean"])
SHAPE = (3, 4)


def operands(log_target=False, dtype="float64", *, zeros=True):
    """Distributions with a zero, in JAX."""
    rng = np.random.default_rng(6)
    log_q, p = np.log(rng.dirichlet(np.ones(4), 3)), rng.dirichlet(np.ones(4), 3)
    if zeros:
        p[1] = [0, 0.5, 0, 0.5]
        log_q[1, 0] = -np.inf
    with np.errstate(divide="ignore"):
        target = np.log(p) if log_target else p
    return jnp.asarray(log_q, dtype), jnp.asarray(target, dtype)


def loss_of(log_target=False, reduction="sum"):
    return lambda x, t: kl_div(x, t, reduction=reduction, log_target=log_target)


def expected(log_q, target, log_target=False):
    """Sum of the terms and both derivatives of it, by the contract."""
    pairs = list(zip(np.ravel(log_q), np.ravel(target), strict=True))
    derivatives = np.asarray([reference.gradient(x, t, log_target) for x, t in pairs])
    value = sum(reference.term(x, t, log_target) for x, t in pairs)
    return value, *(derivative.reshape(np.shape(log_q)) for derivative in derivatives.T)
