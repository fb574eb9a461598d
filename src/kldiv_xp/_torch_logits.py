"""Divergences of rows of logits on torch tensors in host memory: one autograd function."""

from functools import partial
from typing import Any

import torch

from kldiv_xp import _blocked, _host
from kldiv_xp._divergences import plain_rows, plain_slopes, slopes_of
from kldiv_xp._evaluation import Arrays, Gradient
from kldiv_xp._formula import Guard
from kldiv_xp._logit_formula import Divergence
from kldiv_xp._operands import Operands
from kldiv_xp._torch_memory import (
    HOST,
    empty,
    is_differentiated,
    lent,
    numpy_namespace,
    numpy_type,
    place_of,
    threads,
)
from kldiv_xp._torch_saving import copied, savable
from kldiv_xp._torch_storage import check_unchanged
from kldiv_xp._typing import Array


def divergences(operands: Operands, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row; in one node of the graph where a gradient is wanted."""
    if place_of(arrays) != HOST:
        return plain_rows(operands, copied(arrays), divergence)
    if is_differentiated(*arrays):
        return Rows.apply(operands, divergence, *savable(arrays))
    return rows_of(operands, divergence, *arrays)


class Rows(torch.autograd.Function):
    """Divergences as one node that keeps the logits, and nothing that was computed from them."""

    @staticmethod
    def forward(ctx: Any, operands: Operands, divergence: Divergence, *arrays: Array) -> Array:
        """Divergence of every row."""
        ctx.save_for_backward(*arrays)
        ctx.options, ctx.shapes = (operands, divergence), [array.shape for array in arrays]
        return rows_of(operands, divergence, *arrays)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression where they are differentiated."""
        arrays = ctx.saved_tensors
        check_unchanged(arrays, ctx.shapes)
        operands, divergence = ctx.options
        wanted = ctx.needs_input_grad[2:4]
        plain = place_of(arrays, (upstream,)) != HOST or is_differentiated(*arrays, upstream)
        if plain:
            (upstream,) = copied((upstream,))
        function = plain_slopes if plain else slopes_in_blocks
        slopes = function(operands, arrays, divergence, upstream.unsqueeze(-1), wanted)
        return None, None, *slopes, *[None for _ in arrays[2:]]


def rows_of(operands: Operands, divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row, in the type that is computed in."""
    working = numpy_type(operands.working)
    xp, lent_arrays = numpy_namespace(), tuple(map(lent, arrays))
    sums = _host.sums_of_rows(xp, lent_arrays, divergence, working, threads)
    return torch.from_numpy(sums).to(operands.working)


def slopes_in_blocks(
    operands: Operands,
    arrays: Arrays,
    divergence: Divergence,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, each written in one pass."""
    xp = numpy_namespace()
    in_order = tuple(map(lent, (*arrays[:2], upstream, *arrays[2:])))
    results: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            results[place] = empty(arrays[place].shape, arrays[place].dtype)
            attempts = [
                partial(slopes_of, divergence, guard, place == 1)
                for guard in (Guard.NONE, Guard.FULL)
            ]
            working, kept = numpy_type(operands.working), len(arrays[place].shape) - 1
            result = lent(results[place])
            _blocked.fill(xp, attempts, in_order, result, working, threads, kept)
    return results[0], results[1]
