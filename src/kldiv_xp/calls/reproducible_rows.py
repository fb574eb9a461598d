"""A call of a divergence from logits that has the same bits in every library."""

from dataclasses import replace
from typing import Any

from kldiv_xp._typing import Array, DType, Reduction
from kldiv_xp.calls.kl_div import given_upstream, number_selected
from kldiv_xp.calls.reduction import check_reduction, divisor
from kldiv_xp.calls.reproducible import Call, value_of_call, way_of
from kldiv_xp.calls.with_logits import arranged, check_temperature
from kldiv_xp.checks.options import check_switch
from kldiv_xp.checks.reproducible import check_types, known_divergence
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, check_memory
from kldiv_xp.core.evaluate_reproducible import rounding_to
from kldiv_xp.core.evaluate_reproducible_rows import WantedRows
from kldiv_xp.core.namespaces import known_shape
from kldiv_xp.core.shapes import with_axis_moved
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence


def resolved(
    input: Array,
    target: Array,
    divergence: Divergence | JSOfArray,
    axis: int,
    scaled: bool,
    reduction: Reduction,
    where: Array | None,
    dtype: DType | None,
) -> tuple[Call, int]:
    """A loss that is asked for, with its rows last, and the axis of the rows."""
    known = known_divergence(divergence)
    check_temperature(divergence.temperature, scaled)
    check_reduction(reduction)
    context, arrays, place = arranged(input, target, divergence, axis, where, dtype)
    check_types(context.xp, context.dtype, input=input, target=target)
    if where is not None:
        check_memory(context, where=where)
    rounding = rounding_to(context.xp, native(context.dtype))
    wanted = WantedRows(replace(known, scaled=scaled), reduction != "none", rounding)
    return Call(context, arrays, None, wanted, divisor_of(context, arrays, reduction)), place


def divisor_of(context: Context, arrays: Arrays, reduction: Reduction) -> Any:
    """Divisor of the sum of the rows: a number, the number selected, or None."""
    _, _, *where = arrays
    if where and reduction == "mean":
        return number_selected(replace(context, working=context.xp.float64), where[0], None)
    return divisor(reduction, known_shape(arrays[0])[:-1])


def reproducible_divergence(
    input: Array,
    target: Array,
    divergence: Divergence | JSOfArray,
    axis: int,
    scaled: bool,
    reduction: Reduction,
    where: Array | None,
    dtype: DType | None = None,
) -> Array:
    """Loss with the same bits everywhere, rounded once."""
    options = divergence, axis, scaled, reduction, where
    return value_of_call(resolved(input, target, *options, dtype)[0])


def reproducible_divergence_with_gradient(
    input: Array,
    target: Array,
    options: tuple[Divergence | JSOfArray, int, bool, Reduction, Array | None],
    upstream: Array,
    return_value: bool,
    dtype: DType | None,
) -> Arrays:
    """Derivatives, rounded once to the types of operands, and before them the loss if wanted."""
    check_switch("return_value", return_value)
    call, place = resolved(input, target, *options, dtype)
    context, arrays = call.context, call.arrays
    shape = known_shape(arrays[0])[:-1]
    number, factors = given_upstream(context, input, upstream, options[3], shape)
    factor = factors[0] if factors else 1.0 if number is None else number
    found = way_of(context, arrays).derivatives(
        arrays, call.wanted, call.divisor, factor, (True, True)
    )
    derivatives = (with_axis_moved(context.xp, one, -1, place) for one in found)
    return (value_of_call(call), *derivatives) if return_value else tuple(derivatives)
