"""Divergences of rows of logits on eager torch tensors: one autograd function."""

from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch import host_logits
from kldiv_xp.backends.torch.internals import (
    is_saved_by_hooks,
    is_transformed,
    is_watched,
    node_of_plain,
    refuses_functions,
)
from kldiv_xp.backends.torch.kept_derivatives import times_cotangent, with_derivatives
from kldiv_xp.backends.torch.numpy_views import HOST, is_differentiated, memory_of
from kldiv_xp.backends.torch.row_ways import way_of
from kldiv_xp.backends.torch.saved_tensors import copied, savable
from kldiv_xp.backends.torch.storage import SHAPE, check_unchanged
from kldiv_xp.backends.torch.transformed_derivatives import recorded_row_derivatives
from kldiv_xp.backends.torch.transformed_logits import TransformedRows
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_rows import plain_rows
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row; in one node of the graph where a gradient is wanted."""
    way = way_of(arrays)
    if way is None and is_transformed() and not is_watched() and not refuses_functions():
        rows: Array = TransformedRows.apply(context, divergence, *copied(arrays))
        return rows
    if way is None:
        return plain_rows(context, copied(arrays), divergence)
    return one_node_of_rows(partial(way.divergences_of, context, divergence), arrays)


def sum_of_divergences(
    context: Context, arrays: Arrays, divergence: Divergence, parts: int | None
) -> Array:
    """Sum of the divergences of all rows over the divisor, where the tensors are host memory."""
    if memory_of(arrays) != HOST:
        return NotImplemented
    function = partial(host_logits.sum_of_divergences_of, context, divergence, parts=parts)
    return one_node_of_rows(function, arrays)


def one_node_of_rows(function: partial[Array], arrays: Arrays) -> Array:
    """Result of a function of tensors that are only memory."""
    if is_differentiated(*arrays):
        return NODE_OF_ROWS(function, *savable(arrays))
    return function(*arrays)


class Rows(torch.autograd.Function):
    """Divergences as one node that keeps the logits and, of host memory, their derivatives."""

    @staticmethod
    def forward(ctx: Any, function: partial[Array], *arrays: Array) -> Array:
        """Divergence of every row, or the sum of all over the divisor."""
        ctx.function, ctx.shapes = function, list(map(SHAPE, arrays))
        value, derivatives = with_derivatives(function, arrays, ctx.needs_input_grad[1:3])
        ctx.save_for_backward(*arrays, *derivatives)
        ctx.hooked = is_saved_by_hooks()
        return value

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression where they are differentiated."""
        saved, count = ctx.saved_tensors, len(ctx.shapes)
        arrays, kept = saved[:count], saved[count:]
        if list(map(SHAPE, arrays)) != ctx.shapes:
            check_unchanged(arrays, ctx.shapes)
        context, divergence = ctx.function.args
        scale, wanted = Scale(None, ctx.function.keywords.get("parts")), ctx.needs_input_grad[1:3]
        if upstream.ndim:
            memory_of((), (upstream,))  # raises where `unsqueeze` would meet freed memory
            upstream = upstream.unsqueeze(-1)
        derivatives: Any = None
        if kept and are_at_hand(arrays, upstream):
            if upstream.ndim and arrays[2:]:  # what is not selected may have any cotangent
                upstream = torch.where(arrays[2], upstream, 0.0)
            derivatives = times_cotangent(kept, upstream, wanted, hooked=ctx.hooked)
        if derivatives is None:
            derivatives = row_derivatives(context, arrays, divergence, scale, (upstream,), wanted)
        return None, *derivatives, *(None,) * len(arrays[2:])


def are_at_hand(arrays: Arrays, upstream: Array) -> bool:
    """Whether tensors are host memory, and nothing records what is done to them."""
    return memory_of(arrays, (upstream,)) == HOST and not is_differentiated(*arrays, upstream)


NODE_OF_ROWS = node_of_plain(Rows)


def row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives of divergences of rows; by the plain expression where they are differentiated."""
    way = way_of(arrays, upstream)
    if way is not None and not is_differentiated(*arrays, *upstream):
        gradient: Gradient = way.row_derivatives_of(
            context, arrays, divergence, scale, upstream, wanted
        )
        return gradient
    options = context, copied(arrays), divergence, scale, copied(upstream), wanted
    return recorded_row_derivatives(*options)


def rows_with_derivatives(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Any:
    """Divergences of rows before both derivatives; where nothing is gained, one by one."""
    way = way_of(arrays, upstream)
    if way is None or is_differentiated(*arrays, *upstream):
        return NotImplemented
    return way.rows_with_derivatives_of(context, arrays, divergence, scale, upstream)
