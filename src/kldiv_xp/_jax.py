"""JAX: sums that XLA keeps in its vector loop on a CPU, and their derivatives in closed form."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from kldiv_xp._array_api import cast
from kldiv_xp._divergences import slopes_of, sums_of_pairs
from kldiv_xp._evaluation import SLOPES, Arrays, divided
from kldiv_xp._formula import Guard, factors
from kldiv_xp._logit_formula import Divergence
from kldiv_xp._operands import Operands
from kldiv_xp._typing import Array


def loss(operands: Operands, arrays: Arrays, log_target: bool, parts: int | None) -> Array:
    """Sum of all terms over the divisor."""
    if len(arrays) > len(SLOPES):
        return NotImplemented
    operands_in_working_type = [cast(operands.xp, array, operands.working) for array in arrays]
    value = compiled_total(*operands_in_working_type, log_target)
    return cast(operands.xp, divided(jnp, value, parts=parts), operands.dtype)


def divergences(operands: Operands, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits."""
    working = [cast(operands.xp, array, operands.working) for array in arrays[:2]]
    return compiled_rows(divergence, *working, *arrays[2:])


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def total(input: Array, target: Array, log_target: bool) -> Array:
    """Sum of the terms; XLA's sum of one -0 is -0, and -0 + 0 as well."""
    value = guarded(partial(summed, log_target=log_target), input, target)
    return jnp.where(value == 0, 0.0, value)


def guarded(function: Callable[..., Array], *arrays: Array) -> Array:
    """Sums with the guards that they need.

    XLA's code for a CPU loses its vector loop on a comparison anywhere near a logarithm
    (512 x 32000 float32: 6.6 ms without a guard, 28 with any), so there the guards run only where
    a bare sum is NaN, which is exact.  Elsewhere a branch would wait for the device.
    """
    full = partial(function, guard=Guard.FULL)

    def in_two_steps(*arrays: Array) -> Array:
        value = function(*arrays, guard=Guard.NONE)
        return jax.lax.cond(jnp.any(jnp.isnan(value)), full, lambda *_: value, *arrays)

    return jax.lax.platform_dependent(*arrays, cpu=in_two_steps, default=full)


def summed(input: Array, target: Array, *, log_target: bool, guard: Guard) -> Array:
    """Sum of the products of the factors."""
    p, log_ratio = factors(jnp, input, target, log_target=log_target, guard=guard)
    return jnp.sum(p * log_ratio)


def total_and_tangent(
    log_target: bool, primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Value and directional derivative, without the slope by an operand that does not move."""
    value = total(*primals, log_target)
    moves = [
        jnp.sum(slope(jnp, *primals, log_target=log_target) * tangent)
        for slope, tangent in zip(SLOPES, tangents, strict=True)
        if not isinstance(tangent, SymbolicZero)
    ]
    return value, sum(moves, jnp.zeros_like(value))


total.defjvp(total_and_tangent, symbolic_zeros=True)
compiled_total = jax.jit(total, static_argnums=2)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def rows(divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row; arrays are input, target and, if there is one, the mask."""
    return guarded(partial(sums_of_pairs, divergence, jnp), *arrays)


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
compiled_rows = jax.jit(rows, static_argnums=0)
