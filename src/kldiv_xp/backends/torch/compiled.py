"""Tensors that torch.compile traces: nodes with a closed derivative instead of a graph of it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.backends.torch import compiled_logit_derivatives, compiled_logits
from kldiv_xp.backends.torch.compiled_learned_numbers import divergences_at_arrays
from kldiv_xp.backends.torch.compiled_logit_derivatives import (
    row_derivatives,
    rows_with_derivatives,
)
from kldiv_xp.backends.torch.compiled_terms import gradient, is_one_node, loss, samples, terms
from kldiv_xp.backends.torch.internals import is_transformed
from kldiv_xp.backends.torch.linear import linear_divergences
from kldiv_xp.backends.torch.linear_gradient import traced_linear_gradient as linear_gradient
from kldiv_xp.backends.torch.saved_tensors import keep, kept
from kldiv_xp.backends.torch.sparse import sparse_divergences, sparse_gradient
from kldiv_xp.core.context import Context, plain_context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import plain_derivatives, rows_of
from kldiv_xp.core.programs import is_open_number
from kldiv_xp.core.run import run
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.open_numbers import OpenNumbers

__all__ = ["divergences", "gradient", "linear_divergences", "linear_gradient", "loss"]
__all__ += [
    "divergences_at_arrays",
    "row_derivatives",
    "rows_with_derivatives",
    "samples",
    "sparse_divergences",
    "sparse_gradient",
    "terms",
]


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits."""
    if not is_transformed() and compiled_logit_derivatives.has_operator(arrays):
        return compiled_logits.divergences(context.working, arrays, divergence)
    if is_one_node(arrays):
        return Rows.apply(divergence, context.working, *arrays)
    return NotImplemented if is_transformed() else rows(context, divergence, *arrays)


def rows(context: Context, divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row, without a temporary of its size."""
    function = partial(in_few_loops, partial(rows_of, divergence))
    return run(function, context.working, context.working, *arrays)


def in_few_loops(function: Callable[..., Array], xp: Namespace, *arrays: Array) -> Array:
    """Function (xp, *arrays) with exponentials that are computed where they are used."""
    return function(FewLoops(xp, is_open_number), *arrays)


class FewLoops(OpenNumbers):
    """Namespace for a formula of whole rows.

    Inductor keeps an `exp` that is used twice, in a buffer as large as the operands, but no `exp2`:
    512 x 32000 float32 took 350 ms with three such buffers, and 100 without.
    """

    def exp(self, array: Array) -> Array:
        """Exponential; of one number for a row it is kept."""
        size = array.shape[-1]
        if type(size) is int and size == 1:
            return torch.exp(array)
        # In the code, for torch.compile(dynamic=True) takes a global for a number that changes.
        return torch.exp2(array * 1.4426950408889634)


class Rows(torch.autograd.Function):
    """Divergences as one node that keeps the logits, and nothing that was computed from them."""

    @staticmethod
    def forward(ctx: Any, divergence: Divergence, working: DType, *arrays: Array) -> Array:
        """Divergence of every row."""
        keep(ctx, arrays)
        ctx.options = divergence, working
        context = replace(plain_context(*arrays[:2]), working=working)
        return rows(context, divergence, *arrays)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form."""
        arrays = kept(ctx)
        divergence, working = ctx.options
        context = replace(plain_context(*arrays[:2]), working=working)
        wanted = ctx.needs_input_grad[2:4]
        upstream = upstream.unsqueeze(-1)
        derivatives = plain_derivatives(context, arrays, divergence, upstream, wanted)
        return None, None, *derivatives, *[None for _ in arrays[2:]]
