"""Tensors that torch.compile traces: one node with a closed derivative instead of a graph of it.

Compiled from the plain expression, forward and backward of 512 x 32000 float32 take 81 ms, since
the graph keeps what it computed on the way; as one node 32, and F.kl_div 41.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.backends.torch.internals import is_transformed
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.saved_tensors import keep, kept, spread
from kldiv_xp.core.context import Context, plain_context
from kldiv_xp.core.evaluate import Arrays, evaluate_slopes, plain_sum
from kldiv_xp.core.evaluate_rows import plain_slopes, rows_of
from kldiv_xp.core.run import run
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.log_probabilities import pointwise
from kldiv_xp.formula.logits import Divergence

LOG2_E = 1.4426950408889634


def is_one_node(arrays: Arrays) -> bool:
    """Whether autograd must learn of the tensors, and no transformation, which maps no such node.

    "You tried to vmap over ApplyTemplate, but it does not have vmap support", "You must implement
    the jvp function".
    """
    return is_differentiated(*arrays) and not is_transformed()


def terms(context: Context, arrays: Arrays, log_target: bool) -> Array:
    """Every term."""
    if not is_one_node(arrays):
        return NotImplemented
    return Loss.apply(log_target, None, (), *arrays)


def samples(context: Context, arrays: Arrays, log_target: bool, axis: Axes) -> Array:
    """Sums of the terms over some axes."""
    if not is_one_node(arrays):
        return NotImplemented
    return Loss.apply(log_target, None, axis, *arrays)


def loss(context: Context, arrays: Arrays, log_target: bool, parts: int | None) -> Array:
    """Sum of all terms over the divisor."""
    if not is_one_node(arrays):
        return NotImplemented
    return Loss.apply(log_target, parts, None, *arrays)


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits."""
    if is_one_node(arrays):
        return Rows.apply(divergence, *arrays)
    return NotImplemented if is_transformed() else rows(context, divergence, *arrays)


def rows(context: Context, divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row, without a temporary of its size."""
    function = partial(in_few_loops, partial(rows_of, divergence))
    return run(function, context.working, context.working, *arrays)


def in_few_loops(function: Callable[..., Array], xp: Namespace, *arrays: Array) -> Array:
    """Function (xp, *arrays) with exponentials that are computed where they are used."""
    return function(FewLoops(xp), *arrays)


class FewLoops:
    """Namespace for a formula of whole rows.

    Inductor keeps an `exp` that is used twice, in a buffer as large as the operands, but no `exp2`:
    512 x 32000 float32 took 350 ms with three such buffers, and 100 without.
    """

    def __init__(self, xp: Namespace) -> None:
        self.xp = xp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)

    def exp(self, array: Array) -> Array:
        """Exponential; of one number for a row it is kept."""
        size = array.shape[-1]
        if type(size) is int and size == 1:
            return torch.exp(array)
        return torch.exp2(array * LOG2_E)


class Loss(torch.autograd.Function):
    """The loss as one node that keeps its operands, and nothing that was computed from them."""

    @staticmethod
    def forward(
        ctx: Any, log_target: bool, parts: int | None, axis: Axes | None, *arrays: Array
    ) -> Array:
        """Every term with axis (), else sums over some or all axes, over the divisor."""
        keep(ctx, arrays)
        ctx.options = log_target, parts, axis
        context = plain_context(*arrays[:2])
        if axis == ():
            function = partial(pointwise, log_target=log_target)
            return run(function, context.working, context.dtype, *arrays)
        return plain_sum(context, arrays, log_target, parts, axis)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form."""
        arrays = kept(ctx)
        log_target, parts, axis = ctx.options
        upstream = spread(upstream, arrays[0].shape, axis or ())
        context, wanted = plain_context(*arrays[:2]), ctx.needs_input_grad[3:5]
        slopes = evaluate_slopes(
            context, arrays, log_target, Scale(None, parts), (upstream,), wanted
        )
        return None, None, None, *slopes, *[None for _ in arrays[2:]]


class Rows(torch.autograd.Function):
    """Divergences as one node that keeps the logits, and nothing that was computed from them."""

    @staticmethod
    def forward(ctx: Any, divergence: Divergence, *arrays: Array) -> Array:
        """Divergence of every row."""
        keep(ctx, arrays)
        ctx.divergence = divergence
        return rows(plain_context(*arrays[:2]), divergence, *arrays)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form."""
        arrays = kept(ctx)
        context, wanted = plain_context(*arrays[:2]), ctx.needs_input_grad[1:3]
        upstream = upstream.unsqueeze(-1)
        slopes = plain_slopes(context, arrays, ctx.divergence, upstream, wanted)
        return None, *slopes, *[None for _ in arrays[2:]]
