"""Array libraries that no line of the package names; `nox -s libraries` runs tests on them."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from array_libraries import HALF, WIDE, Backend, library, make_numpy

NARROW = ("float16", *WIDE)


def make_sparse(values: np.ndarray, dtype: str) -> Any:
    return library("sparse").COO.from_numpy(make_numpy(values, dtype))


def read_sparse(array: Any) -> np.ndarray:
    return np.asarray(array.todense() if hasattr(array, "todense") else array)


def make_dpnp(values: np.ndarray, dtype: str) -> Any:
    return library("dpnp").asarray(make_numpy(values, dtype))


def no_device_in_dpnp() -> str | None:
    if library("dpctl").get_devices():
        return None
    path = Path(sys.prefix) / "lib" / "libintelocl.so"
    return f"dpnp sees no device: set OCL_ICD_FILENAMES={path} if that file exists"


def make_ndonnx(values: np.ndarray, dtype: str) -> Any:
    return library("ndonnx").asarray(make_numpy(values, dtype))


def read_ndonnx(array: Any) -> np.ndarray:
    return np.asarray(array.unwrap_numpy())


def make_mlx(values: np.ndarray, dtype: str) -> Any:
    mx = library("mlx.core")
    mx.set_default_device(mx.cpu)  # its GPUs have no float64
    wide = mx.array(values, dtype=mx.float64)
    return wide.astype(getattr(mx, "bool_" if dtype == "bool" else dtype))


def read_mlx(array: Any) -> np.ndarray:
    mx = library("mlx.core")
    return np.array(array.astype(mx.float32) if array.dtype == mx.bfloat16 else array)


def no_mlx() -> str | None:
    try:
        library("mlx.core")
    except ImportError as error:
        return f"mlx cannot be imported: {error}; install mlx[cpu]"
    return None


def make_cubed(values: np.ndarray, dtype: str) -> Any:
    cubed = library("cubed")
    chunks = tuple(max(1, size // 2) for size in values.shape)
    spec = cubed.Spec(allowed_mem="500MB", executor_name="threads")
    return cubed.from_array(make_numpy(values, dtype), chunks=chunks, spec=spec)


def read_cubed(array: Any) -> np.ndarray:
    return np.asarray(array.compute())


OTHERS = {
    backend.name: backend
    for backend in (
        Backend("sparse", "sparse", make_sparse, read_sparse, NARROW, cases=3),
        Backend(
            "dpnp",
            "dpnp",
            make_dpnp,
            lambda array: array.asnumpy(),
            NARROW,
            why_unusable=no_device_in_dpnp,
            cases=3,
        ),
        Backend("ndonnx", "ndonnx", make_ndonnx, read_ndonnx, NARROW, cases=1),
        # Its exp of float64 has the digits of float32: off by 3e-8.
        Backend("mlx", "mlx.core", make_mlx, read_mlx, (*HALF, "float32"), why_unusable=no_mlx),
        Backend("cubed", "cubed", make_cubed, read_cubed, NARROW, cases=1),  # 0.3 s a value
    )
}
