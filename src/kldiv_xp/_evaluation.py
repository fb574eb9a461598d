"""From checked operands and a resolved reduction to the value, or to its gradient.

A library's bridge may define `terms`, `loss` and `gradient`, and answers NotImplemented to
operands for which it knows no better way than the plain functions here.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from kldiv_xp._array_api import known_shape
from kldiv_xp._execution import run
from kldiv_xp._formula import (
    Guard,
    factors,
    pointwise,
    pointwise_input_gradient,
    pointwise_target_gradient,
)
from kldiv_xp._operands import Operands, examine
from kldiv_xp._reduction import divisor
from kldiv_xp._typing import Array, Namespace, Reduction
from kldiv_xp._validation import check_switch, check_upstream

Gradient = tuple[Array | None, Array | None]
SLOPES = (pointwise_input_gradient, pointwise_target_gradient)


def evaluate(input: Array, target: Array, reduction: Reduction, log_target: bool) -> Array:
    """Loss, rounded once to the promoted dtype of the operands."""
    check_switch("log_target", log_target)
    operands = examine(input, target)
    if reduction == "none":
        return evaluate_terms(operands, input, target, log_target)
    parts = divisor(reduction, known_shape(input))
    return evaluate_loss(operands, input, target, log_target, parts)


def evaluate_gradient(
    input: Array, target: Array, reduction: Reduction, log_target: bool, upstream: Array
) -> tuple[Array, Array]:
    """Derivative of the loss by each operand, rounded once to the dtype of the operand."""
    check_switch("log_target", log_target)
    operands = examine(input, target)
    check_upstream(input, upstream, reduction)
    is_array = hasattr(upstream, "dtype")
    number = 1 if is_array or upstream is None else upstream
    factor = number / (1 if reduction == "none" else divisor(reduction, known_shape(input)))
    return evaluate_slopes(
        operands, input, target, log_target, factor, (upstream,) if is_array else ()
    )


def evaluate_terms(operands: Operands, input: Array, target: Array, log_target: bool) -> Array:
    """Every term, in the dtype of the result."""
    if operands.bridge is not None:
        terms = operands.bridge.terms(operands, input, target, log_target)
        if terms is not NotImplemented:
            return terms
    function = partial(pointwise, log_target=log_target)
    return run(function, operands.working, operands.dtype, input, target)


def evaluate_loss(
    operands: Operands, input: Array, target: Array, log_target: bool, parts: float
) -> Array:
    """Sum of the terms over the divisor, in the dtype of the result."""
    if operands.bridge is not None:
        loss = operands.bridge.loss(operands, input, target, log_target, parts)
        if loss is not NotImplemented:
            return loss
    return plain_loss(operands, input, target, log_target, parts)


def plain_loss(
    operands: Operands, input: Array, target: Array, log_target: bool, parts: float
) -> Array:
    """The same by one expression over the whole arrays."""
    function = partial(reduced, log_target=log_target, parts=parts)
    return run(function, operands.working, operands.dtype, input, target)


def evaluate_slopes(
    operands: Operands,
    input: Array,
    target: Array,
    log_target: bool,
    factor: float,
    upstream: tuple[Array, ...],
    wanted: tuple[bool, bool] = (True, True),
) -> Gradient:
    """Derivatives by the operands that are wanted, times a number and an upstream derivative."""
    if operands.bridge is not None:
        slopes: Any = operands.bridge.gradient(
            operands, input, target, log_target, factor, upstream, wanted
        )
        if slopes is not NotImplemented:
            by_input, by_target = slopes
            return by_input, by_target
    by_input, by_target = (
        run(function, operands.working, operand.dtype, input, target, *upstream) if want else None
        for function, operand, want in zip(
            chained_slopes(log_target, factor), (input, target), wanted, strict=True
        )
    )
    return by_input, by_target


def reduced(xp: Namespace, input: Array, target: Array, *, log_target: bool, parts: float) -> Array:
    """Sum of the terms over the divisor; + 0 because the sum of nothing but -0 may be -0."""
    p, log_ratio = factors(xp, input, target, log_target)
    return divided(xp, xp.sum(xp.multiply(p, log_ratio)) + 0.0, parts=parts)


def divided(xp: Namespace, array: Array, *, parts: float) -> Array:
    """Array over the divisor."""
    del xp
    return array if parts == 1 else array / parts


def chained_slopes(
    log_target: bool, factor: float, guard: Guard = Guard.FULL
) -> list[Callable[..., Array]]:
    """Functions (xp, input, target, *upstream) to the derivative by input, and by target."""
    slopes = [partial(slope, log_target=log_target, guard=guard) for slope in SLOPES]
    return [partial(chained, slope, factor) for slope in slopes]


def chained(
    slope: Callable[..., Array],
    factor: float,
    xp: Namespace,
    input: Array,
    target: Array,
    *upstream: Array,
) -> Array:
    """Slope of a term, times the reduction's factor and the upstream derivative."""
    value = slope(xp, input, target)
    if upstream:
        return xp.multiply(value, upstream[0] * factor)
    return value if factor == 1 else xp.multiply(value, factor)
