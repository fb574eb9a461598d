"""Divergences of rows of logits on torch tensors in host memory: one autograd function."""

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
from kldiv_xp.core.context import Context, without_backend
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_row_slopes import evaluate_row_slopes
from kldiv_xp.core.evaluate_rows import plain_rows, plain_slopes
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence


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
    return scaled_slopes_in_blocks(context, arrays, divergence, Scale(), (upstream,), wanted)


def scaled_slopes_in_blocks(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """The same times a scale, and times a cotangent if there is one."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    lent_arrays = lent(*arrays, *upstream)
    operands, above = lent_arrays[: len(arrays)], lent_arrays[len(arrays) :]
    results: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            results[place], result = empty(arrays[place].shape, arrays[place].dtype)
            numpy_rows.fill_row_slopes(
                xp, operands, divergence, scale, above, place, result, working, threads
            )
    return results[0], results[1]


def row_slopes(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives of divergences of rows; by the plain expression where they are differentiated."""
    every = *arrays, *upstream
    if place_of(arrays, upstream) == HOST and not is_differentiated(*every):
        return scaled_slopes_in_blocks(context, arrays, divergence, scale, upstream, wanted)
    arrays, upstream, context = copied(arrays), copied(upstream), without_backend(context)
    return evaluate_row_slopes(context, arrays, divergence, scale, upstream, wanted)
