"""Divergences of rows of logits on torch tensors in host memory: one autograd function."""

from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends import numpy_rows
from kldiv_xp.backends.torch.numpy_views import (
    HOST,
    empty,
    is_differentiated,
    lent,
    numpy_namespace,
    numpy_type,
    place_of,
    threads,
)
from kldiv_xp.backends.torch.saved_tensors import copied, savable
from kldiv_xp.backends.torch.storage import check_unchanged
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_rows import plain_rows, plain_slopes
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.host import block_loops


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row; in one node of the graph where a gradient is wanted."""
    if place_of(arrays) != HOST:
        return plain_rows(context, copied(arrays), divergence)
    if is_differentiated(*arrays):
        return Rows.apply(context, divergence, *savable(arrays))
    return rows_of(context, divergence, *arrays)


class Rows(torch.autograd.Function):
    """Divergences as one node that keeps the logits, and nothing that was computed from them."""

    @staticmethod
    def forward(ctx: Any, context: Context, divergence: Divergence, *arrays: Array) -> Array:
        """Divergence of every row."""
        ctx.save_for_backward(*arrays)
        ctx.options, ctx.shapes = (context, divergence), [array.shape for array in arrays]
        return rows_of(context, divergence, *arrays)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression where they are differentiated."""
        arrays = ctx.saved_tensors
        check_unchanged(arrays, ctx.shapes)
        context, divergence = ctx.options
        wanted = ctx.needs_input_grad[2:4]
        plain = place_of(arrays, (upstream,)) != HOST or is_differentiated(*arrays, upstream)
        if plain:
            (upstream,) = copied((upstream,))
        function = plain_slopes if plain else slopes_in_blocks
        slopes = function(context, arrays, divergence, upstream.unsqueeze(-1), wanted)
        return None, None, *slopes, *[None for _ in arrays[2:]]


def rows_of(context: Context, divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row, in the type that is computed in."""
    working = numpy_type(context.working)
    xp, lent_arrays = numpy_namespace(), lent(*arrays)
    rows = numpy_rows.rows_of(xp, lent_arrays, divergence, working, threads)
    return torch.from_numpy(rows).to(context.working)


def slopes_in_blocks(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, each written in one pass."""
    xp = numpy_namespace()
    in_order = lent(*arrays[:2], upstream, *arrays[2:])
    results: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            results[place], result = empty(arrays[place].shape, arrays[place].dtype)
            function = partial(numpy_rows.slopes_of_block, xp, divergence, place)
            working, kept = numpy_type(context.working), len(arrays[place].shape) - 1
            block_loops.fill(xp, [function], in_order, result, working, threads, kept)
    return results[0], results[1]
