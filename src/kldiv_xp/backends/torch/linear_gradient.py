"""Derivatives of divergences from hidden states in torch, without autograd."""

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.internals import is_exported, is_transformed
from kldiv_xp.backends.torch.linear import derivatives_again, linear_divergences, savable_heads
from kldiv_xp.backends.torch.linear_blocks import (
    Derivatives,
    context_of,
    plain_divergences,
    plain_gradient,
    times,
    unit_of,
    wide_derivatives_of,
)
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.operator_options import options_of
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence
from kldiv_xp.core.evaluate_linear_gradient import LinearGradient

# Input, weight, target and bias.
WANTED = (True, True, False, True)


def linear_gradient(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    with_rows: bool,
) -> LinearGradient:
    """Derivatives and rows of eager tensors, from the same blocks of logits."""
    present = [one for one in heads if one is not None]
    if is_transformed() or is_exported() or is_differentiated(*present, upstream):
        return traced_linear_gradient(context, heads, divergence, upstream, with_rows)
    heads, factors = savable_heads(heads), upstream[:, 0]
    unit = unit_of(heads, factors)
    rows = factors.new_empty(factors.shape, dtype=context_of(heads).working) if with_rows else None
    factors = factors if unit is None else factors / unit
    wide = wide_derivatives_of(heads, divergence, factors, True, True, rows)  # noqa: FBT003
    return as_gradient(heads, wide if unit is None else times(wide, unit), rows)


def traced_linear_gradient(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    with_rows: bool,
) -> LinearGradient:
    """The same by operators, or by what torch transforms, exports or differentiates."""
    factors = upstream[:, 0]
    if is_transformed() or is_exported():
        rows = plain_divergences(context, heads, divergence) if with_rows else None
        return as_gradient(heads, plain_gradient(heads, divergence, factors), rows)
    rows = linear_divergences(context, heads, divergence) if with_rows else None
    heads = savable_heads(heads)
    found = derivatives_again(heads, options_of(divergence), factors, WANTED)
    return as_gradient(heads, found, rows)


def as_gradient(
    heads: Heads, derivatives: Derivatives, rows: torch.Tensor | None
) -> LinearGradient:
    """Derivatives with respect to what there is, and rows."""
    by_input, by_weight, by_bias = derivatives
    return LinearGradient(by_input, by_weight, None if heads.bias is None else by_bias, rows)
