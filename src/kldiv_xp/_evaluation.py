"""From operands and a resolved reduction to the value, or to its gradient; warns of nothing."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._array_api import known_shape, working_dtype
from kldiv_xp._backends import facts_about
from kldiv_xp._execution import as_array, elementwise, quiet, total
from kldiv_xp._formula import pointwise, pointwise_input_gradient, pointwise_target_gradient
from kldiv_xp._reduction import divisor
from kldiv_xp._typing import Array, Namespace, Reduction
from kldiv_xp._validation import check_operands, check_switch, check_upstream


def evaluate(input: Array, target: Array, reduction: Reduction, log_target: bool) -> Array:
    """Loss, rounded once to the promoted dtype of the operands."""
    check_switch("log_target", log_target)
    xp = check_operands(input, target)
    dtype = xp.result_type(input.dtype, target.dtype)
    terms = apply(xp, pointwise, input, target, log_target)
    with quiet(facts_about(xp), input):
        return as_array(xp, reduced(terms, reduction, known_shape(input)), dtype)


def evaluate_gradient(
    input: Array, target: Array, reduction: Reduction, log_target: bool, upstream: Array
) -> tuple[Array, Array]:
    """Derivative of the loss by each operand, rounded once to the dtype of the operand."""
    check_switch("log_target", log_target)
    xp = check_operands(input, target)
    check_upstream(input, upstream, reduction)
    by_input = apply(xp, pointwise_input_gradient, input, target, log_target)
    by_target = apply(xp, pointwise_target_gradient, input, target, log_target)
    parts = 1 if reduction == "none" else divisor(reduction, known_shape(input))
    with quiet(facts_about(xp), input):
        return (
            as_array(xp, scaled(xp, by_input, upstream, parts), input.dtype),
            as_array(xp, scaled(xp, by_target, upstream, parts), target.dtype),
        )


def apply(
    xp: Namespace, formula: Callable[..., Array], input: Array, target: Array, log_target: bool
) -> Array:
    """Evaluate a formula of both operands in the dtype to work in."""
    dtype = working_dtype(xp, xp.result_type(input.dtype, target.dtype))
    return elementwise(partial(formula, log_target=log_target), input, target, dtype=dtype)


def reduced(terms: Array, reduction: Reduction, shape: tuple[int | None, ...]) -> Array:
    """Terms added up and divided as the reduction says."""
    if reduction == "none":
        return terms
    parts = divisor(reduction, shape)
    return total(terms) if parts == 1 else total(terms) / parts


def scaled(xp: Namespace, slopes: Array, upstream: Array, parts: float) -> Array:
    """Slopes times upstream over the divisor."""
    if upstream is None:
        return slopes if parts == 1 else slopes / parts
    if hasattr(upstream, "dtype"):
        upstream = xp.astype(upstream, slopes.dtype, copy=False)
    return slopes * (upstream / parts)
