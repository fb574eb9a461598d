"""How each array library makes, reads, compiles and differentiates: one row a backend."""

import importlib
import importlib.util
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

Array: TypeAlias = Any
Function: TypeAlias = Callable[..., Any]

WIDE = ("float32", "float64")
NUMPY_FLOATS = ("float16", *WIDE)
ALL_FLOATS = ("float16", "bfloat16", *WIDE)


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """A backend: an array library on a device, called in one way.

    Attributes
    ----------
    name : str
        Name of the backend, and what a report calls it.
    library : str
        Package to import.
    make : callable
        ``make(values, shape, dtype)`` gives an array; `values` are Python floats in row-major
        order, and `dtype` is the name of any dtype the library has.
    read : callable
        ``read(array)`` gives its values as Python floats, in row-major order.
    floats : tuple of str
        Floating-point dtypes of the library.
    wrap : callable
        Turns a function of arrays into the one that is called: compiled, for example.
    gradient : callable or None
        ``gradient(function, input, target, upstream)`` differentiates a function of two arrays;
        None where the library cannot.
    why_unusable : callable
        Why the backend does not run on this machine, or None.
    """

    name: str
    library: str
    make: Callable[[Sequence[float], tuple[int, ...], str], Array]
    read: Callable[[Array], list[float]]
    floats: tuple[str, ...]
    wrap: Callable[[Function], Function] = field(default=lambda function: function)
    gradient: Callable[[Function, Array, Array, float], tuple[Array, Array]] | None = None
    why_unusable: Callable[[], str | None] = field(default=lambda: None)

    def reason_to_skip(self) -> str | None:
        """Why this backend cannot run here, or None."""
        root = self.library.partition(".")[0]
        if importlib.util.find_spec(root) is None:
            return f"{root} is not installed"
        return self.why_unusable()


def library(name: str) -> Any:
    """Array library, imported when it is used."""
    return importlib.import_module(name)


def flat(nested: Any) -> list[float]:
    """Floats of a nested list, in row-major order."""
    if isinstance(nested, list):
        return [value for part in nested for value in flat(part)]
    return [float(nested)]


def make_numpy(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """NumPy array."""
    np = library("numpy")
    return np.asarray(values, dtype="float64").astype(dtype).reshape(shape)


def read_numpy(array: Array) -> list[float]:
    """Values of a NumPy array."""
    return flat(array.tolist())


def make_torch(
    values: Sequence[float], shape: tuple[int, ...], dtype: str, device: str = "cpu"
) -> Array:
    """Tensor on a device."""
    torch = library("torch")
    wide = torch.tensor(values, dtype=torch.float64).reshape(shape)
    return wide.to(device=device, dtype=getattr(torch, dtype))


def read_torch(tensor: Array) -> list[float]:
    """Values of a tensor."""
    return flat(tensor.detach().cpu().double().tolist())


def compile_torch(function: Function) -> Function:
    """Function compiled whole."""
    torch = library("torch")
    torch.compiler.reset()
    compiled: Function = torch.compile(function, fullgraph=True, backend="aot_eager")
    return compiled


def differentiate_torch(
    function: Function, input: Array, target: Array, upstream: float
) -> tuple[Array, Array]:
    """Derivatives by torch's autograd."""
    torch = library("torch")
    operands = [operand.clone().requires_grad_() for operand in (input, target)]
    loss = function(*operands)
    by_input, by_target = torch.autograd.grad(
        loss, operands, torch.full_like(loss, upstream), allow_unused=True, materialize_grads=True
    )
    return by_input, by_target


def no_cuda_in_torch() -> str | None:
    """Why torch has no CUDA device."""
    return None if library("torch").cuda.is_available() else "torch sees no CUDA device"


def make_jax(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """JAX array, 64 bits wide where that is asked for."""
    library("jax").config.update("jax_enable_x64", val=True)
    wide = make_numpy(values, shape, "float64")
    return library("jax.numpy").asarray(wide).astype(dtype)


def read_jax(array: Array) -> list[float]:
    """Values of a JAX array."""
    return flat(array.astype("float64").tolist())


def jit_jax(function: Function) -> Function:
    """Function compiled by XLA."""
    compiled: Function = library("jax").jit(function)
    return compiled


def differentiate_jax(
    function: Function, input: Array, target: Array, upstream: float
) -> tuple[Array, Array]:
    """Derivatives by jax.vjp."""
    loss, pull_back = library("jax").vjp(function, input, target)
    seed = library("jax.numpy").full_like(loss, upstream)
    by_input, by_target = pull_back(seed)
    return by_input, by_target


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
    """Why CuPy has no CUDA device."""
    cupy = library("cupy")
    try:
        return None if cupy.cuda.runtime.getDeviceCount() else "cupy sees no CUDA device"
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"cupy sees no CUDA device: {error}"


NUMPY = partial(Adapter, library="numpy", make=make_numpy, read=read_numpy, floats=NUMPY_FLOATS)
TORCH = partial(
    Adapter,
    library="torch",
    make=make_torch,
    read=read_torch,
    floats=ALL_FLOATS,
    gradient=differentiate_torch,
)
JAX = partial(
    Adapter,
    library="jax",
    make=make_jax,
    read=read_jax,
    floats=ALL_FLOATS,
    gradient=differentiate_jax,
)
STRICT = partial(
    Adapter, library="array_api_strict", make=make_strict, read=read_strict, floats=WIDE
)
CUDA = partial(make_torch, device="cuda")

ADAPTERS: dict[str, Adapter] = {
    adapter.name: adapter
    for adapter in (
        NUMPY(name="numpy"),
        TORCH(name="torch"),
        TORCH(name="torch-compile", wrap=compile_torch),
        TORCH(name="torch-cuda", make=CUDA, why_unusable=no_cuda_in_torch),
        JAX(name="jax"),
        JAX(name="jax-jit", wrap=jit_jax),
        Adapter(
            name="dask", library="dask.array", make=make_dask, read=read_dask, floats=NUMPY_FLOATS
        ),
        STRICT(name="array-api-strict"),
        STRICT(name="array-api-strict-device1", make=partial(make_strict, device="device1")),
        Adapter(
            name="cupy",
            library="cupy",
            make=make_cupy,
            read=read_cupy,
            floats=NUMPY_FLOATS,
            why_unusable=no_cuda_in_cupy,
        ),
    )
}
