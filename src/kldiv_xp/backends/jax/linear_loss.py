"""Reduced losses of hidden states in JAX: one scan, which makes the gradient with the loss."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.jax.linear import (
    contracted,
    derivatives_of_logits,
    differentiable_rows,
    is_alone,
    moving,
    over_blocks,
    rows_of_logits,
)
from kldiv_xp.backends.jax.meshes import explicit_sharding, varying_axes
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate_linear import (
    Heads,
    LinearDivergence,
    LossOfRows,
    operands_of,
    selected_states,
)

BYTES_OF_PART = 8 << 20
"""Bytes of the float32 weight gradient that one product updates."""


def linear_loss(
    context: Context, heads: Heads, divergence: LinearDivergence, reduce: LossOfRows
) -> Array:
    """Loss of all rows, one number; of several devices, the rows are reduced where they lie."""
    if is_on_mesh(heads) or not is_alone():
        return NotImplemented
    return compiled_loss(context, divergence, reduce, heads)


def is_on_mesh(heads: Heads) -> bool:
    """Whether the operands lie along explicit axes, or in parts of a shard_map."""
    varying = any(map(varying_axes, jax.tree.leaves(heads)))
    return varying or explicit_sharding(heads.input) is not None


@partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def loss(context: Context, divergence: LinearDivergence, reduce: LossOfRows, heads: Heads) -> Array:
    """Loss of all rows."""
    return reduce(differentiable_rows(context.working, divergence, heads), heads.where)


def loss_and_tangent(
    context: Context,
    divergence: LinearDivergence,
    reduce: LossOfRows,
    primals: tuple[Heads],
    tangents: tuple[Heads],
) -> tuple[Array, Array]:
    """Loss, and the inner product of its gradient with what moves; the gradient is made with it.

    Made once more for the gradient, the logits would cost a third of its time.
    """
    (heads,), (moves,) = primals, tangents
    names = ("input", "weight", "bias")
    moved = {name: moving(getattr(moves, name)) for name in names}
    wanted = frozenset(name for name, move in moved.items() if move is not None)
    value, scale, gradient = loss_and_gradient(context, divergence, reduce, wanted, heads)
    change = sum(
        (jnp.vdot(gradient[name], cast(jnp, moved[name], context.working)) for name in wanted),
        jnp.zeros((), context.working),
    )
    return value, cast(jnp, change * scale, value.dtype)


loss.defjvp(loss_and_tangent, symbolic_zeros=True)
compiled_loss = jax.jit(loss, static_argnums=(0, 1, 2))


def loss_and_gradient(
    context: Context,
    divergence: LinearDivergence,
    reduce: LossOfRows,
    wanted: frozenset[str],
    heads: Heads,
) -> tuple[Array, Array, dict[str, Array]]:
    """Loss, a scale, and the wanted gradients divided by that scale, summed block by block.

    A type of 16 bits has no numbers for derivatives over the count of all rows.
    """
    working, nothing = context.working, jnp.zeros(heads.input.shape[:1], context.working)
    upstream = jax.grad(reduce)(nothing, heads.where)
    scale = jnp.max(jnp.abs(upstream), initial=0.0)
    scale = jnp.where(scale == 0, 1.0, scale)
    rows, gradient = rows_and_gradient(working, divergence, wanted, heads, upstream / scale)
    return reduce(rows, heads.where), scale, gradient


def rows_and_gradient(
    working: DType,
    divergence: LinearDivergence,
    wanted: frozenset[str],
    heads: Heads,
    upstream: Array,
) -> tuple[Array, dict[str, Array]]:
    """Divergence of every row, and the wanted gradients in the type that is computed in."""

    def step(sums: dict[str, Array], block: Heads, upstream: Array) -> tuple[Any, Any]:
        arrays = operands_of(jnp, block, contracted)
        rows = rows_of_logits(working, divergence, arrays)
        derivative = derivatives_of_logits(working, divergence, arrays, upstream[:, None])
        sums = dict(sums)
        if "weight" in sums:
            states = selected_states(jnp, block)
            sums["weight"] = with_product(sums["weight"], derivative, states)
        if "bias" in sums:
            sums["bias"] += jnp.sum(derivative, axis=0, dtype=working)
        by_input = derivative @ heads.weight if "input" in wanted else None
        return sums, (rows, by_input)

    learned = {name: getattr(heads, name) for name in wanted - {"input"}}
    start = {name: jnp.zeros(one.shape, working) for name, one in learned.items()}
    gradient, (rows, by_input) = over_blocks(step, start, heads, upstream)
    if by_input is not None:
        gradient["input"] = cast(jnp, by_input, working)
    return rows, gradient


def with_product(total: Array, derivative: Array, states: Array) -> Array:
    """Sum, plus the product of the derivatives of a block by its logits and its hidden states."""
    ways = {"cpu": with_product_in_parts, "default": with_whole_product}
    return jax.lax.platform_dependent(total, derivative, states, **ways)


def with_whole_product(total: Array, derivative: Array, states: Array) -> Array:
    """The same by one product."""
    return total + jnp.matmul(derivative.T, states, preferred_element_type=total.dtype)


def with_product_in_parts(total: Array, derivative: Array, states: Array) -> Array:
    """The same for some classes after the other: XLA on a CPU writes a product before it is added.

    Of a weight of 32000 x 512 that is 62 MiB for each block.
    """
    classes, width = total.shape
    parts = -(-classes * width * 4 // BYTES_OF_PART)
    size = max(1, classes // max(1, parts))
    whole = classes - classes % size

    def added(total: Array, start: Any, size: int) -> Array:
        part, derivatives = (
            jax.lax.dynamic_slice_in_dim(one, start, size, axis)
            for axis, one in enumerate((total, derivative))
        )
        found = with_whole_product(part, derivatives, states)
        return jax.lax.dynamic_update_slice_in_dim(total, found, start, 0)

    total = jax.lax.fori_loop(
        0, whole // size, lambda k, so_far: added(so_far, k * size, size), total
    )
    return added(total, whole, classes - whole) if whole < classes else total
