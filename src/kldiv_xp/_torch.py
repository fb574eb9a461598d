"""Eager torch tensors, in host memory or on a CUDA device: one autograd function over our loops."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from kldiv_xp import _host, _torch_cuda
from kldiv_xp._evaluation import Arrays, Scale, divided, evaluate_slopes
from kldiv_xp._operands import Operands
from kldiv_xp._torch_logits import divergences
from kldiv_xp._torch_memory import (
    NUMPY,
    empty,
    is_differentiated,
    lend_memory,
    lent,
    numpy_type,
    threads,
)
from kldiv_xp._typing import Array, Axes

__all__ = ["divergences", "gradient", "loss", "samples", "terms"]


def terms(operands: Operands, arrays: Arrays, log_target: bool) -> Array:
    """Every term; in one node of the graph where a gradient is wanted."""
    return one_node(terms_of, operands, arrays, log_target)


def samples(operands: Operands, arrays: Arrays, log_target: bool, axis: Axes) -> Array:
    """Sums of the terms over some axes; in one node of the graph where a gradient is wanted."""
    return one_node(samples_of, operands, arrays, log_target, axis=axis)


def loss(operands: Operands, arrays: Arrays, log_target: bool, parts: int | None) -> Array:
    """Sum of all terms over the divisor; in one node of the graph where a gradient is wanted."""
    return one_node(loss_of, operands, arrays, log_target, parts=parts)


def one_node(
    function: Callable[..., Array],
    operands: Operands,
    arrays: Arrays,
    log_target: bool,
    **options: Any,
) -> Array:
    """Result of one of the functions below, of tensors that lend their memory."""
    if not lend_memory(*arrays):
        if not _torch_cuda.on_device(*arrays):
            return NotImplemented
        function = getattr(_torch_cuda, function.__name__)
    function = partial(function, operands, log_target, **options)
    if is_differentiated(*arrays):
        return Loss.apply(function, *arrays)
    return function(*arrays)


def gradient(
    operands: Operands,
    arrays: Arrays,
    log_target: bool,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Derivatives by the operands that are wanted, each written in one pass."""
    if is_differentiated(*arrays, *upstream):
        return NotImplemented
    if _torch_cuda.on_device(*arrays, *upstream):
        return _torch_cuda.slopes_of(operands, arrays, log_target, scale, upstream, wanted)
    if not lend_memory(*arrays, *upstream):
        return NotImplemented
    results = [
        empty(operand.shape, operand.dtype) if want else None
        for operand, want in zip(arrays[:2], wanted, strict=True)
    ]
    _host.fill_slopes(
        NUMPY,
        tuple(map(lent, arrays)),
        log_target,
        scale,
        tuple(map(lent, upstream)),
        tuple(None if result is None else lent(result) for result in results),
        numpy_type(operands.working),
        threads,
    )
    return results


class Loss(torch.autograd.Function):
    """The loss as one node that keeps its operands, and nothing that was computed from them."""

    @staticmethod
    def forward(ctx: Any, function: partial[Array], *arrays: Array) -> Array:
        """What the function returns."""
        ctx.save_for_backward(*arrays)
        ctx.function = function
        return function(*arrays)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression where they are differentiated."""
        arrays = ctx.saved_tensors
        operands, log_target = ctx.function.args
        options = ctx.function.keywords
        upstream = spread(upstream, arrays[0].shape, options.get("axis", ()))
        scale = Scale(None, options.get("parts"))
        wanted = ctx.needs_input_grad[1:3]
        slopes = evaluate_slopes(operands, arrays, log_target, scale, (upstream,), wanted)
        return None, *slopes, *[None for _ in arrays[2:]]


def spread(upstream: Array, shape: tuple[int, ...], axis: Axes) -> Array:
    """Derivative by sums over some axes, for each of their terms.

    By `expand`, since the vmap behind is_grads_batched knows no `broadcast_to` ("Batching rule not
    implemented for aten::broadcast_to").
    """
    for place in axis:
        upstream = upstream.unsqueeze(place)
    return upstream.expand(shape) if axis else upstream


def terms_of(operands: Operands, log_target: bool, *arrays: Array) -> Array:
    """Every term."""
    result = empty(arrays[0].shape, operands.dtype)
    working = numpy_type(operands.working)
    _host.fill_terms(NUMPY, tuple(map(lent, arrays)), log_target, lent(result), working, threads)
    return result


def samples_of(operands: Operands, log_target: bool, *arrays: Array, axis: Axes) -> Array:
    """Sums of the terms over some axes, rounded once from float64."""
    working = numpy_type(operands.working)
    sums = _host.sums_over(NUMPY, tuple(map(lent, arrays)), log_target, axis, working, threads)
    return torch.from_numpy(sums).to(operands.dtype)


def loss_of(operands: Operands, log_target: bool, *arrays: Array, parts: int | None) -> Array:
    """Sum of all terms over the divisor, rounded once from float64."""
    working = numpy_type(operands.working)
    value = _host.total(NUMPY, tuple(map(lent, arrays)), log_target, working, threads)
    value = torch.full((), value, dtype=torch.float64, device="cpu")
    return divided(torch, value, parts=parts).to(operands.dtype)
