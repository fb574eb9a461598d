"""JAX: rows of logits at a temperature or beta that is an array, with derivatives in closed form.

By automatic differentiation of the whole formula, value and derivatives of a mixture of 512 x 2000
float32 took 117 times the memory of an operand and 0.56 s, and take 2 and 0.15.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.backends.jax.row_sums import SUMS_IN_PARTS, by_few_rows
from kldiv_xp.backends.jax.rows import moves, rows_at_once, widen
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import rows_by
from kldiv_xp.formula.learned_numbers import by_beta, by_temperature
from kldiv_xp.formula.logit_arrays import (
    JSOfArray,
    at_arrays,
    at_numbers,
    numbers_that_are_arrays,
)
from kldiv_xp.formula.logits import Divergence


def divergences_at_arrays(
    context: Context, arrays: Arrays, divergence: Divergence | JSOfArray
) -> Array:
    """Divergence of every row."""
    given = numbers_that_are_arrays(divergence)
    plain = at_numbers(divergence, dict.fromkeys(given, 0.5))
    if plain is divergence:  # at a temperature that is a number, but no usual one
        return NotImplemented
    numbers = tuple(cast(jnp, one, context.working) for one in given.values())
    return compiled_learned_rows(context.working, plain, tuple(given), numbers, *arrays)


# Without it each gradient of a call that nobody compiles was traced anew: 8 x 5 logits took 2 s.
@partial(jax.jit, static_argnums=(0, 1, 2))
def compiled_learned_rows(
    working: DType, plain: Divergence, names: tuple[str, ...], numbers: Arrays, *arrays: Array
) -> Array:
    """Divergence of every row, compiled."""
    return learned_rows(working, plain, names, numbers, *arrays)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def learned_rows(
    working: DType, plain: Divergence, names: tuple[str, ...], numbers: Arrays, *arrays: Array
) -> Array:
    """Divergence of every row; arrays are input, target and, if there is one, the mask."""
    divergence = at_arrays(plain, dict(zip(names, numbers, strict=True)))
    return by_few_rows(partial(rows_at_once, working, divergence), arrays)


def learned_rows_and_tangents(
    working: DType,
    plain: Divergence,
    names: tuple[str, ...],
    primals: tuple[Arrays, Array],
    tangents: tuple[Arrays, Array],
) -> tuple[Array, Array]:
    """Values and directional derivatives; what does not move is not differentiated."""
    (numbers, *arrays), (moved, *tangents_of_arrays) = primals, tangents
    values = learned_rows(working, plain, names, numbers, *arrays)
    divergence = at_arrays(plain, dict(zip(names, numbers, strict=True)))
    given = working, divergence, tuple(arrays), tuple(tangents_of_arrays)
    parts = moves(*given, SUMS_IN_PARTS)  # of pairs, as at a number, compile for twice as long
    for name, move in zip(names, moved, strict=True):
        if not isinstance(move, SymbolicZero):
            way = by_temperature if name == "temperature" else by_beta
            part = derivative_by_number(working, way, divergence, tuple(arrays)) * move
            # What is not selected may have any cotangent.
            parts.append(jnp.where(arrays[2][..., 0], part, 0.0) if arrays[2:] else part)
    return values, sum(parts, jnp.zeros_like(values))


def derivative_by_number(
    working: DType, way: Callable[..., Array], divergence: Divergence | JSOfArray, arrays: Arrays
) -> Array:
    """Derivative of every row by a number."""

    def function(xp: Namespace, *arrays: Array) -> Array:
        return rows_by(partial(way, divergence), divergence, xp, *widen(working, arrays))

    return by_few_rows(function, arrays)


learned_rows.defjvp(learned_rows_and_tangents, symbolic_zeros=True)
