"""Derivatives of divergences of rows of logits, without automatic differentiation.

`arrays` are as for the divergences; `upstream` is nothing, or one array that is 0-d or has one
element for every row.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient, by_backend, completed
from kldiv_xp.core.evaluate_logits import evaluate_samples_of_logits, evaluated
from kldiv_xp.core.evaluate_rows import derivatives_by, evaluate_divergences
from kldiv_xp.core.run import quiet, run, wanted_derivatives
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence

BOTH = (True, True)


def evaluate_gradient_of_logits(
    context: Context,
    arrays: Arrays,
    divergence: Divergence | JSOfArray,
    scale: Scale,
    upstream: Arrays,
    *,
    scaled: bool,
) -> Gradient:
    """Derivatives at any temperature, which may be an array, times its square if `scaled`."""
    temperature, divergence = divergence.temperature, replace(divergence, scaled=scaled)
    if isinstance(temperature, float):
        return evaluate_row_derivatives(context, arrays, divergence, scale, upstream)
    in_order = (*arrays[:2], temperature, *arrays[2:], *upstream)
    derivatives = []
    for by_target, operand in zip((False, True), arrays[:2], strict=True):
        function = partial(derivative_at_temperature, divergence, by_target, scale, len(arrays))
        derivative = evaluated(context, function, *in_order)
        derivatives.append(completed(context, unchanged, native(operand.dtype), derivative))
    return derivatives[0], derivatives[1]


def evaluate_rows_with_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence | JSOfArray,
    scale: Scale,
    upstream: Arrays,
    *,
    scaled: bool,
) -> Arrays:
    """Divergences of the rows before the derivatives."""
    options = arrays, divergence, scale, upstream
    if isinstance(divergence.temperature, float) and not isinstance(divergence, JSOfArray):
        ready = replace(divergence, scaled=scaled)
        return rows_with_derivatives_at_hand(context, arrays, ready, scale, upstream)
    rows = evaluate_samples_of_logits(context, arrays, divergence, scaled=scaled)
    return (rows, *evaluate_gradient_of_logits(context, *options, scaled=scaled))


def rows_with_derivatives_at_hand(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Arrays:
    """The same of a divergence whose temperature and beta are numbers."""
    options = arrays, divergence, scale, upstream
    with quiet(context.facts, arrays[0]):
        results = by_backend("rows_with_derivatives", context, *options)
    if results is not NotImplemented:
        return tuple(results)
    rows = evaluate_divergences(context, arrays, divergence)
    return (rows, *evaluate_row_derivatives(context, *options))


def derivative_at_temperature(
    divergence: Divergence | JSOfArray,
    by_target: bool,
    scale: Scale,
    count: int,
    xp: Namespace,
    input: Array,
    target: Array,
    temperature: Array,
    *others: Array,
) -> Array:
    """Derivative of rows at a temperature that is an array, in the type that is computed in."""
    divergence = replace(divergence, temperature=temperature)
    return chained_row_derivative(
        divergence, Guard.FULL, by_target, scale, count, xp, input, target, *others
    )


def evaluate_row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence | JSOfArray,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool] = BOTH,
) -> Gradient:
    """Gradients with respect to the wanted operands, each in the dtype of its operand."""
    if isinstance(divergence, JSOfArray):
        functions = row_derivatives(divergence, scale, len(arrays))
        derivatives = [evaluated(context, function, *arrays, *upstream) for function in functions]
        by_input, by_target = (
            completed(context, unchanged, native(operand.dtype), derivative)
            for derivative, operand in zip(derivatives, arrays[:2], strict=True)
        )
        return by_input, by_target
    gradient = by_backend("row_derivatives", context, arrays, divergence, scale, upstream, wanted)
    if gradient is NotImplemented:
        functions = row_derivatives(divergence, scale, len(arrays))
        return wanted_derivatives(run, context, functions, arrays, upstream, wanted)
    by_input, by_target = gradient
    return by_input, by_target


def row_derivatives(
    divergence: Divergence | JSOfArray, scale: Scale, count: int, guard: Guard = Guard.FULL
) -> list[partial[Array]]:
    """Functions (xp, *arrays, *upstream) to the derivative with respect to input, and by target."""
    return [
        partial(chained_row_derivative, divergence, guard, by_target, scale, count)
        for by_target in (False, True)
    ]


def chained_row_derivative(
    divergence: Divergence | JSOfArray,
    guard: Guard,
    by_target: bool,
    scale: Scale,
    count: int,
    xp: Namespace,
    *arrays: Array,
) -> Array:
    """Derivative of a row times the scale and the cotangent; 0 where a mask is False."""
    gradient = divergence.target_gradient if by_target else divergence.input_gradient
    return chained_by(partial(gradient, guard=guard), divergence, scale, count, xp, *arrays)


def chained_by(
    way: Callable[..., Array],
    divergence: Divergence | JSOfArray,
    scale: Scale,
    count: int,
    xp: Namespace,
    *arrays: Array,
) -> Array:
    """The same by one of the ways to the derivative, a function (xp, input, target)."""
    (x, t, *where), upstream = arrays[:count], arrays[count:]
    factor = scale.times(xp, upstream[0] if upstream else xp.ones_like(x[..., :1]))
    return derivatives_by(way, divergence, xp, x, t, factor, *where)


def unchanged(xp: Namespace, array: Array) -> Array:
    """The array, which is but rounded to its dtype."""
    del xp
    return array
