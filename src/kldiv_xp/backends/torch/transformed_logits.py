"""Divergences of rows of logits within torch.func and forward mode: derivatives in closed form."""

from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.mapped_rows import mapped_first
from kldiv_xp.backends.torch.row_ways import way_inside
from kldiv_xp.backends.torch.transformed_derivatives import (
    by_function,
    recorded_row_derivatives,
)
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate_rows import plain_rows
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence


class TransformedRows(torch.autograd.Function):
    """Divergences where tensors lie below the transforms, else by the plain expression.

    Its own derivatives would overflow where T**2 does.
    """

    @staticmethod
    def forward(context: Context, divergence: Divergence, *arrays: Array) -> Array:
        """Divergence of every row."""
        way = way_inside(arrays)
        if way is None:
            return plain_rows(context, arrays, divergence)
        rows: Array = way.divergences_of(context, divergence, *arrays)
        return rows

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        """Keep the operands, and nothing that was computed from them."""
        del output
        *ctx.options, input, target = inputs[:4]  # noqa: A001 - torch's name
        arrays = (input, target, *inputs[4:])
        ctx.save_for_backward(*arrays)
        ctx.save_for_forward(*arrays)

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[Any, ...],
        context: Context,
        divergence: Divergence,
        *arrays: Array,
    ) -> tuple[Array, int]:
        """Divergences of all rows of the batch."""
        first = mapped_first(info.batch_size, in_dims[2:], arrays)
        return TransformedRows.apply(context, divergence, *first), 0

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives with respect to the operands that want them."""
        arrays, wanted = ctx.saved_tensors, ctx.needs_input_grad[2:4]
        context, divergence = ctx.options
        options = context, arrays, divergence, Scale(), (upstream.unsqueeze(-1),), wanted
        derivatives = recorded_row_derivatives(*options)
        return None, None, *derivatives, *[None for _ in arrays[2:]]

    @staticmethod
    def jvp(ctx: Any, *tangents: Array | None) -> Array:
        """Directional derivatives; an operand without a tangent adds nothing."""
        context, divergence = ctx.options
        working, moves = context.working, tangents[2:4]
        x, t, *where = ctx.saved_tensors
        arrays = (x.to(working), t.to(working), *where)  # derivatives are rounded as their operands
        wanted = moves[0] is not None, moves[1] is not None
        derivatives = by_function(context, arrays, divergence, Scale(), (), wanted)
        products = [
            (derivative * move.to(working)).sum(-1)
            for derivative, move in zip(derivatives, moves, strict=True)
            if derivative is not None and move is not None
        ]
        total: Array = sum(products[1:], products[0])
        return total
