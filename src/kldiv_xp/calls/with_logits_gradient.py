"""A call of the gradients of the divergences from logits: checked, evaluated, scaled."""

from typing import Any

from kldiv_xp._typing import Array, Reduction
from kldiv_xp.calls.kl_div import cotangent, number_selected
from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.calls.with_logits import arranged, check_temperature, divergence_of
from kldiv_xp.checks.operands import check_upstream
from kldiv_xp.checks.options import check_switch
from kldiv_xp.core.evaluate import check_memory, with_axes
from kldiv_xp.core.evaluate_row_slopes import evaluate_gradient_of_logits
from kldiv_xp.core.namespaces import known_shape, traced
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence


def with_gradient(
    input: Array,
    target: Array,
    options: Any,
    upstream: Array,
    return_value: bool,
) -> tuple[Array, ...]:
    """Derivatives with respect to both operands, and before them the loss if that is wanted."""
    check_switch("return_value", return_value)
    gradient = gradient_of_divergence(input, target, upstream, *options)
    return (divergence_of(input, target, *options), *gradient) if return_value else gradient


def gradient_of_divergence(
    input: Array,
    target: Array,
    upstream: Array,
    divergence: Divergence | JSOfArray,
    axis: int,
    scaled: bool,
    reduction: Reduction,
    where: Array | None,
) -> tuple[Array, Array]:
    """Derivative of the same by each operand, rounded once to the dtype of the operand."""
    check_temperature(divergence.temperature, scaled)
    check_reduction(reduction)
    context, arrays, place = arranged(input, target, divergence, axis, where)
    shape = known_shape(arrays[0])[:-1]
    upstream = traced(input, upstream)
    check_upstream(input, upstream, reduction, shape)
    count = None
    if where is not None:
        check_memory(context, where=where)
        count = number_selected(context, arrays[2], None) if reduction == "mean" else None
    scale, factors = cotangent(context, upstream, reduction, shape, count)
    factors = tuple(with_axes(one, (input.ndim - 1,)) if one.ndim else one for one in factors)
    slopes = evaluate_gradient_of_logits(context, arrays, divergence, scale, factors, scaled=scaled)
    by_input, by_target = (
        slope if place == input.ndim - 1 else context.xp.moveaxis(slope, -1, place)
        for slope in slopes
    )
    return by_input, by_target
