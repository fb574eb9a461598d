"""JAX: divergences of rows of logits, compiled, with derivatives in closed form."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.backends.jax.blocks import in_blocks
from kldiv_xp.backends.jax.row_sums import PAIRWISE_SUMS, SumsInParts, with_sums_in_parts
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
    function = partial(rows_at_once, working, divergence)
    on_cpu, elsewhere = with_sums_in_parts(function, arrays)
    return few_at_a_time(on_cpu, arrays, elsewhere)


def rows_at_once(
    working: DType, divergence: Divergence | JSOfArray, xp: Namespace, *arrays: Array
) -> Array:
    """Divergence of every row."""
    return unsigned(rows_of(divergence, xp, *widen(working, arrays), guard=Guard.ARITHMETIC))


def few_at_a_time(
    function: Callable[..., Array], arrays: Arrays, elsewhere: Callable[..., Array] | None = None
) -> Array:
    """Function of rows, which are the last axis; on a CPU of a few of them at a time.

    Elsewhere it may be another function.
    """
    on_cpu, elsewhere = function, elsewhere or function
    if arrays[0].ndim > 1:
        last = (arrays[0].ndim - 1,)
        on_cpu = partial(in_blocks, partial(of_whole_rows, function), last)
    if on_cpu is elsewhere:
        return function(*arrays)
    return jax.lax.platform_dependent(*arrays, cpu=on_cpu, default=elsewhere)


def of_whole_rows(function: Callable[..., Array], _: Axes | None, *rows: Array) -> Array:
    """Result of a function of rows, which needs no axis to be named."""
    return function(*rows)


def rows_and_tangents(
    working: DType, divergence: Divergence, primals: Arrays, tangents: Arrays
) -> tuple[Array, Array]:
    """Values and directional derivatives; operands that do not move are not differentiated."""
    values = rows(working, divergence, *primals)
    moves = [
        jnp.sum(derivatives(working, divergence, place == 1, primals, tangent), axis=-1)
        for place, tangent in enumerate(tangents[:2])
        if not isinstance(tangent, SymbolicZero)
    ]
    return values, sum(moves, jnp.zeros_like(values))


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
    given = working, divergence, by_target, jnp.ones((), working)
    function = partial(derivatives_at_once, *given)
    on_cpu, elsewhere = with_sums_in_parts(function, arrays, sums)
    derivative = few_at_a_time(on_cpu, arrays, elsewhere) * cast(jnp, factor, working)
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
