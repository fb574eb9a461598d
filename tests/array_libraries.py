"""The backends that the tests run on: how each makes, reads and calls."""

import importlib
import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

HALF = ("float16", "bfloat16")


@dataclass(frozen=True)
class Backend:
    """An array library, used in one way."""

    name: str
    library: str
    make: Callable[[np.ndarray, str], Any]
    read: Callable[[Any], np.ndarray]
    dtypes: tuple[str, ...] = ("float32", "float64")
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda function: function
    context: Callable[[], AbstractContextManager[Any]] = nullcontext
    why_unusable: Callable[[], str | None] = lambda: None
    # Cases of a test in an ordinary run, where each costs long; the rest are `long`.
    cases: int | None = None
    # Of so many tests with such cases one is in the ordinary run; the rest are `slow`.
    one_test_in: int = 1

    def array(self, values: Any, dtype: str = "float64") -> Any:
        """Array of this backend."""
        return self.make(np.asarray(values, dtype="float64"), dtype)

    def call(self, function: Callable[..., Any], *arrays: Any, **options: Any) -> Any:
        """Function of arrays, called the way of this backend."""
        with self.context():
            return self.wrap(partial(function, **options))(*arrays)

    def values(self, function: Callable[..., Any], *arrays: Any, **options: Any) -> np.ndarray:
        """Results of the function, on the host."""
        return self.read(self.call(function, *arrays, **options))

    def skip_reason(self) -> str | None:
        """Reason why this backend cannot run here, or None."""
        root = self.library.partition(".")[0]
        if importlib.util.find_spec(root) is None:
            return f"{root} is not installed"
        return self.why_unusable()


def library(name: str) -> Any:
    """Array library, imported when it is used."""
    return importlib.import_module(name)


def make_numpy(values: np.ndarray, dtype: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(values.astype(dtype))


def make_read_only(values: np.ndarray, dtype: str) -> np.ndarray:
    array = np.array(make_numpy(values, dtype))
    array.flags.writeable = False
    return array


def make_torch(values: np.ndarray, dtype: str, device: str = "cpu") -> Any:
    torch = library("torch")
    return torch.tensor(values, dtype=getattr(torch, dtype), device=device)


def read_torch(tensor: Any) -> np.ndarray:
    torch = library("torch")
    tensor = tensor.detach().cpu()
    return np.asarray(tensor.float() if tensor.dtype == torch.bfloat16 else tensor)


def compile_torch(function: Callable[..., Any]) -> Callable[..., Any]:
    torch = library("torch")
    torch.compiler.reset()
    return torch.compile(function, fullgraph=True, backend="aot_eager")


def no_cuda_in_torch() -> str | None:
    return None if library("torch").cuda.is_available() else "torch sees no CUDA device"


def make_jax(values: np.ndarray, dtype: str, platform: str | None = None) -> Any:
    device = library("jax").devices(platform)[0] if platform else None
    return library("jax.numpy").asarray(values, dtype=dtype, device=device)


def read_jax(array: Any) -> np.ndarray:
    narrow = str(array.dtype) in HALF
    return np.asarray(array.astype("float32") if narrow else array)


def jit_jax(function: Callable[..., Any]) -> Callable[..., Any]:
    jitted: Callable[..., Any] = library("jax").jit(function)
    return jitted


def no_cuda_in_jax() -> str | None:
    try:
        library("jax").devices("cuda")
    except RuntimeError:
        return "jax sees no CUDA device"
    return None


def make_dask(values: np.ndarray, dtype: str) -> Any:
    chunks = tuple(max(1, size // 2) for size in values.shape)
    return library("dask.array").from_array(make_numpy(values, dtype), chunks=chunks)


def read_dask(array: Any) -> np.ndarray:
    return np.asarray(array.compute(scheduler="synchronous"))


def refuse_to_compute(*_: Any, **__: Any) -> None:
    raise AssertionError("the graph was computed while it was being built")


def stay_lazy() -> AbstractContextManager[Any]:
    context: AbstractContextManager[Any] = library("dask").config.set(scheduler=refuse_to_compute)
    return context


def make_strict(values: np.ndarray, dtype: str, device: str = "CPU_DEVICE") -> Any:
    xp = library("array_api_strict")
    return xp.asarray(values, dtype=getattr(xp, dtype), device=xp.Device(device))


def read_strict(array: Any) -> np.ndarray:
    xp = library("array_api_strict")
    return np.asarray(array.to_device(xp.Device("CPU_DEVICE")))


def strictest() -> AbstractContextManager[Any]:
    context: AbstractContextManager[Any] = library("array_api_strict").ArrayAPIStrictFlags(
        boolean_indexing=False, data_dependent_shapes=False, enabled_extensions=()
    )
    return context


def make_cupy(values: np.ndarray, dtype: str) -> Any:
    return library("cupy").asarray(make_numpy(values, dtype))


def no_cuda_in_cupy() -> str | None:
    cupy = library("cupy")
    try:
        return None if cupy.cuda.runtime.getDeviceCount() else "cupy sees no CUDA device"
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"cupy sees no CUDA device: {error}"


WIDE = ("float32", "float64")
ALL = (*HALF, *WIDE)
TORCH = partial(Backend, library="torch", make=make_torch, read=read_torch, dtypes=ALL)
JAX = partial(Backend, library="jax", make=make_jax, read=read_jax, dtypes=ALL)
STRICT = partial(
    Backend, library="array_api_strict", make=make_strict, read=read_strict, context=strictest
)

BACKENDS = {
    backend.name: backend
    for backend in (
        Backend("numpy", "numpy", make_numpy, np.asarray, ("float16", *WIDE)),
        Backend("numpy-read-only", "numpy", make_read_only, np.asarray, ("float16", *WIDE)),
        TORCH("torch"),
        TORCH("torch-compile", wrap=compile_torch, cases=1, one_test_in=10),  # 1.5 s a case
        TORCH("torch-cuda", make=partial(make_torch, device="cuda"), why_unusable=no_cuda_in_torch),
        JAX("jax", cases=1, one_test_in=10),  # 0.15 s a case, as under jit
        JAX("jax-jit", wrap=jit_jax, cases=2, one_test_in=10),
        JAX("jax-cuda", make=partial(make_jax, platform="cuda"), why_unusable=no_cuda_in_jax),
        Backend(
            "dask",
            "dask.array",
            make_dask,
            read_dask,
            ("float16", *WIDE),
            context=stay_lazy,
            cases=3,
            one_test_in=10,
        ),
        STRICT("array-api-strict"),
        STRICT("array-api-strict-device1", make=partial(make_strict, device="device1")),
        Backend(
            "cupy",
            "cupy",
            make_cupy,
            lambda array: array.get(),
            ("float16", *WIDE),
            why_unusable=no_cuda_in_cupy,
        ),
    )
}
