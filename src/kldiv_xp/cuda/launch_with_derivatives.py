"""CUDA kernels launched for losses with both derivatives: the operands are read once."""

from kldiv_xp._typing import Axes
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import loss_kernels
from kldiv_xp.cuda.device_arrays import Device, dtype_name
from kldiv_xp.cuda.launch_plan import new_derivatives
from kldiv_xp.cuda.launches import Launch, launch_planned, sums_in_pieces
from kldiv_xp.cuda.plans import elements_plan, rows_plan
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.tracing.losses import TERMS_OUTPUT, TOTAL, any_of, numbers_of_temperature
from kldiv_xp.tracing.with_derivatives import BOTH_WANTED


def with_derivatives(
    device: Device,
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    parts: int | None,
    scale: Scale,
    upstream: Arrays,
) -> Arrays:
    """Every term with axis (), else sums over the divisor, before both derivatives."""
    shape, is_sum = tuple(arrays[0].shape), axis != ()
    derivatives, inputs, outputs = new_derivatives(device, arrays, upstream, BOTH_WANTED)
    source = (loss_kernels.source_of_terms_with_derivatives, form, len(arrays), is_sum)
    work = Launch(source, context.working, inputs, outputs, (scale.number_at_hand(),))
    if is_sum:
        every = tuple(range(len(shape)))
        value = sums_in_pieces(device, context, shape, axis or every, work, parts)
    else:
        value = device.empty(shape, context.dtype)
        outputs[TERMS_OUTPUT] = device.buffer(value)
        launch_planned(device, work, shape, elements_plan)
    return value, *derivatives


def rows_with_derivatives(
    device: Device,
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
) -> Arrays:
    """Divergences of rows of logits, in the working dtype, before both derivatives."""
    derivatives, inputs, outputs = new_derivatives(device, arrays, upstream, BOTH_WANTED)
    rows = device.empty(tuple(arrays[0].shape[:-1]), context.working)
    outputs[TOTAL] = device.buffer(rows)
    source = (loss_kernels.source_of_row_and_derivatives, any_of(divergence), len(arrays))
    numbers = numbers_of_temperature(divergence.temperature, dtype_name(context.working))
    given = (1.0, scale.number_at_hand(), *numbers)
    work = Launch(source, context.working, inputs, outputs, given)
    launch_planned(device, work, tuple(arrays[0].shape), rows_plan)
    return rows, *derivatives
