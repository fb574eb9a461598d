"""Sparse teachers in JAX arrays: values with derivatives in closed form."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.backends.jax.meshes import explicit_sharding, on_rows
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_sparse import (
    plain_sparse_derivatives,
    sparse_derivatives,
    sparse_rows,
)
from kldiv_xp.formula.sparse import SparseKL
from kldiv_xp.formula.sparse_student import Entries


def sparse_divergences(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergence of every row, in the working dtype."""
    function = partial(compiled_sparse_rows, context.working, divergence)
    return on_rows(function, arrays[0], arrays)


def sparse_gradient(
    context: Context,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives with respect to the wanted operands, each in the dtype of its operand."""
    if explicit_sharding(arrays[0]) is not None:
        return sharded_sparse_gradient(context, arrays, divergence, upstream, wanted)
    options = context.working, divergence, wanted
    found: Gradient = compiled_sparse_gradient(*options, arrays, upstream)
    return found


@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled_sparse_gradient(
    working: DType,
    divergence: SparseKL,
    wanted: tuple[bool, bool],
    arrays: Arrays,
    upstream: Array,
) -> Gradient:
    """Derivatives with respect to the wanted operands, in one program."""
    return plain_sparse_derivatives(working, arrays, divergence, ENTRIES, upstream, wanted)


def sharded_sparse_gradient(
    context: Context,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """The same along explicit axes, where JAX places the derivatives as it places the loss."""
    logits, indices, target, *where = arrays

    def rows_of(logits: Array, target: Array) -> Array:
        return sparse_divergences(context, (logits, indices, target, *where), divergence)

    _, pulled_back = jax.vjp(rows_of, logits, target)
    by_input, by_target = (
        one if want else None
        for one, want in zip(pulled_back(upstream[..., 0]), wanted, strict=True)
    )
    return by_input, by_target


@partial(jax.jit, static_argnums=(0, 1))
def compiled_sparse_rows(working: DType, divergence: SparseKL, arrays: Arrays) -> Array:
    """Divergence of every row, in the working dtype."""
    logits, indices, target, *where = arrays
    return differentiable_sparse_rows(
        divergence, cast(jnp, logits, working), indices, cast(jnp, target, working), *where
    )


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def differentiable_sparse_rows(divergence: SparseKL, *arrays: Array) -> Array:
    """Divergence of every row; `arrays` are input, indices, target and any mask."""
    logits, indices, *others = arrays
    return sparse_rows(divergence, ENTRIES, jnp, logits, *others, indices=indices)


def sparse_rows_and_tangents(
    divergence: SparseKL, primals: Arrays, tangents: Arrays
) -> tuple[Array, Array]:
    """Values and directional derivatives; constant operands cost nothing."""
    values = differentiable_sparse_rows(divergence, *primals)
    logits, indices, target, *where = primals
    derivative, one = partial(sparse_derivatives, divergence, ENTRIES), jnp.ones((), logits.dtype)
    moves = [
        jnp.sum(
            derivative(place == 1, jnp, logits, target, one, *where, indices=indices) * tangent, -1
        )
        for place, tangent in enumerate((tangents[0], tangents[2]))
        if not isinstance(tangent, SymbolicZero)
    ]
    moved = sum(moves, jnp.zeros_like(values))
    return values, moved_where_selected(moved, *where)


def moved_where_selected(moved: Array, where: Array | None = None) -> Array:
    """How rows move, 0 where the mask is False.

    Turned around, it keeps a cotangent that is no number, as 1 / 0 of log(0), from 0 times it.
    """
    return moved if where is None else jnp.where(where[..., 0], moved, 0.0)


differentiable_sparse_rows.defjvp(sparse_rows_and_tangents, symbolic_zeros=True)


def put_in_jax(xp: Namespace, array: Array, indices: Array, values: Array | float) -> Array:
    """Copy of an array with values put at the indices; `put_along_axis` takes no symbolic sizes."""

    def of_row(row: Array, indices: Array, values: Array) -> Array:
        return row.at[indices].set(values)

    for _ in range(array.ndim - 1):
        of_row = jax.vmap(of_row)
    return of_row(array, indices, xp.broadcast_to(values, indices.shape))


ENTRIES = Entries(put_in_jax)
