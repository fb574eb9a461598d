"""Peers that are timed on JAX arrays, all of them jitted: Optax, Keras and ours."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.cases import Case

Function = Callable[[], object]
Loss = Callable[..., Any]


def ours(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours."""
    from kldiv_xp import kl_div, kl_div_with_logits

    if case.logits:
        return call(case, partial(kl_div_with_logits, reduction=case.reduction), log_q, target)

    def loss(x: jax.Array, p: jax.Array) -> jax.Array:
        return kl_div(x, p, reduction=case.reduction, log_target=case.log_target)

    return call(case, loss, log_q, target)


def optax_loss(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Optax's loss of each row, averaged; of logits after log_softmax of both."""
    import optax

    if case.logits:
        of_log_space = optax.losses.kl_divergence_with_log_targets
        log = jax.nn.log_softmax
        return call(case, lambda x, t: of_log_space(log(x), log(t)).mean(), log_q, target)
    names = {False: "kl_divergence", True: "kl_divergence_with_log_targets"}
    of_rows = getattr(optax.losses, names[case.log_target])
    return call(case, lambda x, p: of_rows(x, p).mean(), log_q, target)


def keras_loss(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Keras's loss of each row of probabilities, averaged."""
    import keras

    def loss(q: jax.Array, p: jax.Array) -> jax.Array:
        return keras.losses.kl_divergence(p, q).mean()

    return call(case, loss, np.exp(log_q), target)


def call(case: Case, loss: Loss, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The loss of these operands, jitted, with its derivative by the first where the case asks."""
    x, p = (jnp.asarray(array, dtype=case.dtype) for array in (log_q, target))
    jitted = jax.jit(jax.value_and_grad(loss) if case.backward else loss)
    return lambda: jax.block_until_ready(jitted(x, p))
