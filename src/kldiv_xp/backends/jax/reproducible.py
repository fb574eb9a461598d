"""Losses with the same bits, of arrays of JAX: compiled, with a closed derivative.

Automatic differentiation of what is rounded would give 0.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array, Axes
from kldiv_xp.backends.jax.blocks import by_platform, few_at_a_time, totals
from kldiv_xp.backends.jax.forward_mode import without_forward_mode
from kldiv_xp.backends.jax.reproducible_functions import FUNCTIONS
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_reproducible import (
    Wanted,
    completed,
    cotangent_of,
    factor_of,
    rounding_to,
    scaled_derivative,
    sums_between,
)
from kldiv_xp.core.evaluate_reproducible_rows import (
    Divergence,
    WantedRows,
    completed_rows,
    rows,
    scaled_row_derivatives,
)
from kldiv_xp.core.reproducible_bounds import largest
from kldiv_xp.formula.reproducible_functions import Rounding
from kldiv_xp.formula.reproducible_operations import Operations

Asked = Wanted | WantedRows

NOT_TWICE = (
    "A loss with reproducible=True has no second derivative, and no gradient has a derivative: "
    "call it with reproducible=False where they are wanted."
)

NO_FORWARD_MODE = (
    "A loss with reproducible=True has no forward mode in JAX (jax.jvp, jax.jacfwd, jax.hessian): "
    "take jax.grad or jax.jacrev of it, or call it with reproducible=False."
)


def value(arrays: Arrays, wanted: Asked, divisor: Any) -> Array:
    """Terms, or their sums over a number or an array of numbers, rounded once."""
    count = (divisor,) if isinstance(divisor, jax.Array) else ()
    operands = wanted, None if count else divisor, arrays, count
    return without_forward_mode(NO_FORWARD_MODE, loss, *operands)


def derivatives(
    arrays: Arrays, wanted: Asked, divisor: Any, upstream: Any, places: tuple[bool, bool]
) -> Gradient:
    """Derivatives with respect to the operands in these places, times a cotangent."""
    del places
    count = (divisor,) if isinstance(divisor, jax.Array) else ()
    above = jnp.asarray(upstream, dtype=None if hasattr(upstream, "dtype") else jnp.float64)
    by_operands: Gradient = once(wanted, None if count else divisor, arrays, count, above)
    return by_operands


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
@partial(jax.jit, static_argnums=(0, 1))
def loss(wanted: Asked, parts: int | None, arrays: Arrays, count: Arrays) -> Array:
    """The loss, over a number of the shapes, or over another one."""
    divisor = count[0] if count else parts
    if isinstance(wanted, WantedRows):
        found = few_at_a_time(partial(rows, wanted.divergence, Operations(FUNCTIONS)), arrays)
        return completed_rows(wanted, divisor, FUNCTIONS, found)
    ndim, axis = arrays[0].ndim, wanted.axis
    if axis is None or len(axis) == ndim > 0:
        return jnp.reshape(sum_of_all(wanted, divisor, arrays), ())
    if axis == ():
        return few_at_a_time(partial(wanted.value, None, FUNCTIONS), arrays)
    return by_platform(partial(samples, wanted), axis, *arrays)


def samples(wanted: Wanted, axis: Axes, *arrays: Array) -> Array:
    """Sums over some axes."""
    return wanted._replace(axis=axis).value(None, FUNCTIONS, *arrays)


def sum_of_all(wanted: Wanted, divisor: Any, arrays: Arrays) -> Array:
    """Sum of all terms: first the bounds of all, then integers, which no order changes."""
    form = wanted.form
    bounds = totals(partial(largest, form, None, FUNCTIONS), (jnp.max, jnp.max, jnp.sum), *arrays)
    function = partial(sums_between, form, None, bounds, FUNCTIONS)
    sums = totals(function, (jnp.sum,) * 3, *arrays)
    return completed(FUNCTIONS, sums, bounds, wanted, divisor)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
@partial(jax.jit, static_argnums=(0, 1))
def once(
    wanted: Asked, parts: int | None, arrays: Arrays, count: Arrays, upstream: Array
) -> Gradient:
    """Derivatives, which are not differentiated again."""
    divisor = count[0] if count else parts
    derivative = partial(derivative_of, wanted, divisor)
    by_input, by_target = (derivative(place, upstream, arrays) for place in (0, 1))
    return by_input, by_target


def derivative_of(
    wanted: Asked, divisor: Any, place: int, upstream: Array, arrays: Arrays
) -> Array:
    """Derivative with respect to one operand; of logits a few rows at a time."""
    if not isinstance(wanted, WantedRows):
        factor = factor_of(FUNCTIONS, arrays[0], wanted, arrays[0].shape, divisor, upstream)
        function = partial(
            scaled_derivative, place, wanted.form, rounding_to(jnp, arrays[place].dtype)
        )
        if factor.ndim:
            return few_at_a_time(partial(function, FUNCTIONS), (*arrays, factor))
        return few_at_a_time(lambda *some: function(FUNCTIONS, *some, factor), arrays)
    factor = cotangent_of(FUNCTIONS, arrays[0], divisor, upstream)
    factor = jnp.broadcast_to(
        factor[..., None] if factor.ndim else factor, (*arrays[0].shape[:-1], 1)
    )
    function = partial(
        derivative_of_rows, place, wanted.divergence, rounding_to(jnp, arrays[place].dtype)
    )
    return few_at_a_time(function, (*arrays, factor))


def derivative_of_rows(
    place: int, divergence: Divergence, rounding: Rounding, *arrays: Array
) -> Array:
    """The same of rows, times the last array."""
    return scaled_row_derivatives(divergence, {place: rounding}, Operations(FUNCTIONS), *arrays)[
        place
    ]


def refuse(*_: object) -> Any:
    """Say that there are none."""
    raise NotImplementedError(NOT_TWICE)


def loss_and_operands(
    wanted: Asked, parts: int | None, arrays: Arrays, count: Arrays
) -> tuple[Array, tuple[Arrays, Arrays]]:
    """The loss, and what its derivatives are made of."""
    return loss(wanted, parts, arrays, count), (arrays, count)


def by_operands(
    wanted: Asked, parts: int | None, operands: tuple[Arrays, Arrays], upstream: Array
) -> tuple[tuple[Array | None, ...], tuple[None, ...]]:
    """Derivatives with respect to both operands, None for masks and numbers."""
    arrays, count = operands
    by_arrays = once(wanted, parts, arrays, count, upstream)
    return (*by_arrays, *(None for _ in arrays[2:])), tuple(None for _ in count)


loss.defvjp(loss_and_operands, by_operands)
once.defjvp(refuse)
