"""Logits made of hidden states in torch: one operator, which recomputes blocks for a gradient.

An operator of torch and no autograd function, so that torch.compile calls it as it is: traced, its
blocks would be unrolled, and their number fixed.
"""

from typing import Any

import torch

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.torch.eager_logits import rows_of, slopes_in_blocks
from kldiv_xp.backends.torch.internals import is_transformed
from kldiv_xp.backends.torch.numpy_views import HOST, is_differentiated, place_of
from kldiv_xp.backends.torch.saved_tensors import copied, savable
from kldiv_xp.core.context import Context, plain_context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_linear import Heads, blocks, operands_of, rows_in_blocks
from kldiv_xp.core.evaluate_rows import plain_rows, plain_slopes
from kldiv_xp.formula.logits import KL, Divergence

Optional = torch.Tensor | None


def linear_divergences(context: Context, heads: Heads, divergence: KL) -> Array:
    """Divergence of every row; where transformations look on, of all logits at once."""
    present = tuple(one for one in heads if one is not None)
    place = place_of(present, (), tuple(heads_named(heads)))
    if is_transformed():
        return plain_rows(context, operands_of(context.xp, heads), divergence)
    kept = iter(copied(present) if place is None else savable(present))
    heads = Heads(*[None if one is None else next(kept) for one in heads])
    return linear_rows(*heads, divergence.temperature, divergence.target_is)


def heads_named(heads: Heads) -> list[str]:
    """Names of those operands that are there."""
    return [name for name, one in heads._asdict().items() if one is not None]


@torch.library.custom_op("kldiv_xp::linear_rows", mutates_args=())
def linear_rows(
    input: torch.Tensor,
    weight: torch.Tensor,
    target: torch.Tensor,
    bias: Optional,
    target_weight: Optional,
    target_bias: Optional,
    where: Optional,
    temperature: float,
    target_is: str,
) -> torch.Tensor:
    """Divergence of every row, in the type that is computed in."""
    heads = Heads(input, weight, target, bias, target_weight, target_bias, where)
    context = context_of(heads)
    return rows_in_blocks(context, heads, KL(temperature, target_is), rows_of_block)


@torch.library.custom_op("kldiv_xp::linear_slopes", mutates_args=())
def linear_slopes(
    upstream: torch.Tensor,
    input: torch.Tensor,
    weight: torch.Tensor,
    target: torch.Tensor,
    bias: Optional,
    target_weight: Optional,
    target_bias: Optional,
    where: Optional,
    temperature: float,
    target_is: str,
    by_states: bool,
    by_head: bool,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Derivatives by input, and by weight and bias, each empty where it is not wanted.

    Sums over blocks are in the type that is computed in.
    """
    heads = Heads(input, weight, target, bias, target_weight, target_bias, where)
    context, divergence = context_of(heads), KL(temperature, target_is)
    by_input, by_weight, by_bias = empty_slopes(heads, by_states, by_head, context.working)
    for rows in blocks(heads):
        block = heads.cut(rows)
        arrays = operands_of(context.xp, block)
        slope = slopes_of_block(context, arrays, divergence, upstream[rows].unsqueeze(-1))
        if by_states:
            torch.mm(slope, weight, out=by_input[rows])
        if by_head:
            add_product(by_weight, slope.T, block.input)
            by_bias += slope.sum(0, dtype=by_bias.dtype)
    return by_input, by_weight.to(weight.dtype), by_bias.to(weight.dtype)


def empty_slopes(
    heads: Heads, by_states: bool, by_head: bool, dtype: DType
) -> tuple[Array, Array, Array]:
    """Tensors for the derivatives, without elements where they are not wanted."""
    size, width = heads.weight.shape if by_head else (0, 0)
    by_input = torch.empty_like(heads.input if by_states else heads.input[:0])
    by_weight = heads.weight.new_zeros((size, width), dtype=dtype)
    return by_input, by_weight, heads.weight.new_zeros((size,), dtype=dtype)


def add_product(result: Array, left: Array, right: Array) -> None:
    """Add a product of matrices, which may be narrower."""
    if result.dtype == left.dtype:
        result.addmm_(left, right)
    else:
        result += left @ right


@linear_rows.register_fake
def fake_rows(input: Array, weight: Array, target: Array, *others: Any) -> Array:
    """Tensor without values like the rows."""
    del weight, others
    return input.new_empty((input.shape[0],), dtype=plain_working(input, target))


@linear_slopes.register_fake
def fake_slopes(upstream: Array, *operands: Any) -> tuple[Array, Array, Array]:
    """Tensors without values like the derivatives."""
    *heads, _, _, by_states, by_head = operands
    del upstream
    dtype = heads[1].dtype
    return empty_slopes(Heads(*heads), by_states, by_head, dtype)


def plain_working(input: Array, target: Array) -> DType:
    """Type to compute in."""
    return plain_context(input[:0, :0], target[:0, :0]).working


def keep(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
    """Keep the operands for a gradient, and nothing that was computed from them."""
    del output
    *heads, ctx.temperature, ctx.target_is = inputs
    ctx.save_for_backward(*heads)


def gradient(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
    """Derivatives by input, weight and bias; target and its head are taken for constants."""
    heads = Heads(*ctx.saved_tensors)
    by_states, by_weight, _, by_bias = ctx.needs_input_grad[:4]
    if is_differentiated(*[one for one in heads if one is not None], upstream):
        slopes = plain_gradient(heads, KL(ctx.temperature, ctx.target_is), upstream)
    else:
        options = ctx.temperature, ctx.target_is, by_states, by_weight or by_bias
        slopes = linear_slopes(upstream, *heads, *options)
    wanted = by_states, by_weight, by_bias
    of_input, of_weight, of_bias = (
        slope if want else None for slope, want in zip(slopes, wanted, strict=True)
    )
    return of_input, of_weight, None, of_bias, *[None] * 5


def plain_gradient(heads: Heads, divergence: KL, upstream: Array) -> tuple[Array, Array, Array]:
    """The same of all rows at once, by expressions that torch differentiates."""
    context = context_of(heads)
    logits, target, *where = operands_of(context.xp, heads)
    arrays = logits, target.detach(), *where
    upstream, wanted = upstream.unsqueeze(-1), (True, False)
    slope, _ = plain_slopes(context, arrays, divergence, upstream, wanted)
    return slope @ heads.weight, slope.T @ heads.input, slope.sum(0)


linear_rows.register_autograd(gradient, setup_context=keep)


def rows_of_block(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of a block."""
    on_host = place_of(arrays) == HOST
    return (rows_of if on_host else plain)(context, divergence, *arrays)


def plain(context: Context, divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row, by one expression."""
    return plain_rows(context, arrays, divergence)


def slopes_of_block(
    context: Context, arrays: Arrays, divergence: Divergence, upstream: Array
) -> Array:
    """Derivatives by the logits of a block, in their type."""
    on_host = place_of(arrays, (upstream,)) == HOST
    function = slopes_in_blocks if on_host else plain_slopes
    return function(context, arrays, divergence, upstream, (True, False))[0]


def context_of(heads: Heads) -> Context:
    """Context of logits and their target, within the operator."""
    return plain_context(heads.input[:0, :0], heads.target[:0, :0])
