"""Peers that are timed on JAX arrays, all of them jitted: Optax, Keras and ours."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.cases import Case
from benchmarks.operands import mask

Function = Callable[[], object]
Loss = Callable[..., Any]


def ours(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours."""
    from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits

    if case.beta is not None:
        return call(case, partial(js_div_with_logits, beta=case.beta), log_q, target)
    if case.logits:
        return call(case, partial(kl_div_with_logits, reduction=case.reduction), log_q, target)
    options: dict[str, Any] = {"reduction": case.reduction, "log_target": case.log_target}
    if case.rows:
        options["axis"] = -1
    if case.masked:
        return call(case, partial(kl_div, **options), log_q, target, where=mask(case.shape))
    return call(case, partial(kl_div, **options), log_q, target)


def bare(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The expression of the definition alone, summed; of logits without log_softmax."""
    if case.logits:
        return call(case, bare_of_logits, log_q, target)

    def loss(x: jax.Array, p: jax.Array, where: jax.Array | None = None) -> jax.Array:
        x, p = (one.astype(jnp.promote_types(one.dtype, jnp.float32)) for one in (x, p))
        terms = jnp.exp(p) * (p - x) if case.log_target else p * (jnp.log(p) - x)
        if where is not None:
            return jnp.where(where, terms, 0).sum()
        return terms.sum(-1) if case.rows else terms.sum() / len(p)

    masks = {"where": mask(case.shape)} if case.masked else {}
    return call(case, loss, log_q, target, **masks)


def bare_of_logits(x: jax.Array, t: jax.Array) -> jax.Array:
    """KL of logits in two exponentials an element: of nearly equal rows it is noise."""
    x, t = (z - z.max(-1, keepdims=True) for z in (x, t))
    p = jnp.exp(t)
    sum_q, sum_p = jnp.exp(x).sum(-1), p.sum(-1)
    return ((p * (t - x)).sum(-1) / sum_p + jnp.log(sum_q / sum_p)).mean()


def optax_loss(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Optax's loss of each row, averaged; of logits after log_softmax of both."""
    import optax

    if case.logits:
        of_log_space = optax.losses.kl_divergence_with_log_targets
        log = jax.nn.log_softmax
        return call(case, lambda x, t: of_log_space(log(x), log(t)).mean(), log_q, target)
    names = {False: "kl_divergence", True: "kl_divergence_with_log_targets"}
    of_rows = getattr(optax.losses, names[case.log_target])
    if case.masked:

        def of_mask(x: jax.Array, p: jax.Array, where: jax.Array) -> jax.Array:
            return of_rows(x, p, where=where).sum()

        return call(case, of_mask, log_q, target, where=mask(case.shape))
    if case.rows:
        return call(case, of_rows, log_q, target)
    return call(case, lambda x, p: of_rows(x, p).mean(), log_q, target)


def keras_loss(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Keras's loss of each row of probabilities, averaged."""
    import keras

    def loss(q: jax.Array, p: jax.Array) -> jax.Array:
        return keras.losses.kl_divergence(p, q).mean()

    return call(case, loss, np.exp(log_q), target)


def call(
    case: Case, loss: Loss, log_q: np.ndarray, target: np.ndarray, **masks: np.ndarray
) -> Function:
    """The loss of these operands, jitted, with its derivative by the first where the case asks."""
    x, p = (jnp.asarray(array, dtype=case.dtype) for array in (log_q, target))
    masks = {name: jnp.asarray(one) for name, one in masks.items()}
    jitted = jax.jit(jax.value_and_grad(loss) if case.backward else loss)
    return lambda: jax.block_until_ready(jitted(x, p, **masks))
