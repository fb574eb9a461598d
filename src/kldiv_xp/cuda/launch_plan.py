"""CUDA kernels launched for losses and gradients, on device arrays of any library."""

from kldiv_xp._typing import Array, Axes
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import loss_kernels
from kldiv_xp.cuda.device_arrays import Device, buffers, dtype_name
from kldiv_xp.cuda.launches import Launch, launch_planned, sums_in_pieces
from kldiv_xp.cuda.plans import elements_plan, rows_plan
from kldiv_xp.cuda.strides_and_grid import DeviceBuffer
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.tracing.losses import RESULTS, TERMS_OUTPUT, TOTAL, any_of, numbers_of_temperature


def terms(device: Device, context: Context, arrays: Arrays, form: Form) -> Array:
    """Terms of the loss, elementwise."""
    shape = tuple(arrays[0].shape)
    result = device.empty(shape, context.dtype)
    outputs = {TERMS_OUTPUT: device.buffer(result)}
    source = (loss_kernels.source_of_terms, form)
    launch_planned(
        device,
        Launch(source, context.working, buffers(device, arrays), outputs),
        shape,
        elements_plan,
    )
    return result


def derivatives(
    device: Device,
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, in one pass."""
    results, inputs, outputs = new_derivatives(device, arrays, upstream, wanted)
    source = (loss_kernels.source_of_derivatives, form, len(arrays), wanted)
    work = Launch(source, context.working, inputs, outputs, (scale.number_at_hand(),))
    launch_planned(device, work, tuple(arrays[0].shape), elements_plan)
    return results


def row_derivatives(
    device: Device,
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives of the rows' divergences; `upstream` has one element, or one per row."""
    results, inputs, outputs = new_derivatives(device, arrays, upstream, wanted)
    source = (loss_kernels.source_of_row_derivatives, any_of(divergence), len(arrays), wanted)
    numbers = numbers_of_temperature(divergence.temperature, dtype_name(context.working))
    given = (scale.number_at_hand(), *numbers)
    work = Launch(source, context.working, inputs, outputs, given)
    launch_planned(device, work, tuple(arrays[0].shape), rows_plan)
    return results


def new_derivatives(
    device: Device, arrays: Arrays, upstream: Arrays, wanted: tuple[bool, bool]
) -> tuple[Gradient, dict[str, DeviceBuffer], dict[str, DeviceBuffer]]:
    """New arrays for the wanted derivatives, then the buffers of inputs and of outputs by name."""
    by_input, by_target = (
        device.empty(tuple(operand.shape), operand.dtype) if want else None
        for operand, want in zip(arrays[:2], wanted, strict=True)
    )
    outputs = {
        name: device.buffer(result)
        for name, result in zip(RESULTS, (by_input, by_target), strict=True)
        if result is not None
    }
    return (by_input, by_target), buffers(device, arrays, upstream), outputs


def sums(
    device: Device,
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes,
    parts: int | None,
) -> Array:
    """Sums of the terms over some axes divided by the divisor, rounded once from float64."""
    source = (loss_kernels.source_of_sums, form)
    work = Launch(source, context.working, buffers(device, arrays), {})
    return sums_in_pieces(device, context, tuple(arrays[0].shape), axis, work, parts)


def divergences(device: Device, context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits, in the working dtype."""
    shape = tuple(arrays[0].shape)
    result = device.empty(shape[:-1], context.working)
    source = (loss_kernels.source_of_divergences, any_of(divergence))
    numbers = numbers_of_temperature(divergence.temperature, dtype_name(context.working))
    outputs = {TOTAL: device.buffer(result)}
    work = Launch(source, context.working, buffers(device, arrays), outputs, (1.0, *numbers))
    launch_planned(device, work, shape, rows_plan)
    return result
