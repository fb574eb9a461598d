"""Array libraries that do not differentiate: NumPy and those that are like it."""

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from kldiv_conformance._adapter import Array, flat, library


def make_numpy(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """NumPy array."""
    np = library("numpy")
    return np.asarray(values, dtype="float64").astype(dtype).reshape(shape)


def read_numpy(array: Array) -> list[float]:
    """Values of a NumPy array."""
    return flat(array.reshape(-1).tolist())


def make_dask(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """Dask array in two chunks along each axis."""
    chunks = tuple(max(1, math.ceil(size / 2)) for size in shape)
    return library("dask.array").from_array(make_numpy(values, shape, dtype), chunks=chunks)


def read_dask(array: Array) -> list[float]:
    """Values of a Dask array, computed."""
    return flat(library("numpy").asarray(array.compute(scheduler="synchronous")).tolist())


def make_strict(
    values: Sequence[float], shape: tuple[int, ...], dtype: str, device: str = "CPU_DEVICE"
) -> Array:
    """Array of array-api-strict on one of its devices."""
    xp = library("array_api_strict")
    wide = make_numpy(values, shape, "float64")
    array = xp.astype(xp.asarray(wide), getattr(xp, dtype))
    return array.to_device(xp.Device(device))


def read_strict(array: Array) -> list[float]:
    """Values of an array of array-api-strict."""
    xp = library("array_api_strict")
    return flat(library("numpy").asarray(array.to_device(xp.Device("CPU_DEVICE"))).tolist())


def make_cupy(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """CuPy array."""
    return library("cupy").asarray(make_numpy(values, shape, dtype))


def read_cupy(array: Array) -> list[float]:
    """Values of a CuPy array."""
    return read_numpy(array.get())


def no_cuda_in_cupy() -> str | None:
    """Reason why CuPy has no CUDA device."""
    cupy = library("cupy")
    try:
        return None if cupy.cuda.runtime.getDeviceCount() else "cupy sees no CUDA device"
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"cupy sees no CUDA device: {error}"


def make_ndonnx(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """Array of ndonnx, evaluated as it is built."""
    return library("ndonnx").asarray(make_numpy(values, shape, dtype))


def read_ndonnx(array: Array) -> list[float]:
    """Values of an array of ndonnx."""
    return flat(array.unwrap_numpy().tolist())


def make_sparse(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """Array of coordinates, whose zeros are not stored."""
    return library("sparse").COO.from_numpy(make_numpy(values, shape, dtype))


def read_sparse(array: Array) -> list[float]:
    """Values of a sparse array, or of a dense one that a reduction has made."""
    return read_numpy(array.todense() if hasattr(array, "todense") else array)


def make_dpnp(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """Array of dpnp on the default device."""
    return library("dpnp").asarray(make_numpy(values, shape, dtype))


def read_dpnp(array: Array) -> list[float]:
    """Values of an array of dpnp."""
    return read_numpy(array.asnumpy())


def no_device_in_dpnp() -> str | None:
    """Reason why dpnp has no device: a variable of the environment names its runtime for CPUs."""
    if library("dpctl").get_devices():
        return None
    path = Path(sys.prefix) / "lib" / "libintelocl.so"
    return f"dpnp sees no device: set OCL_ICD_FILENAMES={path} if that file exists"


def make_cubed(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """Array of Cubed in two chunks along the first axis."""
    cubed = library("cubed")
    chunks = tuple(max(1, math.ceil(size / 2)) for size in shape[:1]) + shape[1:]
    spec = cubed.Spec(allowed_mem="500MB", executor_name="threads")
    return cubed.from_array(make_numpy(values, shape, dtype), chunks=chunks, spec=spec)


def read_cubed(array: Array) -> list[float]:
    """Values of an array of Cubed, computed."""
    return read_numpy(array.compute())
