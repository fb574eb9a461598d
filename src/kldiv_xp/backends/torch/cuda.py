"""Torch tensors on a CUDA device: traced kernels if a compiler is found, else blocks."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import torch

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.backends.torch import cuda_in_blocks
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import launch_plan, launch_with_derivatives
from kldiv_xp.cuda.device_arrays import Device, dtype_name, has_known_type
from kldiv_xp.cuda.strides_and_grid import DeviceBuffer
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence


def has_kernels(*tensors: Array) -> bool:
    """Whether there are kernels for the tensors' dtypes."""
    return all(map(has_known_type, tensors))


def terms_of(context: Context, form: Form, *arrays: Array) -> Array:
    """Terms of the loss, elementwise."""
    if compiler() is None:
        return cuda_in_blocks.terms(context, arrays, form)
    return launch_plan.terms(device_of(arrays[0]), context, arrays, form)


def samples_of(context: Context, form: Form, *arrays: Array, axis: Axes) -> Array:
    """Sums of the terms over some axes, rounded once from float64."""
    return divided_sums(context, form, arrays, axis, None)


def loss_of(context: Context, form: Form, *arrays: Array, parts: int | None) -> Array:
    """Sum of all terms over the divisor, rounded once from float64."""
    return divided_sums(context, form, arrays, tuple(range(arrays[0].ndim)), parts)


def divided_sums(
    context: Context, form: Form, arrays: Arrays, axis: Axes, parts: int | None
) -> Array:
    """Sums of the terms over some axes, divided by the divisor."""
    if compiler() is None:
        return cuda_in_blocks.sums(context, arrays, form, axis, parts)
    return launch_plan.sums(device_of(arrays[0]), context, arrays, form, axis, parts)


def derivatives_of(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands."""
    if compiler() is None:
        return cuda_in_blocks.derivatives(context, arrays, form, scale, upstream, wanted)
    device = device_of(arrays[0])
    return launch_plan.derivatives(device, context, arrays, form, scale, upstream, wanted)


def with_derivatives_of(
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    parts: int | None,
    scale: Scale,
    upstream: Arrays,
) -> Any:
    """Loss before both derivatives, by one kernel; without a compiler one by one."""
    if compiler() is None:
        return NotImplemented
    function, device = launch_with_derivatives.with_derivatives, device_of(arrays[0])
    return function(device, context, arrays, form, axis, parts, scale, upstream)


def rows_with_derivatives_of(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Any:
    """Divergences of rows before both derivatives, likewise."""
    if compiler() is None:
        return NotImplemented
    function, device = launch_with_derivatives.rows_with_derivatives, device_of(arrays[0])
    return function(device, context, arrays, divergence, scale, upstream)


def divergences_of(context: Context, divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row of logits."""
    if compiler() is None:
        return cuda_in_blocks.divergences(context, arrays, divergence)
    return launch_plan.divergences(device_of(arrays[0]), context, arrays, divergence)


def row_derivatives_of(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives of the divergences with respect to the wanted operands."""
    every = (context, arrays, divergence, scale, upstream, wanted)
    if compiler() is None:
        return cuda_in_blocks.row_derivatives(*every)
    return launch_plan.row_derivatives(device_of(arrays[0]), *every)


@cache
def compiler() -> Any:
    """Launcher module: NVRTC's if it is found, else CuPy's, else None."""
    try:
        from kldiv_xp.backends.torch import nvrtc_launcher

        nvrtc_launcher.libraries()
    except OSError:
        return of_cupy()
    return nvrtc_launcher


def of_cupy() -> Any:
    """CuPy's module, or None where CuPy cannot be imported."""
    try:
        from kldiv_xp.cuda import cupy_launcher
    except ImportError:
        return None
    return cupy_launcher


def device_of(tensor: Array) -> Device:
    """The tensor's device: torch's allocator and current stream."""
    return Device(
        buffer=tensor_buffer,
        empty=partial(empty_on, tensor.device),
        float64=torch.float64,
        launch=launcher(tensor),
    )


def launcher(tensor: Array) -> Callable[[str, int, int, Sequence[float]], None]:
    """Function that launches a kernel on the tensor's device and current stream."""
    stream = torch.cuda.current_stream(tensor.device).cuda_stream
    return partial(compiler().launch_on_stream, tensor.device.index, stream)


def empty_on(device: object, shape: tuple[int, ...], dtype: DType) -> Array:
    """Uninitialised tensor on a device."""
    return torch.empty(shape, dtype=dtype, device=device)


def tensor_buffer(tensor: Array) -> DeviceBuffer:
    """Buffer of a tensor."""
    return DeviceBuffer(tensor.data_ptr(), dtype_name(tensor.dtype), tensor.stride())
