"""Losses as they are published, on JAX: few guards, few options; for mutants."""

import jax
import jax.numpy as jnp


def kl_div(input, target, *, reduction="mean", log_target=False):
    if log_target:
        loss = jnp.exp(target) * (target - input)
    else:
        loss = target * (jnp.where(target == 0, 0, jnp.log(target)) - input)
    if reduction == "none":
        return loss
    if reduction == "mean":
        return jnp.mean(loss)
    total = jnp.sum(loss)
    return total / input.shape[0] if reduction == "batchmean" and input.ndim else total


def kl_div_with_logits(
    input,
    target,
    *,
    temperature=1.0,
    target_is="logits",
    scale_by_temperature_squared=True,
    reduction="batchmean",
    axis=-1,
):
    if target_is != "logits":
        raise NotImplementedError("the teacher gives logits")
    log_q = jax.nn.log_softmax(input / temperature, axis=axis)
    log_p = jax.nn.log_softmax(target / temperature, axis=axis)
    samples = jnp.sum(jnp.exp(log_p) * (log_p - log_q), axis=axis)
    if scale_by_temperature_squared:
        samples = samples * temperature**2
    if reduction == "none":
        return samples
    if reduction == "mean":
        return jnp.mean(samples)
    total = jnp.sum(samples)
    return total / samples.shape[0] if reduction == "batchmean" and samples.ndim else total
