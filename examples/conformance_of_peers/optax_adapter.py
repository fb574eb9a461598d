"""optax.losses.kl_divergence, which sums over the last axis, called as kl_div is."""

import jax.numpy as jnp
from optax.losses import kl_divergence, kl_divergence_with_log_targets


def kl_div(input, target, *, reduction, log_target):
    divergence = kl_divergence_with_log_targets if log_target else kl_divergence
    if reduction == "none" or input.ndim == 0:  # sums over an axis of size 1 are the terms
        terms = divergence(input[..., None], target[..., None])
    else:
        terms = divergence(input, target)
    parts = {"mean": input.size, "batchmean": (*input.shape, 1)[0]}.get(reduction, 1)
    return terms if reduction == "none" else jnp.sum(terms) / parts
