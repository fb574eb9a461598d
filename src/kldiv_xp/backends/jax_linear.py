"""Logits made of hidden states in JAX: a scan over blocks, which the gradient makes once more."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.jax_meshes import on_rows, varying_alike
from kldiv_xp.backends.jax_sparse import ENTRIES
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
from kldiv_xp.core.evaluate_rows import rows_of, slopes_of
from kldiv_xp.core.evaluate_sparse import plain_sparse_rows, plain_sparse_slopes
from kldiv_xp.core.run import run
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.sparse import SparseKL

Step = Callable[[Heads, Array | None], Array]


def linear_divergences(context: Context, heads: Heads, divergence: LinearDivergence) -> Array:
    """Divergence of every row, in the type that is computed in."""
    function = partial(compiled_rows, context.working, divergence)
    heads = varying_alike(heads)
    return on_rows(function, heads.input, heads)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def differentiable_rows(working: DType, divergence: LinearDivergence, heads: Heads) -> Array:
    """Divergence of every row."""

    def step(block: Heads, move: Array | None) -> Array:
        del move
        rows = rows_of_logits(working, divergence, operands_of(jnp, block))
        return jnp.where(rows == 0, 0.0, rows)

    return over_blocks(step, heads, None)


def rows_and_tangents(
    working: DType, divergence: LinearDivergence, primals: tuple[Heads], tangents: tuple[Heads]
) -> tuple[Array, Array]:
    """Divergences, and directional derivatives by input, weight and bias; the rest is constant.

    JAX turns the scan around for the gradient. A step keeps nothing for it but its operands, of
    which it makes the logits once more, and a weight of 16 bits gets a sum of float32.
    """
    (heads,), (moves,) = primals, tangents
    by_input, by_weight, by_bias = map(moving, (moves.input, moves.weight, moves.bias))
    wide = [None if one is None else cast(jnp, one, working) for one in (by_weight, by_bias)]

    def step(block: Heads, by_input: Array | None) -> Array:
        arrays = operands_of(jnp, block)
        logits = arrays[0]
        by_weight, by_bias = (None if one is None else cast(jnp, one, logits.dtype) for one in wide)
        changes = [
            None if by_input is None else jnp.matmul(by_input, block.weight.T),
            None if by_weight is None else jnp.matmul(selected_states(jnp, block), by_weight.T),
            None if by_bias is None else jnp.broadcast_to(by_bias, logits.shape),
        ]
        slope = slopes_of_logits(working, divergence, arrays, jnp.ones((), working))
        return sum(product_of_rows(working, slope, one) for one in changes if one is not None)

    values = differentiable_rows(working, divergence, heads)
    if by_input is None and wide == [None, None]:
        return values, jnp.zeros_like(values)
    return values, over_blocks(step, heads, by_input)


differentiable_rows.defjvp(rows_and_tangents, symbolic_zeros=True)
compiled_rows = jax.jit(differentiable_rows, static_argnums=(0, 1))


def moving(tangent: Any) -> Array | None:
    """A change of an operand, or None of one that is constant or not there."""
    return None if isinstance(tangent, SymbolicZero) else tangent


def product_of_rows(working: DType, slope: Array, change: Array) -> Array:
    """Inner product of each row with its change."""
    return jnp.sum(cast(jnp, slope, working) * cast(jnp, change, working), axis=-1)


def rows_of_logits(working: DType, divergence: LinearDivergence, arrays: Arrays) -> Array:
    """Divergence of every row of a block."""
    if isinstance(divergence, SparseKL):
        return plain_sparse_rows(working, arrays, divergence, ENTRIES)
    function = partial(rows_of, divergence, guard=Guard.ARITHMETIC)
    return run(function, working, working, *arrays)


def slopes_of_logits(
    working: DType, divergence: LinearDivergence, arrays: Arrays, upstream: Array
) -> Array:
    """Derivatives with respect to the logits of a block, in their type."""
    if isinstance(divergence, SparseKL):
        wanted = True, False
        slope, _ = plain_sparse_slopes(working, arrays, divergence, ENTRIES, upstream, wanted)
        return slope
    (logits, target, *where), by_target = arrays, False
    function = partial(slopes_of, divergence, Guard.FULL, by_target)
    return run(function, working, logits.dtype, logits, target, upstream, *where)


def over_blocks(step: Step, heads: Heads, moves: Array | None) -> Array:
    """Results of a step for one block of rows after the other, and for the rows that are left.

    Where a size is symbolic, all rows are one block: how many there are is not known.
    """
    count, classes = heads.input.shape[0], heads.weight.shape[0]
    if not isinstance(count, int) or not isinstance(classes, int):  # symbolic
        return step(heads, moves)
    size = rows_of_block(classes)
    whole = count - count % size
    values = []
    if whole:
        # What is kept for the gradient is the place of a block, and not a copy of it.
        @partial(jax.checkpoint, prevent_cse=False)
        def of_block(start: Array, move: Array | None) -> Array:
            return step(heads.mapped(lambda array: sliced(array, start, size)), move)

        def scanned(carry: None, part: tuple[Array, Array | None]) -> tuple[None, Array]:
            return carry, of_block(*part)

        # What moves is given block by block, so that its gradient is made block by block too.
        blocks = None if moves is None else moves[:whole].reshape(-1, size, moves.shape[1])
        found = jax.lax.scan(scanned, None, (jnp.arange(0, whole, size), blocks))[1]
        values.append(found.reshape(whole))
    if whole < count or not count:
        rest = None if moves is None else moves[whole:]
        values.append(step(heads.cut(slice(whole, count)), rest))
    return values[0] if len(values) == 1 else jnp.concatenate(values)


def sliced(array: Array, start: Array, size: int) -> Array:
    """Some rows of an array."""
    return jax.lax.dynamic_slice_in_dim(array, start, size)
