"""Derivatives of divergences from hidden states in JAX, without jax.grad."""

from functools import partial

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.jax.linear import is_alone, linear_divergences
from kldiv_xp.backends.jax.linear_loss import is_on_mesh, rows_and_gradient
from kldiv_xp.backends.jax.meshes import varying_axes
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence
from kldiv_xp.core.evaluate_linear_gradient import LinearGradient, times_unit

LEARNED = ("input", "weight", "bias")


def linear_gradient(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    with_rows: bool,
) -> LinearGradient:
    """Derivatives and rows from one scan; on several devices the loss is turned around."""
    del with_rows  # XLA leaves out what nobody reads
    names = [name for name in LEARNED if getattr(heads, name) is not None]
    if is_on_mesh(heads) or not is_alone():
        gradient, rows = turned_around(context, heads, divergence, names, upstream[:, 0])
    else:
        wanted = frozenset(names)
        rows, gradient = compiled(context.working, divergence, wanted, heads, upstream[:, 0])
    by_input, by_weight, by_bias = (gradient.get(name) for name in LEARNED)
    return LinearGradient(by_input, by_weight, by_bias, rows)


def turned_around(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    names: list[str],
    upstream: Array,
) -> tuple[dict[str, Array], Array]:
    """Derivatives of the named operands, and rows; JAX shards them as it shards the loss."""

    def rows_of(learned: dict[str, Array]) -> Array:
        return linear_divergences(context, heads.changed(**learned), divergence)

    learned = {name: getattr(heads, name) for name in names}
    rows, pulled_back = jax.vjp(rows_of, learned)
    if jnp.finfo(heads.input.dtype).bits >= jnp.finfo(context.working).bits:
        return pulled_back(upstream)[0], rows
    unit = largest_cotangent(heads, upstream)
    shared = tuple(varying_axes(unit))
    unit = jax.lax.pmax(unit, shared) if shared else unit  # what is added up has one unit
    (gradient,) = pulled_back(upstream / unit)
    return {name: times_unit(context, one, unit) for name, one in gradient.items()}, rows


def largest_cotangent(heads: Heads, upstream: Array) -> Array:
    """Largest finite cotangent of a selected row, or 1.

    A type of 16 bits has no numbers for derivatives over the count of all rows, nor times a scale.
    """
    counted = jnp.isfinite(upstream)
    if heads.where is not None:
        counted &= heads.where[:, 0]
    unit = jnp.max(jnp.where(counted, jnp.abs(upstream), 0.0), initial=0.0)
    return jnp.where(unit == 0, 1.0, unit)


@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled(
    working: DType,
    divergence: LinearDivergence,
    wanted: frozenset[str],
    heads: Heads,
    upstream: Array,
) -> tuple[Array, dict[str, Array]]:
    """Rows and derivatives, which are made for cotangents of at most 1."""
    unit = largest_cotangent(heads, upstream)
    rows, gradient = rows_and_gradient(working, divergence, wanted, heads, upstream / unit)
    return rows, {name: one * unit for name, one in gradient.items()}
