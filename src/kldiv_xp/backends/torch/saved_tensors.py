"""Tensors that autograd saves for a gradient, also those that inference mode made."""

from typing import Any

import torch

from kldiv_xp._typing import Array, Axes
from kldiv_xp.backends.torch.internals import may_take_inference_tensors

Arrays = tuple[Array, ...]


def savable(arrays: Arrays) -> Arrays:
    """Tensors that are only memory, as tensors of the same memory that autograd may save.

    Of others it says "Inference tensors cannot be saved for backward".
    """
    for one in arrays:
        if one.is_inference():
            return tuple(shared(one) if is_unsavable(one) else one for one in arrays)
    return arrays


def is_unsavable(tensor: Array) -> bool:
    """Whether inference mode made a tensor; one that wants a gradient is left to torch."""
    return bool(tensor.is_inference()) and not tensor.requires_grad


def shared(tensor: Array) -> Array:
    """Another tensor of the same memory."""
    with torch.inference_mode(mode=False):
        return torch.empty(0, dtype=tensor.dtype, device=tensor.device).set_(
            tensor.untyped_storage(), tensor.storage_offset(), tensor.size(), tensor.stride()
        )


def copied(arrays: Arrays) -> Arrays:
    """Tensors of any kind that autograd may save where it records, or the same if they are."""
    if torch.compiler.is_compiling() or not torch.is_grad_enabled():
        return arrays
    if not any(map(is_unsavable, arrays)):
        return arrays
    with torch.inference_mode(mode=False):
        return tuple(one.clone() if is_unsavable(one) else one for one in arrays)


def keep(ctx: Any, arrays: tuple[Array | None, ...]) -> None:
    """Keep tensors for a gradient: by autograd, or beside it where it may refuse them.

    No trace can tell those of inference mode ("tensor.is_inference() is not supported"), so where
    an input of a program is one, all that want no gradient are kept beside. Only autograd refuses
    a gradient beside what was written again.
    """
    ctx.by_autograd = tuple(may_be_saved(array) for array in arrays)
    chosen = list(zip(arrays, ctx.by_autograd, strict=True))
    ctx.save_for_backward(*[array for array, saved in chosen if saved])
    ctx.beside = [array for array, saved in chosen if not saved]


def may_be_saved(array: Array | None) -> bool:
    """Whether autograd takes a tensor for certain."""
    if array is None:
        return False
    if array.requires_grad:
        return True
    if torch.compiler.is_compiling():
        return not may_take_inference_tensors()
    return not array.is_inference()


def kept(ctx: Any) -> Any:
    """Tensors that `keep` was given, in their order."""
    saved, beside = iter(ctx.saved_tensors), iter(ctx.beside)
    return tuple(next(saved) if by_autograd else next(beside) for by_autograd in ctx.by_autograd)


def expanded_to_terms(upstream: Array, shape: tuple[int, ...], axis: Axes) -> Array:
    """Derivative with respect to sums over some axes, for each of their terms.

    By `expand`, since the vmap behind is_grads_batched knows no `broadcast_to` ("Batching rule not
    implemented for aten::broadcast_to").
    """
    for place in axis:
        upstream = upstream.unsqueeze(place)
    return upstream.expand(shape) if axis else upstream
