"""JAX: divergences of rows of logits, compiled, with derivatives in closed form."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._typing import Array, DType
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_row_slopes import row_slopes as slopes_of_rows
from kldiv_xp.core.evaluate_rows import rows_of, slopes_of
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import Divergence


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits."""
    return compiled_rows(context.working, divergence, arrays)


def row_slopes(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives of divergences of rows of logits by the operands that are wanted."""
    factor = product(context, scale, upstream)
    slopes: Gradient = compiled_row_slopes(context.working, divergence, wanted, arrays, factor)
    return slopes


@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled_row_slopes(
    working: DType, divergence: Divergence, wanted: tuple[bool, bool], arrays: Arrays, scale: Array
) -> Gradient:
    """Derivatives of divergences of rows by the operands that are wanted, times a scale."""
    widened = widen(working, arrays)
    by_input, by_target = (
        cast(jnp, slope(jnp, *widened, scale), operand.dtype) if want else None
        for slope, operand, want in zip(
            slopes_of_rows(divergence, Scale(), len(arrays)), arrays[:2], wanted, strict=True
        )
    )
    return by_input, by_target


def rows_with_slopes(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Arrays:
    """Divergences of rows of logits before both derivatives."""
    factor = product(context, scale, upstream)
    rows, *slopes = compiled_rows_with_slopes(context.working, divergence, arrays, factor)
    return rows, *slopes


@partial(jax.jit, static_argnums=(0, 1))
def compiled_rows_with_slopes(
    working: DType, divergence: Divergence, arrays: Arrays, scale: Array
) -> Arrays:
    """Divergences and derivatives with respect to one program, which has what they share once."""
    slopes = compiled_row_slopes(working, divergence, (True, True), arrays, scale)
    return compiled_rows(working, divergence, arrays), *slopes


@partial(jax.jit, static_argnums=(0, 1))
def compiled_rows(working: DType, divergence: Divergence, arrays: Arrays) -> Array:
    """Divergence of every row, in the type that is computed in."""
    return rows(divergence, *widen(working, arrays))


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def rows(divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row; arrays are input, target and, if there is one, the mask."""
    return unsigned(rows_of(divergence, jnp, *arrays, guard=Guard.ARITHMETIC))


def rows_and_tangents(
    divergence: Divergence, primals: Arrays, tangents: Arrays
) -> tuple[Array, Array]:
    """Values and directional derivatives, without the slope by an operand that does not move."""
    values = rows(divergence, *primals)
    x, t, *where = primals
    moves = [
        jnp.sum(
            slopes_of(divergence, Guard.FULL, place == 1, jnp, x, t, tangent, *where),
            axis=-1,
        )
        for place, tangent in enumerate(tangents[:2])
        if not isinstance(tangent, SymbolicZero)
    ]
    return values, sum(moves, jnp.zeros_like(values))


rows.defjvp(rows_and_tangents, symbolic_zeros=True)


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
