"""From operands and a resolved reduction to the value, or to its gradient; warns of nothing."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._array_api import known_shape, promoted_dtype, working_dtype
from kldiv_xp._execution import elementwise, total
from kldiv_xp._formula import pointwise, pointwise_input_gradient, pointwise_target_gradient
from kldiv_xp._reduction import divisor
from kldiv_xp._typing import Array, Namespace, Reduction
from kldiv_xp._validation import check_operands, check_switch, check_upstream


def evaluate(input: Array, target: Array, reduction: Reduction, log_target: bool) -> Array:
    """Loss, rounded once to the promoted dtype of the operands."""
    check_switch("log_target", log_target)
    xp = check_operands(input, target)
    dtype = promoted_dtype(xp, input, target)
    working = working_dtype(xp, dtype)
    terms = partial(
        elementwise, partial(pointwise, log_target=log_target), input, target, dtype=working
    )
    if reduction == "none":
        return terms(result_dtype=dtype)
    mean = partial(divided, parts=divisor(reduction, known_shape(input)))
    return elementwise(mean, total(terms(result_dtype=working)), dtype=working, result_dtype=dtype)


def evaluate_gradient(
    input: Array, target: Array, reduction: Reduction, log_target: bool, upstream: Array
) -> tuple[Array, Array]:
    """Derivative of the loss by each operand, rounded once to the dtype of the operand."""
    check_switch("log_target", log_target)
    xp = check_operands(input, target)
    check_upstream(input, upstream, reduction)
    is_array = hasattr(upstream, "dtype")
    number = 1 if is_array or upstream is None else upstream
    parts = 1 if reduction == "none" else divisor(reduction, known_shape(input))
    operands = (input, target, upstream) if is_array else (input, target)
    dtype = working_dtype(xp, promoted_dtype(xp, input, target))

    def derivative(slope: Callable[..., Array], operand: Array) -> Array:
        function = partial(chained, partial(slope, log_target=log_target), number / parts)
        return elementwise(function, *operands, dtype=dtype, result_dtype=operand.dtype)

    by_input = derivative(pointwise_input_gradient, input)
    return by_input, derivative(pointwise_target_gradient, target)


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
        return value * (upstream[0] * factor)
    return value if factor == 1 else value * factor


def divided(xp: Namespace, array: Array, *, parts: float) -> Array:
    """Array over the divisor."""
    return array if parts == 1 else array / parts
