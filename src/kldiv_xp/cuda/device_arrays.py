"""Device arrays of any library: addresses, strides and dtype names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kldiv_xp._typing import Array, DType
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.cuda.c_types import TYPES
from kldiv_xp.cuda.strides_and_grid import DeviceBuffer
from kldiv_xp.tracing.losses import SYMBOL_NAMES, UPSTREAM


@dataclass(frozen=True, slots=True)
class Device:
    """An array library's device: the memory of its arrays, and a way to run kernels on it.

    `launch` takes the text of a kernel, numbers of blocks and of threads, and arguments.
    """

    buffer: Callable[[Array], DeviceBuffer]
    empty: Callable[[tuple[int, ...], DType], Array]
    float64: DType
    launch: Callable[[str, int, int, Sequence[float]], None]


def buffers(device: Device, arrays: Arrays, upstream: Arrays = ()) -> dict[str, DeviceBuffer]:
    """Buffers of the arrays and the cotangent by name, broadcast to the shape of the first."""
    shape = tuple(arrays[0].shape)
    found = {
        name: broadcast_buffer(device.buffer(array), tuple(array.shape), shape)
        for name, array in zip(SYMBOL_NAMES, arrays, strict=False)
    }
    for one in upstream:
        found[UPSTREAM] = broadcast_buffer(device.buffer(one), tuple(one.shape), shape)
    return found


def broadcast_buffer(
    buffer: DeviceBuffer, shape: tuple[int, ...], wanted: tuple[int, ...]
) -> DeviceBuffer:
    """Buffer broadcast to a shape, with stride 0 along repeated axes; a 0-d buffer has no axis."""
    if shape == wanted:
        return buffer
    sizes, steps = shape or (1,) * len(wanted), buffer.strides or (0,) * len(wanted)
    strides = tuple(0 if size == 1 else step for size, step in zip(sizes, steps, strict=True))
    return replace(buffer, strides=strides)


def has_known_type(array: Array) -> bool:
    """Whether there are kernels for the dtype of an array."""
    return dtype_name(array.dtype) in TYPES


def dtype_name(dtype: DType) -> str:
    """Name of a dtype without its library's, e.g. "float32"; some libraries' dtypes are classes."""
    return dtype.__name__ if isinstance(dtype, type) else str(dtype).rpartition(".")[2]
