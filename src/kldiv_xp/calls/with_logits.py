"""A call of the divergences from logits: checked, evaluated, reduced."""

import math
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace, Reduction, Shape
from kldiv_xp.calls.kl_div import aligned, number_selected
from kldiv_xp.calls.numbers_at_hand import with_numbers_at_hand
from kldiv_xp.calls.operands import examine, with_dtype
from kldiv_xp.calls.reduction import check_reduction, divisor
from kldiv_xp.checks.axes import one_axis
from kldiv_xp.checks.operands import check_where
from kldiv_xp.checks.options import check_switch
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, check_memory, completed
from kldiv_xp.core.evaluate_logits import evaluate_loss_of_logits, evaluate_samples_of_logits
from kldiv_xp.core.namespaces import known_shape
from kldiv_xp.core.scale import Scale, scaled_sum
from kldiv_xp.core.shapes import with_axis_moved
from kldiv_xp.formula.logit_arrays import JSOfArray, numbers_that_are_arrays
from kldiv_xp.formula.logits import Divergence


def check_temperature(temperature: float | Array, scale_by_temperature_squared: bool) -> None:
    """Refuse a temperature whose square is wanted and is no number."""
    check_switch("scale_by_temperature_squared", scale_by_temperature_squared)
    if not (scale_by_temperature_squared and isinstance(temperature, float)):
        return
    if temperature * temperature == math.inf:
        message = (
            f"`temperature` must have a finite square; got {temperature!r}: pass "
            "scale_by_temperature_squared=False."
        )
        raise ValueError(message)


def check_held(temperature: float | Array, context: Context) -> None:
    """Refuse a temperature whose reciprocal the working type cannot hold."""
    if not isinstance(temperature, float) or temperature >= 2.0**-100:
        return
    limits = context.xp.finfo(context.working)
    least = 1 / float(limits.max)
    if temperature < least:
        message = (
            f"`temperature` must be at least {least:.3g} where float{limits.bits} is computed in, "
            f"which holds no larger reciprocal; got {temperature!r}: multiply the logits and the "
            "temperature by the same number."
        )
        raise ValueError(message)


def divergence_of(
    input: Array,
    target: Array,
    divergence: Divergence | JSOfArray,
    axis: int,
    scaled: bool,
    reduction: Reduction,
    where: Array | None,
    dtype: DType | None = None,
) -> Array:
    """Divergences of the samples, scaled and reduced, and rounded once."""
    check_temperature(divergence.temperature, scaled)
    check_reduction(reduction)
    context, arrays, _ = arranged(input, target, divergence, axis, where, dtype)
    if isinstance(divergence, JSOfArray) or not isinstance(divergence.temperature, float):
        divergence = with_numbers_at_hand(context, divergence, input)
    if reduction in ("sum", "batchmean") or (reduction == "mean" and where is None):
        parts = divisor(reduction, arrays[0].shape[:-1])
        loss = evaluate_loss_of_logits(context, arrays, divergence, parts, scaled=scaled)
        if loss is not NotImplemented:
            return loss
    samples = evaluate_samples_of_logits(context, arrays, divergence, scaled=scaled)
    return reduced(context, samples, None, reduction, *arrays[2:])


def reduced(
    context: Context,
    samples: Array,
    scale: float | None,
    reduction: Reduction,
    where: Array | None = None,
) -> Array:
    """Samples, scaled and reduced, and rounded once."""
    parts = None
    counts: Arrays = ()
    if reduction == "mean" and where is not None:
        counts = (number_selected(context, where, None),)
    elif reduction != "none":
        parts = divisor(reduction, known_shape(samples))
    function = partial(reduced_samples, scale=Scale(scale, parts), reduction=reduction)
    return completed(context, function, context.dtype, samples, *counts)


def arranged(
    input: Array,
    target: Array,
    divergence: Divergence | JSOfArray,
    axis: int,
    where: Array | None,
    dtype: DType | None = None,
) -> tuple[Context, Arrays, int]:
    """Context of the operands; operands and mask with rows last; the axis of the rows."""
    context = with_dtype(examine(input, target, divergence, axis), dtype)
    check_held(divergence.temperature, context)
    place = one_axis(axis, input.ndim)
    if input.shape[place] == 0:
        check_logits(known_shape(input), place)
    arrays: Arrays = (input, target)
    if where is not None:
        check_where(input, where, (place,), divergence, of_samples=True)
        where = aligned(context, input, where, (place,))
        arrays = (input, target, where)
    numbers = numbers_that_are_arrays(divergence)
    if numbers or place != input.ndim - 1:
        check_memory(context, input=input, target=target, where=where, **numbers)
    if place != input.ndim - 1:
        arrays = tuple(with_axis_moved(context.xp, array, place, -1) for array in arrays)
    return context, arrays, place


def check_logits(shape: Shape, place: int) -> None:
    """Refuse distributions over nothing."""
    if shape[place] == 0:
        message = (
            f"`input` must have at least one logit along `axis`; got the shape {shape}, whose axis "
            f"{place} is empty: leave the loss out, or name another axis."
        )
        raise ValueError(message)


def reduced_samples(
    xp: Namespace,
    samples: Array,
    *counts: Array,
    scale: Scale,
    reduction: Reduction,
) -> Array:
    """Samples, or their sum over the count, times the scale."""
    value = samples if reduction == "none" else xp.sum(samples)
    value = xp.divide(value, counts[0]) if counts else value
    return scaled_sum(xp, value, scale)
