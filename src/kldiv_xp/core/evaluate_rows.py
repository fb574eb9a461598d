"""Divergences of rows of logits, and their derivatives, by the way that their library allows.

`arrays` are input, target and, if there is one, a mask with one element for every row.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient, by_backend
from kldiv_xp.core.run import constant, quiet, run
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logit_arrays import JSOfArray, softened
from kldiv_xp.formula.logits import Divergence, Pairs


def evaluate_divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row, 0 where the mask is False, in the type that is computed in."""
    with quiet(context.facts, arrays[0]):  # rows may overflow their type, and a temperature too
        rows = by_backend("divergences", context, arrays, divergence)
    return plain_rows(context, arrays, divergence) if rows is NotImplemented else rows


def evaluate_samples_of_logits(
    context: Context, arrays: Arrays, divergence: Divergence | JSOfArray, *, scaled: bool
) -> Array:
    """The same at any temperature, which may be an array, times its square if that is wanted."""
    temperature = divergence.temperature
    if isinstance(temperature, float):
        return evaluate_rows(context, arrays, divergence)
    function = partial(softened, constant=partial(constant, context.facts))
    softer = [
        evaluated(context, function, array, temperature, *arrays[2:]) if divided else array
        for array, divided in zip(arrays[:2], divergence.of_logits, strict=True)
    ]
    rows = evaluate_rows(context, (*softer, *arrays[2:]), replace(divergence, temperature=1.0))
    return evaluated(context, times_square, rows, temperature) if scaled else rows


def evaluate_rows(context: Context, arrays: Arrays, divergence: Divergence | JSOfArray) -> Array:
    """Divergence of every row at a temperature that is a number."""
    if isinstance(divergence, JSOfArray):
        return evaluated(context, partial(sums_of_pairs, divergence), *arrays)
    return evaluate_divergences(context, arrays, divergence)


def times_square(xp: Namespace, rows: Array, temperature: Array) -> Array:
    """Divergences times the square of the temperature."""
    return xp.multiply(xp.multiply(rows, temperature), temperature)


def evaluated(context: Context, function: Callable[..., Array], *arrays: Array) -> Array:
    """Result of ``function(xp, *arrays)`` in the type that is computed in."""
    value = by_backend("evaluated", context, function, arrays)
    if value is not NotImplemented:
        return value
    return run(function, context.working, context.working, *arrays)


def plain_rows(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row, by one expression of the whole arrays."""
    return run(partial(sums_of_pairs, divergence), context.working, context.working, *arrays)


def sums_of_pairs(
    divergence: Divergence | JSOfArray, xp: Namespace, *arrays: Array, guard: Guard = Guard.FULL
) -> Array:
    """Weighted inner products of the factors of a row."""
    sums = [
        xp.multiply(xp.sum(xp.multiply(p, log_ratio), axis=-1), weight)
        for weight, p, log_ratio in pairs_of(divergence, guard, xp, *arrays)
    ]
    return sums[0] if len(sums) == 1 else xp.add(*sums)


def pairs_of(
    divergence: Divergence | JSOfArray,
    guard: Guard,
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
) -> Pairs:
    """Factors of the divergence of every row, with a ratio of 1 where the mask is False.

    Equal distributions stand in there, whose mixture need not be equal to them in the last digit.
    """
    pairs = divergence.pairs(xp, *selected(divergence, xp, input, target, where), guard=guard)
    if where is None:
        return pairs
    return [(weight, p, xp.where(where, log_ratio, 0.0)) for weight, p, log_ratio in pairs]


def slopes_of(
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
    slope = gradient(xp, *selected(divergence, xp, input, target, where), guard=guard)
    slope = xp.multiply(slope, upstream)
    return slope if where is None else xp.where(where, slope, 0.0)


def selected(
    divergence: Divergence | JSOfArray,
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None,
) -> tuple[Array, Array]:
    """Context, with rows that have no divergence where the mask is False."""
    if where is None:
        return input, target
    return xp.where(where, input, 0.0), xp.where(where, target, divergence.nothing)


def plain_slopes(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, by one expression of the whole arrays."""
    in_order = (*arrays[:2], upstream, *arrays[2:])
    by_input, by_target = (
        run(
            partial(slopes_of, divergence, Guard.FULL, place == 1),
            context.working,
            operand.dtype,
            *in_order,
        )
        if want
        else None
        for place, (operand, want) in enumerate(zip(arrays[:2], wanted, strict=True))
    )
    return by_input, by_target
