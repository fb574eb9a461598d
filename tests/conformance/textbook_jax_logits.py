"""A plain divergence from logits on JAX, with a gradient of its own, for mutants."""

import jax
import jax.numpy as jnp


@jax.custom_vjp
def row_divergence(x, t):
    log_q, log_p = jax.nn.log_softmax(x), jax.nn.log_softmax(t)
    return jnp.sum(jnp.where(jnp.isneginf(log_p), 0, jnp.exp(log_p) * (log_p - log_q)), axis=-1)


def forward(x, t):
    return row_divergence(x, t), (x, t)


def backward(saved, upstream):
    log_q, log_p = (jax.nn.log_softmax(side) for side in saved)
    p, q = jnp.exp(log_p), jnp.exp(log_q)
    ratio = jnp.where(p == 0, 0, log_p - log_q)
    by_input = q - p
    by_target = p * (ratio - jnp.sum(p * ratio, axis=-1, keepdims=True))
    return by_input * upstream[..., None], by_target * upstream[..., None]


row_divergence.defvjp(forward, backward)


def kl_div_with_logits(
    input,
    target,
    *,
    target_is="logits",
    temperature=1.0,
    axis=-1,
    scale_by_temperature_squared=True,
    reduction="batchmean",
    where=None,
):
    if target_is != "logits":
        raise NotImplementedError("the target is logits")
    dtype = jnp.promote_types(input.dtype, target.dtype)
    wide = jnp.promote_types(dtype, jnp.float32)
    x, t = (jnp.moveaxis(side, axis, -1).astype(wide) for side in (input, target))
    chosen = jnp.ones(x.shape[:-1], dtype=bool)
    if where is not None:
        where = jnp.expand_dims(where, axis) if where.ndim < x.ndim else where
        chosen = jnp.moveaxis(where, axis, -1)[..., 0]
        x, t = (jnp.where(chosen[..., None], side, 0) for side in (x, t))
    x, t = ((side - jnp.max(side, -1, keepdims=True)) / temperature for side in (x, t))
    samples = jnp.where(chosen, row_divergence(x, t), 0)
    samples = samples * temperature**2 if scale_by_temperature_squared else samples
    if reduction == "none":
        return samples.astype(dtype)
    total = jnp.sum(samples)
    return (total / logit_divisor(reduction, chosen)).astype(dtype)


def logit_divisor(reduction, chosen):
    if reduction == "mean":
        return jnp.maximum(jnp.sum(chosen), 1) if chosen.size else jnp.nan
    return chosen.shape[0] if reduction == "batchmean" and chosen.ndim else 1
