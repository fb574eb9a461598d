"""Divergences of rows from hidden states in torch: an operator, which makes blocks once more.

An operator of torch and no autograd function, so that torch.compile calls it as it is: traced, its
blocks would be unrolled, and their number fixed.
"""

from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.internals import is_exported, is_transformed
from kldiv_xp.backends.torch.linear_blocks import (
    Derivatives,
    context_of,
    derivatives_of,
    empty_derivatives,
    plain_divergences,
    plain_gradient,
    rows_of_block,
)
from kldiv_xp.backends.torch.numpy_views import is_differentiated, memory_of
from kldiv_xp.backends.torch.operator_options import Options, divergence_of, options_of
from kldiv_xp.backends.torch.saved_tensors import copied, keep, kept, savable
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence, rows_in_blocks


def linear_divergences(context: Context, heads: Heads, divergence: LinearDivergence) -> Array:
    """Divergence of every row; transformed, or in what is exported, of all logits at once."""
    if is_transformed() or is_exported():
        return plain_divergences(context, heads, divergence)
    heads, (numbers, *options) = savable_heads(heads), options_of(divergence)
    if is_differentiated(*[one for one in heads if one is not None]):
        return LinearRows.apply(tuple(options), *heads, numbers)
    return linear_rows(*heads, numbers, *options)


def savable_heads(heads: Heads) -> Heads:
    """The same as tensors that autograd may save; raises of those without their memory."""
    names, present = named(heads)
    place = memory_of(present, (), names)
    tensors = copied(present) if place is None else savable(present)
    return heads.changed(**dict(zip(names, tensors, strict=True)))


def named(heads: Heads) -> tuple[tuple[str, ...], tuple[Array, ...]]:
    """Names of the operands that there are, and the operands."""
    present = heads.named()
    return tuple(present), tuple(present.values())


@torch.library.custom_op("kldiv_xp::linear_rows", mutates_args=())
def linear_rows(
    input: torch.Tensor,
    weight: torch.Tensor,
    target: torch.Tensor,
    bias: torch.Tensor | None,
    target_weight: torch.Tensor | None,
    target_bias: torch.Tensor | None,
    where: torch.Tensor | None,
    indices: torch.Tensor | None,
    numbers: torch.Tensor | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
    tail: str,
) -> torch.Tensor:
    """Divergence of every row, in the type that is computed in."""
    heads = Heads(input, weight, target, bias, target_weight, target_bias, where, indices)
    divergence = divergence_of(numbers, temperature, target_is, scaled, beta, tail)
    return rows_in_blocks(
        context_of(heads), heads, divergence, rows_of_block, on_device=input.is_cuda
    )


@torch.library.custom_op("kldiv_xp::linear_derivatives", mutates_args=())
def linear_derivatives(
    upstream: torch.Tensor,
    input: torch.Tensor,
    weight: torch.Tensor,
    target: torch.Tensor,
    bias: torch.Tensor | None,
    target_weight: torch.Tensor | None,
    target_bias: torch.Tensor | None,
    where: torch.Tensor | None,
    indices: torch.Tensor | None,
    numbers: torch.Tensor | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
    tail: str,
    by_states: bool,
    by_head: bool,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients with respect to input, weight and bias, each empty where it is not wanted."""
    heads = Heads(input, weight, target, bias, target_weight, target_bias, where, indices)
    divergence = divergence_of(numbers, temperature, target_is, scaled, beta, tail)
    return derivatives_of(heads, divergence, upstream, by_states, by_head)


@linear_rows.register_fake
def fake_rows(*operands: Any) -> Array:
    """Tensor without values like the rows."""
    heads = Heads(*operands[:-6])
    return heads.input.new_empty((heads.input.shape[0],), dtype=context_of(heads).working)


@linear_derivatives.register_fake
def fake_derivatives(upstream: Array, *operands: Any) -> Derivatives:
    """Tensors without values like the derivatives."""
    del upstream
    *heads, by_states, by_head = *operands[:-8], *operands[-2:]
    return empty_derivatives(Heads(*heads), by_states, by_head, heads[1].dtype)


class LinearRows(torch.autograd.Function):
    """The operator as one node that keeps its operands, and nothing that was computed from them.

    No derivative of its own: what that keeps, torch refuses where inference mode made it.
    """

    @staticmethod
    def forward(ctx: Any, options: tuple[Any, ...], *tensors: Array | None) -> Array:
        """Divergence of every row."""
        keep(ctx, tensors)
        ctx.options = options
        return linear_rows(*tensors, *options)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Gradients with respect to input, weight and bias; target and its head are constants."""
        *heads, numbers = kept(ctx)
        wanted = ctx.needs_input_grad[1:5]
        derivatives = derivatives_again(Heads(*heads), (numbers, *ctx.options), upstream, wanted)
        return None, *chosen(derivatives, wanted), *[None] * 5


def derivatives_again(
    heads: Heads, options: Options, upstream: Array, wanted: tuple[bool, ...]
) -> Derivatives:
    """Derivatives from blocks of logits that are made once more; from all where it must be."""
    if is_differentiated(*[one for one in heads if one is not None], upstream):
        return plain_gradient(heads, divergence_of(*options), upstream)
    by_states, by_weight, _, by_bias = wanted
    sides = by_states, by_weight or by_bias
    derivatives: Derivatives = linear_derivatives(upstream, *heads, *options, *sides)
    return derivatives


def chosen(derivatives: Derivatives, wanted: tuple[bool, ...]) -> tuple[Array | None, ...]:
    """Derivatives that are wanted, by input, weight, target and bias."""
    by_input, by_weight, by_bias = derivatives
    every = by_input, by_weight, None, by_bias
    return tuple(
        derivative if want else None for derivative, want in zip(every, wanted, strict=True)
    )
