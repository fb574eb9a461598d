"""Logits made of hidden states in JAX: a scan over blocks, which the gradient makes once more."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array, DType
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate_linear import Heads, operands_of, rows_of_block
from kldiv_xp.core.evaluate_rows import rows_of, slopes_of
from kldiv_xp.core.run import run
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import Divergence

Step = Callable[[Any, Heads, Array], tuple[Any, Array]]


def linear_divergences(context: Context, heads: Heads, divergence: Divergence) -> Array:
    """Divergence of every row, in the type that is computed in."""
    return compiled_rows(context.working, divergence, heads)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def differentiable_rows(working: DType, divergence: Divergence, heads: Heads) -> Array:
    """Divergence of every row."""
    function = partial(rows_of, divergence, guard=Guard.ARITHMETIC)

    def step(carry: None, block: Heads, nothing: Array) -> tuple[None, Array]:
        del nothing
        rows = run(function, working, working, *operands_of(jnp, block))
        return carry, jnp.where(rows == 0, 0.0, rows)

    nothing = jnp.zeros(heads.input.shape[0], working)
    return over_blocks(step, None, heads, nothing)[1]


def rows_and_operands(working: DType, divergence: Divergence, heads: Heads) -> tuple[Array, Heads]:
    """Divergences, and what the gradient needs: the operands, and nothing computed from them."""
    return differentiable_rows(working, divergence, heads), heads


def slopes(working: DType, divergence: Divergence, heads: Heads, upstream: Array) -> tuple[Heads]:
    """Gradients with respect to input, weight and bias; target and its head are constants."""
    by_target = False
    function = partial(slopes_of, divergence, Guard.FULL, by_target)

    def step(carry: Any, block: Heads, upstream: Array) -> tuple[Any, Array]:
        by_weight, by_bias = carry
        logits, target, *where = operands_of(jnp, block)
        operands = logits, target, upstream[:, None], *where
        slope = run(function, working, logits.dtype, *operands)
        product = jnp.matmul(slope.T, block.input, preferred_element_type=working)
        total = jnp.sum(slope, axis=0, dtype=working)
        return (by_weight + product, by_bias + total), slope @ heads.weight

    size, _ = heads.weight.shape
    start = jnp.zeros(heads.weight.shape, working), jnp.zeros(size, working)
    (by_weight, by_bias), by_input = over_blocks(step, start, heads, upstream)
    by_weight, by_bias = (cast(jnp, one, heads.weight.dtype) for one in (by_weight, by_bias))
    nothing = jax.tree.map(zeros, heads)
    of_bias = None if heads.bias is None else by_bias
    return (nothing._replace(input=by_input, weight=by_weight, bias=of_bias),)


differentiable_rows.defvjp(rows_and_operands, slopes)
compiled_rows = jax.jit(differentiable_rows, static_argnums=(0, 1))


def zeros(array: Array) -> Array:
    """Derivative of a constant."""
    is_mask = array.dtype == jnp.bool_
    return jnp.zeros(array.shape, jax.dtypes.float0 if is_mask else array.dtype)


def over_blocks(step: Step, carry: Any, heads: Heads, upstream: Array) -> tuple[Any, Array]:
    """Results of a step for one block of rows after the other, and for the rows that are left."""
    count, size = heads.input.shape[0], rows_of_block(heads.weight.shape[0])
    whole = count - count % size
    values = []
    if whole:

        def scanned(carry: Any, start: Array) -> tuple[Any, Array]:
            block = [sliced(one, start, size) for one in (heads.input, heads.target, heads.where)]
            names = dict(zip(("input", "target", "where"), block, strict=True))
            return step(carry, heads._replace(**names), sliced(upstream, start, size))

        carry, found = jax.lax.scan(scanned, carry, jnp.arange(0, whole, size))
        values.append(found.reshape(whole, *found.shape[2:]))
    if whole < count or not count:
        carry, found = step(carry, heads.cut(slice(whole, count)), upstream[whole:])
        values.append(found)
    return carry, values[0] if len(values) == 1 else jnp.concatenate(values)


def sliced(array: Array | None, start: Array, size: int) -> Array | None:
    """Some rows of an array, if there is one."""
    return None if array is None else jax.lax.dynamic_slice_in_dim(array, start, size)
