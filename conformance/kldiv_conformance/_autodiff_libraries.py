"""Array libraries that differentiate: torch, JAX, MLX."""

from collections.abc import Sequence
from typing import Any

from kldiv_conformance._adapter import Array, Function, flat, library
from kldiv_conformance._operands import (
    SAME,
    ConstantTargetError,
    WrongCallError,
    refuse_changes,
)
from kldiv_conformance._plain_libraries import make_numpy

# What is asked once more on torch: the value, and both derivatives.
WHERE = (
    ("value", "no gradient is asked"),
    ("d_input", "the target is a constant"),
    ("d_target", "the input is a constant"),
)


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


def differentiate_torch(
    function: Function, input: Array, target: Array, upstream: float, *, again: bool = True
) -> tuple[Array, Array]:
    """Derivatives by torch's autograd; with `again` the same is asked beside a constant target."""
    torch = library("torch")
    operands = [operand.detach().requires_grad_() for operand in (input, target)]
    try:
        loss = function(*operands)
    except NotImplementedError as refusal:
        by_input = by_input_alone(torch, function, input, target, upstream)
        raise ConstantTargetError(refusal, by_input) from refusal
    seed = by_columns(torch, loss, upstream)
    by_input, by_target = torch.autograd.grad(
        loss, operands, seed, allow_unused=True, materialize_grads=True
    )
    refuse_changes(read_torch, {"upstream": (torch.full_like(loss, upstream), seed)})
    if again:
        refuse_dependence(torch, function, (input, target), (loss, by_input, by_target), seed)
    return by_input, by_target


def by_columns(torch: Any, loss: Array, upstream: float) -> Array:
    """Upstream derivatives whose memory is that of the transposed loss."""
    axes = tuple(reversed(range(loss.ndim)))
    return torch.full_like(loss.permute(axes), upstream).contiguous().permute(axes)


def refuse_dependence(
    torch: Any, function: Function, arrays: tuple[Array, Array], found: Any, seed: Array
) -> None:
    """Refuse other results where one operand is a constant, and where nothing is differentiated."""
    others = (
        function(*arrays),
        by_one(torch, function, arrays, seed, 0),
        by_one(torch, function, arrays, seed, 1),
    )
    for one, other, words in zip(found, others, WHERE, strict=True):
        pair = [it.detach().double() for it in (one, other)]
        scale = pair[0].abs().nan_to_num(0, 0).max().item() if one.numel() else 0.0
        if pair[0].shape != pair[1].shape or not torch.allclose(
            *pair, rtol=SAME, atol=SAME * scale, equal_nan=True
        ):
            name, where = words
            message = f"{name} must be the same where {where}; it is another one."
            raise WrongCallError(message)


def by_input_alone(
    torch: Any, function: Function, input: Array, target: Array, upstream: float
) -> Array:
    """Derivative with respect to the input of a loss that takes its target for a constant."""
    student = input.detach().requires_grad_()
    loss = function(student, target)
    (derivative,) = torch.autograd.grad(loss, [student], by_columns(torch, loss, upstream))
    return derivative


def by_one(torch: Any, function: Function, arrays: Any, seed: Array, place: int) -> Array:
    """Derivative with respect to one operand beside a constant."""
    operands = list(arrays)
    operands[place] = operands[place].detach().requires_grad_()
    value = function(*operands)
    if not value.requires_grad:  # the loss takes that operand for a constant
        return torch.zeros_like(operands[place])
    (derivative,) = torch.autograd.grad(
        value, [operands[place]], seed, allow_unused=True, materialize_grads=True
    )
    return derivative


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
