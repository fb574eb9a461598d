"""Snapshot of an operand, to tell whether a call has changed it."""

from typing import Any

import numpy as np

# Beyond this nothing is read: operands that large are views of one element.
MOST = 1 << 20


def snapshot(operand: Any) -> Any:
    """Everything that a call might change of an operand."""
    if isinstance(operand, np.ndarray):
        return of_numpy(operand)
    if type(operand).__module__.startswith("torch"):
        return of_torch(operand)
    if type(operand).__module__.startswith("jaxlib") and "key" not in str(operand.dtype):
        return np.asarray(operand).tobytes(), str(operand.dtype), operand.shape
    if type(operand).__module__.startswith("dask"):
        return operand.name, operand.chunks
    return repr(operand)


def of_numpy(array: np.ndarray) -> Any:
    facts = array.dtype, array.shape, array.strides, array.flags.writeable, type(array)
    values = array.tolist() if array.dtype.kind in "OT" else array.tobytes
    if array.size > MOST:
        return facts
    return *facts, values if isinstance(values, list) else values()


def of_torch(tensor: Any) -> Any:
    facts = tensor.dtype, tensor.layout, tensor.device.type, tensor.requires_grad
    if tensor.is_meta or tensor.is_quantized or tensor.is_nested or tensor.is_mkldnn:
        return facts
    if tensor.numel() > MOST:
        return facts
    values = tensor.detach().to_dense() if tensor.layout is not dense() else tensor.detach()
    return *facts, values.resolve_neg().resolve_conj().clone().tolist()


def dense() -> Any:
    import torch

    return torch.strided
