"""Divergences of rows of logits within torch.func and forward mode: derivatives in closed form."""

from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import plain_derivatives, plain_rows
from kldiv_xp.formula.logits import Divergence


class TransformedRows(torch.autograd.Function):
    """Divergences by the plain expression, whose own derivatives overflow where T**2 does."""

    generate_vmap_rule = True

    @staticmethod
    def forward(context: Context, divergence: Divergence, *arrays: Array) -> Array:
        """Divergence of every row."""
        return plain_rows(context, arrays, divergence)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        """Keep the operands, and nothing that was computed from them."""
        del output
        *ctx.options, input, target = inputs[:4]  # noqa: A001 - torch's name
        arrays = (input, target, *inputs[4:])
        ctx.save_for_backward(*arrays)
        ctx.save_for_forward(*arrays)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives with respect to the operands that want them."""
        arrays, wanted = ctx.saved_tensors, ctx.needs_input_grad[2:4]
        derivatives = derivatives_of(ctx, arrays, upstream.unsqueeze(-1), wanted)
        return None, None, *derivatives, *[None for _ in arrays[2:]]

    @staticmethod
    def jvp(ctx: Any, *tangents: Array | None) -> Array:
        """Directional derivatives; an operand without a tangent adds nothing."""
        working, moves = ctx.options[0].working, tangents[2:4]
        x, t, *where = ctx.saved_tensors
        arrays = (x.to(working), t.to(working), *where)  # derivatives are rounded as their operands
        wanted = moves[0] is not None, moves[1] is not None
        derivatives = derivatives_of(ctx, arrays, torch.ones_like(arrays[0][..., :1]), wanted)
        products = [
            (derivative * move.to(working)).sum(-1)
            for derivative, move in zip(derivatives, moves, strict=True)
            if derivative is not None and move is not None
        ]
        total: Array = sum(products[1:], products[0])
        return total


def derivatives_of(
    ctx: Any, arrays: Arrays, upstream: Array, wanted: tuple[bool, bool]
) -> tuple[Array | None, Array | None]:
    """Derivatives in closed form, themselves differentiable."""
    context, divergence = ctx.options
    return plain_derivatives(context, arrays, divergence, upstream, wanted)
