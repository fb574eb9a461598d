"""Tensors that inference mode made, as tensors that autograd may save for a gradient."""

import torch

from kldiv_xp._typing import Array, Axes

Arrays = tuple[Array, ...]


def savable(arrays: Arrays) -> Arrays:
    """Tensors that are only memory, as tensors of the same memory that autograd may save.

    Of others it says "Inference tensors cannot be saved for backward".
    """
    return tuple(shared(one) if is_unsavable(one) else one for one in arrays)


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


def spread(upstream: Array, shape: tuple[int, ...], axis: Axes) -> Array:
    """Derivative by sums over some axes, for each of their terms.

    By `expand`, since the vmap behind is_grads_batched knows no `broadcast_to` ("Batching rule not
    implemented for aten::broadcast_to").
    """
    for place in axis:
        upstream = upstream.unsqueeze(place)
    return upstream.expand(shape) if axis else upstream
