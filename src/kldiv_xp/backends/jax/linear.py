"""Logits made of hidden states in JAX: a scan over blocks, which the gradient makes once more."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.jax.meshes import on_rows, varying_alike
from kldiv_xp.backends.jax.row_sums import PAIRWISE_SUMS, by_sums_in_parts
from kldiv_xp.backends.jax.rows import derivatives_at_once, rows_at_once, unsigned
from kldiv_xp.backends.jax.sparse import ENTRIES, moved_where_selected
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_linear import (
    Heads,
    LinearDivergence,
    operands_of,
    rows_of_block,
    selected_states,
)
from kldiv_xp.core.evaluate_sparse import plain_sparse_derivatives, plain_sparse_rows
from kldiv_xp.formula.sparse import SparseKL

Step = Callable[[Any, Heads, Any], tuple[Any, Any]]


def linear_divergences(context: Context, heads: Heads, divergence: LinearDivergence) -> Array:
    """Divergence of every row, in the type that is computed in."""
    function = partial(compiled_rows, context.working, divergence)
    heads = varying_alike(heads)
    return on_rows(function, heads.input, heads)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def differentiable_rows(working: DType, divergence: LinearDivergence, heads: Heads) -> Array:
    """Divergence of every row."""

    def step(carry: None, block: Heads, others: None) -> tuple[None, Array]:
        del others
        return carry, rows_of_logits(working, divergence, operands_of(jnp, block, contracted))

    return over_blocks(step, None, heads, None)[1]


def rows_and_tangents(
    working: DType, divergence: LinearDivergence, primals: tuple[Heads], tangents: tuple[Heads]
) -> tuple[Array, Array]:
    """Divergences and directional derivatives; input, weight and bias are differentiated.

    JAX turns the scan around for the gradient. A step keeps nothing for it but its operands, of
    which it makes the logits once more, and a weight of 16 bits gets a sum of float32.
    """
    (heads,), (moves,) = primals, tangents
    by_input, by_weight, by_bias = map(moving, (moves.input, moves.weight, moves.bias))
    wide = [None if one is None else cast(jnp, one, working) for one in (by_weight, by_bias)]

    def step(carry: None, block: Heads, by_input: Array | None) -> tuple[None, Array]:
        arrays = operands_of(jnp, block, contracted)
        logits = arrays[0]
        by_weight, by_bias = (None if one is None else cast(jnp, one, logits.dtype) for one in wide)
        changes = [
            None if by_input is None else jnp.matmul(by_input, block.weight.T),
            None if by_weight is None else jnp.matmul(selected_states(jnp, block), by_weight.T),
            None if by_bias is None else jnp.broadcast_to(by_bias, logits.shape),
        ]
        derivative = derivatives_of_logits(working, divergence, arrays, jnp.ones((), working))
        moved = [product_of_rows(working, derivative, one) for one in changes if one is not None]
        return carry, sum(moved)

    values = differentiable_rows(working, divergence, heads)
    if by_input is None and wide == [None, None]:
        return values, jnp.zeros_like(values)
    moved = over_blocks(step, None, heads, by_input)[1]
    return values, moved_where_selected(moved, heads.where)


differentiable_rows.defjvp(rows_and_tangents, symbolic_zeros=True)
compiled_rows = jax.jit(differentiable_rows, static_argnums=(0, 1))


def moving(tangent: Any) -> Array | None:
    """A change of an operand, or None of one that is constant or not there."""
    return None if isinstance(tangent, SymbolicZero) else tangent


def product_of_rows(working: DType, derivative: Array, change: Array) -> Array:
    """Inner product of each row with its change."""
    return jnp.sum(cast(jnp, derivative, working) * cast(jnp, change, working), axis=-1)


def rows_of_logits(working: DType, divergence: LinearDivergence, arrays: Arrays) -> Array:
    """Divergence of every row of a block."""
    if isinstance(divergence, SparseKL):
        return unsigned(plain_sparse_rows(working, arrays, divergence, ENTRIES))
    return by_sums_in_parts(partial(rows_at_once, working, divergence), arrays)


def derivatives_of_logits(
    working: DType, divergence: LinearDivergence, arrays: Arrays, upstream: Array
) -> Array:
    """Derivatives with respect to the logits of a block, in their type."""
    if isinstance(divergence, SparseKL):
        wanted = True, False
        derivative, _ = plain_sparse_derivatives(
            working, arrays, divergence, ENTRIES, upstream, wanted
        )
        return derivative
    by_target = False
    function = partial(derivatives_at_once, working, divergence, by_target, upstream)
    return cast(jnp, by_sums_in_parts(function, arrays, PAIRWISE_SUMS), arrays[0].dtype)


def over_blocks(step: Step, carry: Any, heads: Heads, others: Any) -> tuple[Any, Any]:
    """Results of a step for one block of rows after the other, and for the rows that are left.

    Others are arrays with a row for each sample, too. Where a size is symbolic, all rows are one
    block: how many there are is not known.
    """
    count, classes = heads.input.shape[0], heads.weight.shape[0]
    if not isinstance(count, int) or not isinstance(classes, int):  # symbolic
        return step(carry, heads, others)
    size = rows_of_block(classes)
    if is_alone():  # as many rows in each block, so that none are left
        size = -(-count // (-(-count // size) or 1)) or 1
    whole = count - count % size
    values = []
    if whole:
        # What is kept for a derivative is the place of a block, and not a copy of it.
        @partial(jax.checkpoint, prevent_cse=False)
        def scanned(carry: Any, part: tuple[Array, Any]) -> tuple[Any, Any]:
            start, others = part
            return step(carry, heads.mapped(lambda array: sliced(array, start, size)), others)

        # What moves is given block by block, so that its gradient is made block by block too.
        cut = jax.tree.map(lambda one: one[:whole].reshape(-1, size, *one.shape[1:]), others)
        carry, found = jax.lax.scan(scanned, carry, (jnp.arange(0, whole, size), cut))
        values.append(jax.tree.map(lambda one: one.reshape(whole, *one.shape[2:]), found))
    if whole < count or not count:
        rest = jax.tree.map(lambda one: one[whole:], others)
        carry, found = step(carry, heads.cut(slice(whole, count)), rest)
        values.append(found)
    return carry, jax.tree.map(lambda *parts: jnp.concatenate(parts), *values)


def is_alone() -> bool:
    """Whether there is one device; XLA gives what a scan makes to each of several."""
    count: int = jax.device_count()
    return count == 1


def contracted(hidden: Array, weight: Array) -> Array:
    """Product of hidden states and weight without a transposed copy of the weight on a CPU."""
    return jnp.tensordot(hidden, weight, axes=((1,), (1,)))


def sliced(array: Array, start: Array, size: int) -> Array:
    """Some rows of an array."""
    return jax.lax.dynamic_slice_in_dim(array, start, size)
