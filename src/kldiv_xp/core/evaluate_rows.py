"""Divergences of rows of logits, and their derivatives, by the way that their library allows.

`arrays` are input, target and, if there is one, a mask with one element for every row.
"""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient, by_backend
from kldiv_xp.core.run import quiet, run
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import KL, Divergence

WIDE_ROWS = 128
"""Rows of float32 that are shorter are computed in float64, which is one form for nearly all.

By the compiled loops 19 classes take 11 ns an element however near the rows are, where they took 9
to 40; errors are those of rounding the result, where they were up to 2.7e-6.
"""


def evaluate_divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row, 0 where the mask is False, in the type that is computed in."""
    with quiet(context.facts, arrays[0]):  # rows may overflow their type, and a temperature too
        rows = by_backend("divergences", context, arrays, divergence)
    return plain_rows(context, arrays, divergence) if rows is NotImplemented else rows


def plain_rows(context: Context, arrays: Arrays, divergence: Divergence | JSOfArray) -> Array:
    """Divergence of every row, by one expression of the whole arrays."""
    return run(partial(rows_of, divergence), context.working, context.working, *arrays)


def rows_of(
    divergence: Divergence | JSOfArray,
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    guard: Guard = Guard.FULL,
) -> Array:
    """Divergence of every row, 0 where the mask is False."""
    return rows_by(partial(divergence.rows, guard=guard), divergence, xp, input, target, where)


def rows_by(
    way: Callable[..., Array],
    divergence: Divergence | JSOfArray,
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
) -> Array:
    """The same by one of the ways to it, a function (xp, input, target)."""
    rows = way(xp, *selected(divergence, xp, input, target, where))
    return (rows if where is None else xp.where(where, rows, 0.0))[..., 0]


def factors_of(
    divergence: KL, guard: Guard, xp: Namespace, input: Array, target: Array, *where: Array
) -> tuple[Array, Array]:
    """Factors of the divergence of every row from a target that is given."""
    mask = where[0] if where else None
    return divergence.factors(xp, *selected(divergence, xp, input, target, mask), guard=guard)


def derivatives_of(
    divergence: Divergence | JSOfArray,
    guard: Guard,
    by_target: bool,
    xp: Namespace,
    input: Array,
    target: Array,
    upstream: Array,
    where: Array | None = None,
) -> Array:
    """Derivative of the divergences by one operand, times that of something by them."""
    gradient = divergence.target_gradient if by_target else divergence.input_gradient
    way = partial(gradient, guard=guard)
    return derivatives_by(way, divergence, xp, input, target, upstream, where)


def derivatives_by(
    way: Callable[..., Array],
    divergence: Divergence | JSOfArray,
    xp: Namespace,
    input: Array,
    target: Array,
    upstream: Array,
    where: Array | None = None,
) -> Array:
    """The same by one of the ways to it, a function (xp, input, target)."""
    derivative = xp.multiply(way(xp, *selected(divergence, xp, input, target, where)), upstream)
    return derivative if where is None else xp.where(where, derivative, 0.0)


def selected(
    divergence: Divergence | JSOfArray,
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None,
) -> tuple[Array, Array]:
    """Operands, with rows that have no divergence where the mask is False."""
    if where is None:
        return input, target
    return xp.where(where, input, 0.0), xp.where(where, target, divergence.nothing)


def plain_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence | JSOfArray,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, by one expression of the whole arrays."""
    in_order = (*arrays[:2], upstream, *arrays[2:])
    by_input, by_target = (
        run(
            partial(derivatives_of, divergence, Guard.FULL, place == 1),
            context.working,
            operand.dtype,
            *in_order,
        )
        if want
        else None
        for place, (operand, want) in enumerate(zip(arrays[:2], wanted, strict=True))
    )
    return by_input, by_target
