"""Functions of rows that are split over ranks: reduced over the whole row, in blocks of rows."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.distributed as dist

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.host.blocks import block_indices


class WholeRows:
    """Namespace for formulas of split rows: sums and maxima are all-reduced over the whole row."""

    def __init__(self, xp: Namespace, operand: Array) -> None:
        self.xp = xp
        last = operand.ndim - 1
        places = [i for i, one in enumerate(operand.placements) if one.is_shard(last)]
        self.groups = [operand.device_mesh.get_group(place) for place in places]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)

    def sum(self, array: Array, **options: Any) -> Array:
        """Sum over the whole row."""
        return self.exchanged(self.xp.sum(array, **options), dist.ReduceOp.SUM)

    def max(self, array: Array, **options: Any) -> Array:
        """Maximum over the whole row; a shard may be empty."""
        if not array.shape[-1]:
            array = self.xp.sum(array, axis=-1, keepdims=True) - torch.inf
        return self.exchanged(self.xp.max(array, **options), dist.ReduceOp.MAX)

    def min(self, array: Array, **options: Any) -> Array:
        """Minimum over the whole row."""
        return -self.max(-array, **options)

    def exchanged(self, tensor: Array, operation: Any) -> Array:
        """A tensor all-reduced over the ranks that share the rows."""
        tensor = tensor.contiguous()
        for group in self.groups:
            dist.all_reduce(tensor, operation, group=group)
        return tensor


DTENSOR_BLOCK_ELEMENTS = 1 << 20
"""Most elements of a block: 4 MiB per float32 temporary."""


def filled_by_rows(
    results: list[Array],
    functions: Sequence[Callable[..., Array]],
    context: Context,
    operand: Array,
    parts: Arrays,
) -> list[Array]:
    """Results of functions of split rows, evaluated in blocks of rows."""
    if torch.compiler.is_compiling() or is_differentiated(*parts):
        wide = cast_parts(context, parts)
        each = zip(functions, results, strict=True)
        return [function(*wide).to(result.dtype) for function, result in each]
    parts = of_every_row(parts[:2], parts[2:])
    for index in block_indices(parts[0].shape[:-1], rows_of_dtensor_block(operand)):
        wide = cast_parts(context, tuple(one[index] for one in parts))
        for function, result in zip(functions, results, strict=True):
            result[index] = function(*wide)
    return results


def of_every_row(arrays: Arrays, others: Arrays) -> Arrays:
    """Shards of both operands, and what has one element for every row with all of these axes."""
    outer = arrays[0].shape[:-1]
    return (*arrays[:2], *(one.expand(*outer, 1) for one in (*arrays[2:], *others)))


def rows_of_dtensor_block(operand: Array) -> int:
    """Rows of a block, the same on every rank, since each block all-reduces."""
    last = operand.ndim - 1
    columns: int = operand.shape[-1]
    for place, size in zip(operand.placements, operand.device_mesh.shape, strict=True):
        columns = -(-columns // size) if place.is_shard(last) else columns
    return max(1, DTENSOR_BLOCK_ELEMENTS // max(1, columns))


def cast_parts(context: Context, parts: Arrays) -> Arrays:
    """Shards in the working dtype; a mask unchanged."""
    return tuple(one if one.dtype == torch.bool else one.to(context.working) for one in parts)
