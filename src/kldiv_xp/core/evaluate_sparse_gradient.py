"""Derivatives of divergences from teachers known at some indices, without autodiff."""

from functools import partial

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient, by_backend, completed
from kldiv_xp.core.evaluate_logits import evaluated
from kldiv_xp.core.evaluate_sparse import (
    entries_at_hand,
    evaluate_sparse,
    plain_sparse_derivatives,
    softer,
    times_square,
)
from kldiv_xp.core.run import quiet
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.sparse import SparseKL


def evaluate_sparse_gradient(
    context: Context,
    arrays: Arrays,
    divergence: SparseKL,
    scale: Scale,
    upstream: Arrays,
    *,
    scaled: bool,
    with_rows: bool,
) -> Arrays:
    """Derivatives with respect to input and target, times T**2 if that is wanted.

    Before them stand the divergences of the rows, as `evaluate_sparse_samples` gives them, if they
    are wanted. `upstream` is nothing, or one array that is 0-d or has one element for every row.
    """
    temperature, ready, soft = divergence.temperature, divergence, arrays
    at_hand = isinstance(temperature, float)
    if at_hand and scaled:
        scale = Scale(temperature * temperature * (1.0 if scale[0] is None else scale[0]), scale[1])
    elif not at_hand:
        soft, ready = softer(context, arrays, divergence)
    first = soft[0][..., :1]
    factor = evaluated(context, partial(full_upstream, scale), first, *upstream)
    evaluate = evaluate_sparse_with_gradient if with_rows else evaluate_sparse_derivatives
    *rows, by_input, by_target = evaluate(context, soft, ready, factor)
    if at_hand:
        return *rows, by_input, by_target
    if scaled:
        rows = [evaluated(context, times_square, one, temperature) for one in rows]
    operands = arrays[0], arrays[2]
    return *rows, *(
        completed(
            context,
            partial(chained_by_temperature, scaled, divided),
            native(operand.dtype),
            derivative,
            temperature,
        )
        for derivative, operand, divided in zip(
            (by_input, by_target), operands, divergence.of_logits, strict=True
        )
    )


def evaluate_sparse_with_gradient(
    context: Context, arrays: Arrays, divergence: SparseKL, upstream: Array
) -> Arrays:
    """Divergences of the rows before both derivatives."""
    with quiet(context.facts, arrays[0]):
        found = by_backend("sparse_with_gradient", context, arrays, divergence, upstream)
    if found is not NotImplemented:
        return tuple(found)
    rows = evaluate_sparse(context, arrays, divergence)
    return rows, *evaluate_sparse_derivatives(context, arrays, divergence, upstream)


def evaluate_sparse_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Array,
    wanted: tuple[bool, bool] = (True, True),
) -> Gradient:
    """Derivatives of the rows with respect to the wanted operands, each in its operand's type."""
    with quiet(context.facts, arrays[0]):
        found = by_backend("sparse_gradient", context, arrays, divergence, upstream, wanted)
        if found is NotImplemented:
            entries = entries_at_hand(context)
            found = plain_sparse_derivatives(
                context.working, arrays, divergence, entries, upstream, wanted
            )
    by_input, by_target = found
    return by_input, by_target


def full_upstream(scale: Scale, xp: Namespace, first: Array, *upstream: Array) -> Array:
    """A scale, times an array if there is one, for every row."""
    ones = xp.ones_like(first)
    return scale.times(xp, xp.multiply(ones, upstream[0]) if upstream else ones)


def chained_by_temperature(
    scaled: bool, divided: bool, xp: Namespace, derivative: Array, temperature: Array
) -> Array:
    """Derivative with respect to logits from that of logits / T; times T**2 if that is wanted."""
    if scaled:
        derivative = xp.multiply(derivative, temperature)
        return derivative if divided else xp.multiply(derivative, temperature)
    return xp.divide(derivative, temperature) if divided else derivative
