"""Array libraries that differentiate: torch, JAX, MLX."""

from collections.abc import Sequence
from typing import Any

from kldiv_conformance._adapter import Array, Function, flat, library
from kldiv_conformance._plain_libraries import make_numpy


def make_torch(
    values: Sequence[float], shape: tuple[int, ...], dtype: str, device: str = "cpu"
) -> Array:
    """Tensor on a device."""
    torch = library("torch")
    wide = torch.tensor(values, dtype=torch.float64).reshape(shape)
    return wide.to(device=device, dtype=getattr(torch, dtype))


def read_torch(tensor: Array) -> list[float]:
    """Values of a tensor."""
    return flat(tensor.detach().cpu().double().reshape(-1).tolist())


def compile_torch(function: Function) -> Function:
    """Function compiled whole: where that cannot be, a call raises instead of running as it is."""
    torch = library("torch")

    def entry(*arrays: Array) -> Array:
        return function(*arrays)

    # torch keeps what it compiles with the code: with its own, no function takes another's room.
    entry.__code__ = entry.__code__.replace()
    compiled: Function = torch.compile(entry, fullgraph=True, dynamic=False, backend="aot_eager")
    return compiled


def no_cuda_in_torch() -> str | None:
    """Reason why torch has no CUDA device."""
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


def make_mlx(values: Sequence[float], shape: tuple[int, ...], dtype: str) -> Array:
    """MLX array, on the CPU: its GPUs have no float64."""
    mx = library("mlx.core")
    mx.set_default_device(mx.cpu)
    return mx.array(values, dtype=mx.float64).reshape(shape).astype(mlx_dtype(dtype))


def mlx_dtype(name: str) -> Any:
    """MLX's dtype of a name; that of masks has an underscore."""
    return getattr(library("mlx.core"), "bool_" if name == "bool" else name)


def read_mlx(array: Array) -> list[float]:
    """Values of an MLX array."""
    return flat(array.astype(library("mlx.core").float64).tolist())


def compile_mlx(function: Function) -> Function:
    """Function compiled by MLX."""
    compiled: Function = library("mlx.core").compile(function)
    return compiled


def differentiate_mlx(
    function: Function, input: Array, target: Array, upstream: float
) -> tuple[Array, Array]:
    """Derivatives by mlx.core.vjp."""
    mx = library("mlx.core")
    loss = function(input, target)
    seed = mx.full(loss.shape, upstream, dtype=loss.dtype)
    _, (by_input, by_target) = mx.vjp(function, [input, target], [seed])
    return by_input, by_target


def no_mlx() -> str | None:
    """Reason why MLX cannot be imported: its wheel for Linux lacks a library of operations."""
    try:
        library("mlx.core")
    except ImportError as error:
        return f"mlx cannot be imported: {error}; install mlx[cpu]"
    return None
