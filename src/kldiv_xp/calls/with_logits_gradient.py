"""A call of the gradients of the divergences from logits: checked, evaluated, scaled."""

from kldiv_xp._typing import Array, DType, Reduction
from kldiv_xp.calls.kl_div import cotangent, given_upstream, number_selected
from kldiv_xp.calls.numbers_at_hand import with_numbers_at_hand
from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.calls.with_logits import arranged, check_temperature, reduced
from kldiv_xp.checks.options import check_switch
from kldiv_xp.core.evaluate import Arrays, check_memory
from kldiv_xp.core.evaluate_row_derivatives import (
    evaluate_gradient_of_logits,
    evaluate_rows_with_derivatives,
)
from kldiv_xp.core.namespaces import known_shape
from kldiv_xp.core.shapes import with_axes, with_axis_moved
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence


def with_gradient(
    input: Array,
    target: Array,
    options: tuple[Divergence | JSOfArray, int, bool, Reduction, Array | None],
    upstream: Array,
    return_value: bool,
    dtype: DType | None,
) -> Arrays:
    """Derivatives, each in the dtype of its operand, and before them the loss if it is wanted."""
    divergence, axis, scaled, reduction, where = options
    check_switch("return_value", return_value)
    check_temperature(divergence.temperature, scaled)
    check_reduction(reduction)
    context, arrays, place = arranged(input, target, divergence, axis, where, dtype)
    if isinstance(divergence, JSOfArray) or not isinstance(divergence.temperature, float):
        divergence = with_numbers_at_hand(context, divergence, input)
    shape = known_shape(arrays[0])[:-1]
    number, factors = given_upstream(context, input, upstream, reduction, shape)
    count = None
    if where is not None:
        check_memory(context, where=where)
        count = number_selected(context, arrays[2], None) if reduction == "mean" else None
    scale, factors = cotangent(context, number, factors, reduction, shape, count)
    factors = tuple(with_axes(one, (input.ndim - 1,)) if one.ndim else one for one in factors)
    evaluate = evaluate_rows_with_derivatives if return_value else evaluate_gradient_of_logits
    *rows, by_input, by_target = evaluate(
        context, arrays, divergence, scale, factors, scaled=scaled
    )
    derivatives = (with_axis_moved(context.xp, one, -1, place) for one in (by_input, by_target))
    return *(reduced(context, one, None, reduction, *arrays[2:]) for one in rows), *derivatives
