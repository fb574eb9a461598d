"""A plain kl_div on JAX, differentiated by JAX, for mutants."""

import math

import jax  # noqa: F401 - mutants use it
import jax.numpy as jnp


def kl_div(
    input,
    target,
    size_average=None,
    reduce=None,
    reduction="mean",
    log_target=False,
    axis=None,
    where=None,
):
    reduction = resolved(size_average, reduce, reduction)
    dtype = jnp.promote_types(input.dtype, target.dtype)
    wide = jnp.promote_types(dtype, jnp.float32)
    x, t = input.astype(wide), target.astype(wide)
    if where is not None and where.ndim < x.ndim:
        where = jnp.expand_dims(where, axis)
    chosen = jnp.broadcast_to(True if where is None else where, x.shape)
    x, t = jnp.where(chosen, x, 0), jnp.where(chosen, t, -jnp.inf if log_target else 0)
    terms = pointwise(x, t, log_target)
    if axis is not None:
        terms = jnp.sum(terms, axis=axis)
        chosen = jnp.any(chosen, axis=axis)
    if reduction == "none":
        return terms.astype(dtype)
    total = jnp.sum(terms)
    return (total / divisor(reduction, chosen, where)).astype(dtype)


def pointwise(x, t, log_target):
    zero = (jnp.exp(t) if log_target else t) == 0
    safe_x = jnp.where(zero & jnp.isinf(x), 0, x)
    safe_t = jnp.where(zero, 0 if log_target else 1, t)
    p = jnp.where(zero, 0, jnp.exp(safe_t)) if log_target else jnp.where(zero, 0, t)
    log_p = safe_t if log_target else jnp.log(safe_t)
    terms = p * (log_p - safe_x)
    return jnp.where(terms == 0, jnp.abs(terms), terms)


def divisor(reduction, chosen, where):
    if reduction == "mean":
        count = chosen.size if where is None else jnp.sum(chosen)
        return jnp.where(count == 0, math.nan if where is None else 1, count)
    if reduction == "batchmean" and chosen.ndim:
        return chosen.shape[0] or math.nan
    return 1


def resolved(size_average, reduce, reduction):
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"
