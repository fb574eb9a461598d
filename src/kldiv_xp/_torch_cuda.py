"""Torch tensors on a CUDA device: traced kernels where CuPy is there, else block by block."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import torch

from kldiv_xp import _kernels, _torch_blocks
from kldiv_xp._evaluation import Arrays, Gradient, Scale
from kldiv_xp._kernel_layout import Buffer
from kldiv_xp._kernels import Device, has_known_type, name_of
from kldiv_xp._operands import Operands
from kldiv_xp._torch_memory import is_intercepted
from kldiv_xp._typing import Array, Axes, DType


def on_device(*tensors: Array) -> bool:
    """Whether the tensors are no more than values in the memory of a CUDA device."""
    return (
        are_cuda(*tensors)
        and not is_intercepted()
        and all(tensor.layout is torch.strided and not tensor.is_neg() for tensor in tensors)
        and all(map(has_known_type, tensors))
    )


def are_cuda(*tensors: Array) -> bool:
    """Whether the tensors lie on CUDA devices; those of ROCm say that they do, too."""
    return torch.version.cuda is not None and all(tensor.is_cuda for tensor in tensors)


def terms_of(operands: Operands, log_target: bool, *arrays: Array) -> Array:
    """Every term."""
    if compiler() is None:
        return _torch_blocks.terms(operands, arrays, log_target)
    return _kernels.terms(device_of(arrays[0]), operands, arrays, log_target)


def samples_of(operands: Operands, log_target: bool, *arrays: Array, axis: Axes) -> Array:
    """Sums of the terms over some axes, rounded once from float64."""
    return sums_of(operands, log_target, arrays, axis, None)


def loss_of(operands: Operands, log_target: bool, *arrays: Array, parts: int | None) -> Array:
    """Sum of all terms over the divisor, rounded once from float64."""
    return sums_of(operands, log_target, arrays, tuple(range(arrays[0].ndim)), parts)


def sums_of(
    operands: Operands, log_target: bool, arrays: Arrays, axis: Axes, parts: int | None
) -> Array:
    """Sums of the terms over some axes, over the divisor."""
    if compiler() is None:
        return _torch_blocks.sums(operands, arrays, log_target, axis, parts)
    return _kernels.sums(device_of(arrays[0]), operands, arrays, log_target, axis, parts)


def slopes_of(
    operands: Operands,
    arrays: Arrays,
    log_target: bool,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted."""
    if compiler() is None:
        return _torch_blocks.slopes(operands, arrays, log_target, scale, upstream, wanted)
    device = device_of(arrays[0])
    return _kernels.slopes(device, operands, arrays, log_target, scale, upstream, wanted)


@cache
def compiler() -> Any:
    """What compiles and launches kernels, or None where CuPy cannot be imported."""
    try:
        from kldiv_xp import _cupy_launch
    except ImportError:
        return None
    return _cupy_launch


def device_of(tensor: Array) -> Device:
    """Memory of torch's own allocator on the device of a tensor, and torch's current stream."""
    return Device(
        buffer=buffer,
        empty=partial(empty_on, tensor.device),
        float64=torch.float64,
        launch=launcher(tensor),
    )


def launcher(tensor: Array) -> Callable[[str, str, int, Sequence[float]], None]:
    """How a kernel is launched where a tensor is."""
    stream = torch.cuda.current_stream(tensor.device).cuda_stream
    return partial(compiler().launch_on_stream, tensor.device.index, stream)


def empty_on(device: object, shape: tuple[int, ...], dtype: DType) -> Array:
    """Tensor to be filled."""
    return torch.empty(shape, dtype=dtype, device=device)


def buffer(tensor: Array) -> Buffer:
    """Where a tensor lies."""
    return Buffer(tensor.data_ptr(), name_of(tensor.dtype), tensor.stride())
