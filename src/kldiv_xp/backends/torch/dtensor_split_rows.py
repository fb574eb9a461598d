"""Divergences of rows of logits that are split over ranks, as one autograd function."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.distributed as dist

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.torch.dtensor_placements import (
    from_partial_sums,
    parts_of,
    resolve_partial,
    with_placements_of,
)
from kldiv_xp.backends.torch.dtensor_row_attempts import derivative_functions, rows_function
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.saved_tensors import copied, keep, kept
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_rows import plain_derivatives
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.host.blocks import block_indices


class SplitRows(torch.autograd.Function):
    """Divergences of split rows as one node of the graph.

    torch's own derivative of the expression sends whole operands: CommDebugMode shows two
    all-gathers and four reduce-scatters.
    """

    @staticmethod
    def forward(ctx: Any, context: Context, divergence: Divergence, *arrays: Array) -> Array:
        """Divergence of every row."""
        keep(ctx, arrays)
        ctx.options = context, divergence
        xp = WholeRows(context.xp, arrays[0])
        parts = parts_of(arrays)
        rows = parts[0].new_empty(parts[0].shape[:-1], dtype=context.working)
        function = partial(rows_function(divergence, parts), xp)
        rows = filled_by_rows(rows, function, context, arrays[0], parts)
        return from_partial_sums(arrays[0], rows, (arrays[0].ndim - 1,), summed=True)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression if differentiated again."""
        arrays = kept(ctx)
        context, divergence = ctx.options
        wanted = ctx.needs_input_grad[2:4]
        upstream = resolve_partial(upstream).unsqueeze(-1)
        function = derivatives_of_parts
        if is_differentiated(*arrays, upstream):
            function, arrays, (upstream,) = plain_derivatives, copied(arrays), copied((upstream,))
        derivatives = function(context, arrays, divergence, upstream, wanted)
        return None, None, *derivatives, *[None for _ in arrays[2:]]


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
            array = array.new_full((*array.shape[:-1], 1), -torch.inf)
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


def derivatives_of_parts(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, as DTensors."""
    *here, above = parts_of((*arrays, upstream))
    derivatives = scaled_derivatives_of_parts(
        arrays[0], context, tuple(here), divergence, Scale(), (above,), wanted
    )
    by_input, by_target = (
        None if derivative is None else with_placements_of(one, derivative)
        for one, derivative in zip(arrays[:2], derivatives, strict=True)
    )
    return by_input, by_target


def scaled_derivatives_of_parts(
    operand: Array,
    context: Context,
    here: Arrays,
    divergence: Divergence,
    scale: Scale,
    above: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients of the local shards, times a scale and any cotangent."""
    xp = WholeRows(context.xp, operand)
    every = (*here, *above)
    functions = derivative_functions(divergence, scale, len(here), every)
    by_input, by_target = (
        filled_by_rows(torch.empty_like(one), partial(function, xp), context, operand, every)
        if want
        else None
        for function, one, want in zip(functions, here[:2], wanted, strict=True)
    )
    return by_input, by_target


DTENSOR_BLOCK_ELEMENTS = 1 << 20
"""Most elements of a block: 4 MiB per float32 temporary."""


def filled_by_rows(
    result: Array, function: Callable[..., Array], context: Context, operand: Array, parts: Arrays
) -> Array:
    """Result of a function of split rows, evaluated in blocks of rows."""
    if torch.compiler.is_compiling() or is_differentiated(*parts):
        return function(*cast_parts(context, parts)).to(result.dtype)
    outer = parts[0].shape[:-1]
    parts = (*parts[:2], *(one.expand(*outer, 1) for one in parts[2:]))
    for index in block_indices(outer, rows_of_dtensor_block(operand)):
        result[index] = function(*cast_parts(context, tuple(one[index] for one in parts)))
    return result


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
