"""JAX: sums that stay in the vector loops of XLA, and derivatives in closed form."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.backends.jax_linear import linear_divergences
from kldiv_xp.backends.jax_sparse import sparse_divergences
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate import Arrays, Gradient, chained_slopes
from kldiv_xp.core.evaluate_row_slopes import row_slopes as slopes_of_rows
from kldiv_xp.core.evaluate_rows import rows_of, slopes_of
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.form import Form, factors_of, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import Divergence

__all__ = [
    "divergences",
    "gradient",
    "linear_divergences",
    "loss",
    "samples",
    "sparse_divergences",
    "terms",
]


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Every term."""
    return cast(context.xp, compiled_sums(context.working, form, (), arrays), context.dtype)


def samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes."""
    value = compiled_sums(context.working, form, axis, arrays)
    return cast(context.xp, value, context.dtype)


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor."""
    value = compiled_sums(context.working, form, None, arrays)
    return cast(context.xp, divided(jnp, value, parts=parts), context.dtype)


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits."""
    return compiled_rows(context.working, divergence, arrays)


def gradient(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted."""
    factor = product(context, scale, upstream)
    slopes: Gradient = compiled_slopes(context.working, form, wanted, arrays, factor)
    return slopes


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


def product(context: Context, scale: Scale, upstream: Arrays) -> Array:
    """Scale, times the cotangent if there is one."""
    factor = scale.times(jnp, jnp.ones((), context.working))
    for one in upstream:
        factor = factor * cast(jnp, one, context.working)
    return factor


@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled_slopes(
    working: DType, form: Form, wanted: tuple[bool, bool], arrays: Arrays, scale: Array
) -> Gradient:
    """Derivatives by the operands that are wanted, times a scale."""
    widened = widen(working, arrays)
    by_input, by_target = (
        cast(jnp, slope(jnp, *widened, scale), operand.dtype) if want else None
        for slope, operand, want in zip(
            chained_slopes(form, Scale(), len(arrays)), arrays[:2], wanted, strict=True
        )
    )
    return by_input, by_target


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


@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled_sums(working: DType, form: Form, axis: Axes | None, arrays: Arrays) -> Array:
    """Sums of the terms over some axes or all, in the type that is computed in."""
    return sums(form, axis, *widen(working, arrays))


@partial(jax.jit, static_argnums=(0, 1))
def compiled_rows(working: DType, divergence: Divergence, arrays: Arrays) -> Array:
    """Divergence of every row, in the type that is computed in."""
    return rows(divergence, *widen(working, arrays))


def widen(working: DType, arrays: Arrays) -> Arrays:
    """Context in a type, and their mask as it is."""
    return (*(cast(jnp, array, working) for array in arrays[:2]), *arrays[2:])


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def sums(form: Form, axis: Axes | None, *arrays: Array) -> Array:
    """Sums of the terms; arrays are input, target and, if there is one, the mask."""
    _, _, *where = arrays
    if axis == () or where or form.generalized:  # A mask is a comparison itself.
        return unsigned(jnp.sum(term_of(form)(jnp, *arrays), axis=axis))
    p, log_ratio = factors_of(form)(jnp, *arrays, guard=Guard.ARITHMETIC)
    return unsigned(jnp.sum(p * log_ratio, axis=axis))


def unsigned(sums: Array) -> Array:
    """Sums without -0: XLA's sum of one -0 is -0, and -0 + 0 as well."""
    return jnp.where(sums == 0, 0.0, sums)


def sums_and_tangents(
    form: Form, axis: Axes | None, primals: Arrays, tangents: Arrays
) -> tuple[Array, Array]:
    """Values and directional derivatives, without the slope by an operand that does not move."""
    values = sums(form, axis, *primals)
    slopes = chained_slopes(form, Scale(), len(primals))
    moves = [
        jnp.sum(slope(jnp, *primals, tangent), axis=axis)
        for slope, tangent in zip(slopes, tangents[:2], strict=True)
        if not isinstance(tangent, SymbolicZero)
    ]
    return values, sum(moves, jnp.zeros_like(values))


sums.defjvp(sums_and_tangents, symbolic_zeros=True)


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
