"""Logits made of hidden states in JAX: a scan over blocks, which the gradient makes once more."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.jax_forward_mode import without_forward_mode
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

NO_FORWARD_MODE = (
    "linear_kl_div has no forward mode in JAX (jax.jvp, jax.jacfwd, jax.hessian): take jax.grad or "
    "jax.jacrev, or pass input @ weight.T + bias to kl_div_with_logits, with indices to "
    "sparse_kl_div_with_logits."
)
Step = Callable[[Any, Heads, Array], tuple[Any, Array]]


def linear_divergences(context: Context, heads: Heads, divergence: LinearDivergence) -> Array:
    """Divergence of every row, in the type that is computed in."""
    function = partial(compiled_rows, context.working, divergence)
    heads = varying_alike(heads)
    return without_forward_mode(NO_FORWARD_MODE, on_rows, function, heads.input, heads)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def differentiable_rows(working: DType, divergence: LinearDivergence, heads: Heads) -> Array:
    """Divergence of every row."""

    def step(carry: None, block: Heads, nothing: Array) -> tuple[None, Array]:
        del nothing
        rows = rows_of_logits(working, divergence, operands_of(jnp, block))
        return carry, jnp.where(rows == 0, 0.0, rows)

    nothing = jnp.zeros(heads.input.shape[0], working)
    return over_blocks(step, None, heads, nothing)[1]


def rows_and_operands(
    working: DType, divergence: LinearDivergence, heads: Heads
) -> tuple[Array, Heads]:
    """Divergences, and what the gradient needs: the operands, and nothing computed from them."""
    return differentiable_rows(working, divergence, heads), heads


def slopes(
    working: DType, divergence: LinearDivergence, heads: Heads, upstream: Array
) -> tuple[Heads]:
    """Gradients with respect to input, weight and bias; target and its head are constants."""

    def step(carry: Any, block: Heads, upstream: Array) -> tuple[Any, Array]:
        by_weight, by_bias = carry
        arrays = operands_of(jnp, block)
        slope = slopes_of_logits(working, divergence, arrays, upstream[:, None])
        product = jnp.matmul(slope.T, selected_states(jnp, block), preferred_element_type=working)
        total = jnp.sum(slope, axis=0, dtype=working)
        return (by_weight + product, by_bias + total), slope @ heads.weight

    start = tuple(jnp.zeros_like(one, working) for one in (heads.weight, heads.weight.sum(-1)))
    (by_weight, by_bias), by_input = over_blocks(step, start, heads, upstream)
    by_weight, by_bias = (cast(jnp, one, heads.weight.dtype) for one in (by_weight, by_bias))
    nothing = jax.tree.map(zeros, heads)
    of_bias = None if heads.bias is None else by_bias
    return (nothing._replace(input=by_input, weight=by_weight, bias=of_bias),)


differentiable_rows.defvjp(rows_and_operands, slopes)
compiled_rows = jax.jit(differentiable_rows, static_argnums=(0, 1))


def zeros(array: Array) -> Array | None:
    """Derivative of a constant; None of integers and masks: JAX 0.4 makes no array of float0."""
    return jnp.zeros_like(array) if jnp.issubdtype(array.dtype, jnp.floating) else None


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


def over_blocks(step: Step, carry: Any, heads: Heads, upstream: Array) -> tuple[Any, Array]:
    """Results of a step for one block of rows after the other, and for the rows that are left.

    Where a size is symbolic, all rows are one block: how many there are is not known.
    """
    count, classes = heads.input.shape[0], heads.weight.shape[0]
    if not isinstance(count, int) or not isinstance(classes, int):  # symbolic
        return step(carry, heads, upstream)
    size = rows_of_block(classes)
    whole = count - count % size
    values = []
    if whole:

        def scanned(carry: Any, start: Array) -> tuple[Any, Array]:
            block = heads.mapped(lambda array: sliced(array, start, size))
            return step(carry, block, sliced(upstream, start, size))

        carry, found = jax.lax.scan(scanned, carry, jnp.arange(0, whole, size))
        values.append(found.reshape(whole, *found.shape[2:]))
    if whole < count or not count:
        carry, found = step(carry, heads.cut(slice(whole, count)), upstream[whole:])
        values.append(found)
    return carry, values[0] if len(values) == 1 else jnp.concatenate(values)


def sliced(array: Array, start: Array, size: int) -> Array:
    """Some rows of an array."""
    return jax.lax.dynamic_slice_in_dim(array, start, size)
