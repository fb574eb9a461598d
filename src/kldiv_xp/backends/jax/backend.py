"""JAX: sums that stay in the vector loops of XLA, and derivatives in closed form."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.backends.jax.blocks import by_platform, in_blocks
from kldiv_xp.backends.jax.linear import linear_divergences
from kldiv_xp.backends.jax.linear_gradient import linear_gradient
from kldiv_xp.backends.jax.linear_loss import linear_loss
from kldiv_xp.backends.jax.rows import (
    divergences,
    product,
    row_derivatives,
    rows_with_derivatives,
    unsigned,
    widen,
)
from kldiv_xp.backends.jax.rows_at_arrays import divergences_at_arrays
from kldiv_xp.backends.jax.sparse import sparse_divergences, sparse_gradient
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate import Arrays, Gradient, chained_derivatives
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.form import Form, factors_of, has_factors, term_of
from kldiv_xp.formula.log_probabilities import Guard

__all__ = [
    "count",
    "divergences",
    "divergences_at_arrays",
    "gradient",
    "linear_divergences",
    "linear_gradient",
    "linear_loss",
    "loss",
    "row_derivatives",
    "rows_with_derivatives",
    "samples",
    "sparse_divergences",
    "sparse_gradient",
    "terms",
    "with_derivatives",
]


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Every term."""
    return cast(context.xp, compiled_sums(context.working, form, (), arrays), context.dtype)


def samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes."""
    return cast(context.xp, compiled_sums(context.working, form, axis, arrays), context.dtype)


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor."""
    value = compiled_sums(context.working, form, None, arrays)
    return cast(context.xp, divided(jnp, value, parts=parts), context.dtype)


def gradient(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands."""
    factor = product(context, scale, upstream)
    derivatives: Gradient = compiled_derivatives(context.working, form, wanted, arrays, factor)
    return derivatives


@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled_derivatives(
    working: DType, form: Form, wanted: tuple[bool, bool], arrays: Arrays, scale: Array
) -> Gradient:
    """Gradients with respect to the wanted operands, times a scale."""
    widened = widen(working, arrays)
    by_input, by_target = (
        cast(jnp, derivative(jnp, *widened, scale), operand.dtype) if want else None
        for derivative, operand, want in zip(
            chained_derivatives(form, Scale(), len(arrays)), arrays[:2], wanted, strict=True
        )
    )
    return by_input, by_target


def with_derivatives(
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    parts: int | None,
    scale: Scale,
    upstream: Arrays,
) -> Arrays:
    """Every term with axis (), else sums over the divisor, before both derivatives."""
    factor = product(context, scale, upstream)
    value, *derivatives = compiled_with_derivatives(context.working, form, axis, arrays, factor)
    return cast(context.xp, divided(jnp, value, parts=parts), context.dtype), *derivatives


@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled_with_derivatives(
    working: DType, form: Form, axis: Axes | None, arrays: Arrays, scale: Array
) -> Arrays:
    """Sums and derivatives in one compiled program, which shares common subexpressions."""
    derivatives = compiled_derivatives(working, form, (True, True), arrays, scale)
    return compiled_sums(working, form, axis, arrays), *derivatives


def count(context: Context, mask: Array) -> Array:
    """How many elements of a mask are true."""
    return compiled_count(context.working, mask)


@partial(jax.jit, static_argnums=0)
def compiled_count(working: DType, mask: Array) -> Array:
    """How many elements of a mask are true, in the type that is computed in."""
    return by_platform(lambda axis, part: jnp.sum(part, axis=axis, dtype=working), None, mask)


@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled_sums(working: DType, form: Form, axis: Axes | None, arrays: Arrays) -> Array:
    """Sums of the terms over some axes or all, in the type that is computed in."""
    return sums(working, form, axis, *arrays)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def sums(working: DType, form: Form, axis: Axes | None, *arrays: Array) -> Array:
    """Sums of the terms; arrays are input, target and, if there is one, the mask."""
    terms = partial(sums_of_terms, working, form)
    if axis == ():
        return terms(axis, *arrays)
    by_arithmetic = not arrays[2:] and has_factors(form)  # A mask is a comparison itself.
    on_cpu = partial(sums_of_factors, working, form) if by_arithmetic else terms
    # XLA's loop widens bfloat16 itself.
    is_one_loop = by_arithmetic and jnp.dtype("float16") not in {one.dtype for one in arrays}
    on_cpu = partial(on_cpu, axis) if is_one_loop else partial(in_blocks, on_cpu, axis)
    return jax.lax.platform_dependent(*arrays, cpu=on_cpu, default=partial(terms, axis))


def sums_of_factors(working: DType, form: Form, axis: Axes | None, *arrays: Array) -> Array:
    """Sums without a comparison, which XLA's code for a CPU computes in one loop."""
    widened = widen(working, arrays)
    p, log_ratio = factors_of(form)(jnp, *widened, guard=Guard.ARITHMETIC)
    return unsigned(jnp.sum(p * log_ratio, axis=axis))


def sums_of_terms(working: DType, form: Form, axis: Axes | None, *arrays: Array) -> Array:
    """Sums of the terms, all of them row by row first: XLA reduces rows best on a GPU."""
    values = term_of(form)(jnp, *widen(working, arrays))
    if axis is None and values.ndim > 1:
        values = jnp.sum(values, axis=-1)
    return unsigned(jnp.sum(values, axis=axis))


def sums_and_tangents(
    working: DType, form: Form, axis: Axes | None, primals: Arrays, tangents: Arrays
) -> tuple[Array, Array]:
    """Values and directional derivatives; operands that do not move are not differentiated."""
    values = sums(working, form, axis, *primals)
    derivatives = chained_derivatives(form, Scale(), len(primals))
    widened = widen(working, primals)
    moves = [
        jnp.sum(derivative(jnp, *widened, cast(jnp, tangent, working)), axis=axis)
        for derivative, tangent in zip(derivatives, tangents[:2], strict=True)
        if not isinstance(tangent, SymbolicZero)
    ]
    return values, sum(moves, jnp.zeros_like(values))


sums.defjvp(sums_and_tangents, symbolic_zeros=True)
