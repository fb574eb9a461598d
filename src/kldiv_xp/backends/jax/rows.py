"""JAX: divergences of rows of logits, compiled, with derivatives in closed form."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.backends.jax.row_sums import PAIRWISE_SUMS, SumsInParts, by_few_rows
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_rows import derivatives_of, rows_of
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits."""
    return compiled_rows(context.working, divergence, arrays)


def row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives of divergences of rows of logits by the operands that are wanted."""
    factor = product(context, scale, upstream)
    derivatives: Gradient = compiled_row_derivatives(
        context.working, divergence, wanted, arrays, factor
    )
    return derivatives


@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled_row_derivatives(
    working: DType, divergence: Divergence, wanted: tuple[bool, bool], arrays: Arrays, scale: Array
) -> Gradient:
    """Derivatives of divergences of rows by the operands that are wanted, times a scale."""
    by_input, by_target = (
        cast(jnp, derivatives(working, divergence, place == 1, arrays, scale), operand.dtype)
        if want
        else None
        for place, (operand, want) in enumerate(zip(arrays[:2], wanted, strict=True))
    )
    return by_input, by_target


def rows_with_derivatives(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Arrays:
    """Divergences of rows of logits before both derivatives."""
    factor = product(context, scale, upstream)
    rows, *derivatives = compiled_rows_with_derivatives(context.working, divergence, arrays, factor)
    return rows, *derivatives


@partial(jax.jit, static_argnums=(0, 1))
def compiled_rows_with_derivatives(
    working: DType, divergence: Divergence, arrays: Arrays, scale: Array
) -> Arrays:
    """Divergences and derivatives in one compiled program, which shares common subexpressions."""
    derivatives = compiled_row_derivatives(working, divergence, (True, True), arrays, scale)
    return compiled_rows(working, divergence, arrays), *derivatives


@partial(jax.jit, static_argnums=(0, 1))
def compiled_rows(working: DType, divergence: Divergence, arrays: Arrays) -> Array:
    """Divergence of every row, in the type that is computed in."""
    return rows(working, divergence, *arrays)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def rows(working: DType, divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row; arrays are input, target and, if there is one, the mask."""
    return by_few_rows(partial(rows_at_once, working, divergence), arrays)


def rows_at_once(
    working: DType, divergence: Divergence | JSOfArray, xp: Namespace, *arrays: Array
) -> Array:
    """Divergence of every row."""
    return unsigned(rows_of(divergence, xp, *widen(working, arrays), guard=Guard.ARITHMETIC))


def rows_and_tangents(
    working: DType, divergence: Divergence, primals: Arrays, tangents: Arrays
) -> tuple[Array, Array]:
    """Values and directional derivatives; operands that do not move are not differentiated."""
    values = rows(working, divergence, *primals)
    return values, sum(moves(working, divergence, primals, tangents), jnp.zeros_like(values))


def moves(
    working: DType,
    divergence: Divergence | JSOfArray,
    arrays: Arrays,
    tangents: Arrays,
    sums: SumsInParts = PAIRWISE_SUMS,
) -> list[Array]:
    """Directional derivatives along each operand that moves."""
    return [
        jnp.sum(derivatives(working, divergence, place == 1, arrays, tangent, sums), axis=-1)
        for place, tangent in enumerate(tangents[:2])
        if not isinstance(tangent, SymbolicZero)
    ]


rows.defjvp(rows_and_tangents, symbolic_zeros=True)


def derivatives(
    working: DType,
    divergence: Divergence | JSOfArray,
    by_target: bool,
    arrays: Arrays,
    factor: Array,
    sums: SumsInParts = PAIRWISE_SUMS,
) -> Array:
    """Derivative of the divergences by one operand, times a factor."""
    one = jnp.ones((), working)
    function = partial(derivatives_at_once, working, divergence, by_target, one)
    derivative = by_few_rows(function, arrays, sums) * cast(jnp, factor, working)
    _, _, *where = arrays
    return jnp.where(where[0], derivative, 0.0) if where else derivative


def derivatives_at_once(
    working: DType,
    divergence: Divergence | JSOfArray,
    by_target: bool,
    upstream: Array,
    xp: Namespace,
    *arrays: Array,
) -> Array:
    """Derivative of the divergence of every row by one operand, times the cotangent."""
    x, t, *where = widen(working, arrays)
    above = cast(jnp, upstream, working)
    return derivatives_of(divergence, Guard.FULL, by_target, xp, x, t, above, *where)


def product(context: Context, scale: Scale, upstream: Arrays) -> Array:
    """Scale, times the cotangent if there is one."""
    factor = scale.times(jnp, jnp.ones((), context.working))
    for one in upstream:
        factor = factor * cast(jnp, one, context.working)
    return factor


def widen(working: DType, arrays: Arrays) -> Arrays:
    """Operands in a type, and their mask as it is."""
    return (*(cast(jnp, array, working) for array in arrays[:2]), *arrays[2:])


def unsigned(sums: Array) -> Array:
    """Sums without -0: XLA's sum of one -0 is -0, and -0 + 0 as well."""
    return jnp.where(sums == 0, 0.0, sums)
