"""A loss from hidden states in eager torch: its gradient is made with it, from the same blocks.

Made once more for the gradient, the logits of both sides take two products of matrices beside the
four that are needed.
"""

from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.linear import chosen, derivatives_again, named, savable_heads
from kldiv_xp.backends.torch.linear_blocks import (
    Derivatives,
    context_of,
    in_dtypes_of,
    times,
    unit_of,
    wide_derivatives_of,
)
from kldiv_xp.backends.torch.numpy_views import HOST, is_differentiated, memory_of
from kldiv_xp.backends.torch.operator_options import options_of
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence, LossOfRows


def linear_loss(
    context: Context, heads: Heads, divergence: LinearDivergence, reduce: LossOfRows
) -> Array:
    """Reduced loss, one number, where a gradient is wanted with respect to eager tensors."""
    learned = [one for one in (heads.input, heads.weight, heads.bias) if one is not None]
    names, present = named(heads)
    if not is_differentiated(*learned) or memory_of(present, (), names) is None:
        return NotImplemented
    rows = heads.input.new_zeros((heads.input.shape[0],), dtype=context.working)
    (cotangent,) = torch.autograd.grad(reduce(rows.requires_grad_(), heads.where), rows)
    return LinearLoss.apply(reduce, divergence, cotangent, *savable_heads(heads))


class LinearLoss(torch.autograd.Function):
    """The loss as one node that keeps its operands and its gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        reduce: LossOfRows,
        divergence: LinearDivergence,
        cotangent: Array,
        *operands: Array | None,
    ) -> Array:
        """Reduced loss; the gradient is kept for the first backward pass."""
        heads, wanted = Heads(*operands), ctx.needs_input_grad[3:7]
        ctx.save_for_backward(cotangent, *operands)
        ctx.divergence, ctx.wanted = divergence, wanted
        rows = torch.empty_like(cotangent, dtype=context_of(heads).working)
        sides = wanted[0], wanted[1] or wanted[3]
        ctx.unit = unit_of(heads, cotangent)
        factors = cotangent if ctx.unit is None else cotangent / ctx.unit
        found = wide_derivatives_of(heads, divergence, factors, *sides, rows)
        ctx.derivatives = found if ctx.unit is not None else in_dtypes_of(heads, found)
        return reduce(rows, heads.where)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """The gradient that was made, or a new one: who got the first may have changed it."""
        cotangent, *operands = ctx.saved_tensors
        heads, derivatives = Heads(*operands), ctx.derivatives
        differentiated = [one for one in (*operands, upstream) if one is not None]
        if derivatives is None or is_differentiated(*differentiated):
            factors = cotangent * upstream
            derivatives = derivatives_again(heads, options_of(ctx.divergence), factors, ctx.wanted)
        else:
            factor = upstream if ctx.unit is None else ctx.unit * upstream
            ctx.derivatives, derivatives = None, in_dtypes_of(heads, scaled(derivatives, factor))
        return None, None, None, *chosen(derivatives, ctx.wanted), *[None] * 4


def scaled(derivatives: Derivatives, factor: Array) -> Derivatives:
    """Derivatives times a number, or themselves where it is at hand and 1."""
    if memory_of((factor,)) == HOST and factor == 1:
        return derivatives
    return times(derivatives, factor)
