"""Eager torch tensors, in host memory or on a CUDA device: one autograd function over our loops."""

from dataclasses import replace
from functools import partial
from typing import Any

import torch

from kldiv_xp import _torch_host
from kldiv_xp._evaluation import (
    Arrays,
    Scale,
    evaluate_loss,
    evaluate_samples,
    evaluate_slopes,
    evaluate_terms,
)
from kldiv_xp._operands import Operands
from kldiv_xp._torch_logits import divergences
from kldiv_xp._torch_memory import CUDA, HOST, is_differentiated, place_of
from kldiv_xp._torch_saving import copied, savable, spread
from kldiv_xp._torch_storage import check_unchanged
from kldiv_xp._typing import Array, Axes

__all__ = ["divergences", "gradient", "loss", "samples", "terms"]


def terms(operands: Operands, arrays: Arrays, log_target: bool) -> Array:
    """Every term; in one node of the graph where a gradient is wanted."""
    way = way_of(arrays)
    if way is None:
        return evaluate_terms(plain(operands), copied(arrays), log_target)
    return one_node(partial(way.terms_of, operands, log_target), arrays)


def samples(operands: Operands, arrays: Arrays, log_target: bool, axis: Axes) -> Array:
    """Sums of the terms over some axes; in one node of the graph where a gradient is wanted."""
    way = way_of(arrays)
    if way is None:
        return evaluate_samples(plain(operands), copied(arrays), log_target, axis)
    return one_node(partial(way.samples_of, operands, log_target, axis=axis), arrays)


def loss(operands: Operands, arrays: Arrays, log_target: bool, parts: int | None) -> Array:
    """Sum of all terms over the divisor; in one node of the graph where a gradient is wanted."""
    way = way_of(arrays)
    if way is None:
        return evaluate_loss(plain(operands), copied(arrays), log_target, parts)
    return one_node(partial(way.loss_of, operands, log_target, parts=parts), arrays)


def gradient(
    operands: Operands,
    arrays: Arrays,
    log_target: bool,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Derivatives by the operands that are wanted, each written in one pass."""
    way = way_of(arrays, upstream)
    if way is None or is_differentiated(*arrays, *upstream):
        arrays, upstream = copied(arrays), copied(upstream)
        return evaluate_slopes(plain(operands), arrays, log_target, scale, upstream, wanted)
    return way.slopes_of(operands, arrays, log_target, scale, upstream, wanted)


def way_of(arrays: Arrays, upstream: Arrays = ()) -> Any:
    """Module that computes where the tensors lie, or None where only the plain expression does."""
    place = place_of(arrays, upstream)
    if place == HOST:
        return _torch_host
    if place != CUDA:
        return None
    from kldiv_xp import _torch_cuda

    return _torch_cuda if _torch_cuda.has_kernels(*arrays, *upstream) else None


def plain(operands: Operands) -> Operands:
    """The same operands, with no better way than the plain expression."""
    return replace(operands, bridge=None)


def one_node(function: partial[Array], arrays: Arrays) -> Array:
    """Result of a function of tensors that are only memory."""
    if is_differentiated(*arrays):
        return Loss.apply(function, *savable(arrays))
    return function(*arrays)


class Loss(torch.autograd.Function):
    """The loss as one node that keeps its operands, and nothing that was computed from them."""

    @staticmethod
    def forward(ctx: Any, function: partial[Array], *arrays: Array) -> Array:
        """What the function returns."""
        ctx.save_for_backward(*arrays)
        ctx.function, ctx.shapes = function, [array.shape for array in arrays]
        return function(*arrays)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression where they are differentiated."""
        arrays = ctx.saved_tensors
        check_unchanged(arrays, ctx.shapes)
        place_of((), (upstream,))  # raises where `spread` would meet freed memory
        operands, log_target = ctx.function.args
        options = ctx.function.keywords
        upstream = spread(upstream, arrays[0].shape, options.get("axis", ()))
        scale = Scale(None, options.get("parts"))
        wanted = ctx.needs_input_grad[1:3]
        slopes = evaluate_slopes(operands, arrays, log_target, scale, (upstream,), wanted)
        return None, *slopes, *[None for _ in arrays[2:]]
