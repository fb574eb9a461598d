"""Tensors that torch.compile traces: one node with a closed derivative instead of a graph of it.

Compiled from the plain expression, forward and backward of 512 x 32000 float32 take 81 ms, since
the graph keeps what it computed on the way; as one node 32, and F.kl_div 41.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.backends.torch import compiled_logit_derivatives, compiled_logits
from kldiv_xp.backends.torch.compiled_logit_derivatives import (
    row_derivatives,
    rows_with_derivatives,
)
from kldiv_xp.backends.torch.internals import is_exported, is_transformed
from kldiv_xp.backends.torch.linear import linear_divergences
from kldiv_xp.backends.torch.linear_gradient import traced_linear_gradient as linear_gradient
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.saved_tensors import expanded_to_terms, keep, kept
from kldiv_xp.backends.torch.sparse import sparse_divergences, sparse_gradient
from kldiv_xp.core.context import Context, plain_context
from kldiv_xp.core.evaluate import (
    Arrays,
    chained_derivatives,
    evaluate_derivatives,
    plain_sum,
)
from kldiv_xp.core.evaluate_rows import plain_derivatives, rows_of
from kldiv_xp.core.programs import is_open_number
from kldiv_xp.core.run import run, wanted_derivatives
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.open_numbers import OpenNumbers

__all__ = ["divergences", "linear_divergences", "linear_gradient", "loss"]
__all__ += [
    "row_derivatives",
    "rows_with_derivatives",
    "samples",
    "sparse_divergences",
    "sparse_gradient",
    "terms",
]


def is_one_node(arrays: Arrays) -> bool:
    """Whether autograd must learn of the tensors, and no transformation, which maps no such node.

    "You tried to vmap over ApplyTemplate, but it does not have vmap support", "You must implement
    the jvp function".
    """
    return is_differentiated(*arrays) and not is_transformed()


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Every term."""
    return terms_or_sums(context, arrays, form, None, ())


def samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes."""
    return terms_or_sums(context, arrays, form, None, axis)


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor."""
    return terms_or_sums(context, arrays, form, parts, None)


def terms_or_sums(
    context: Context, arrays: Arrays, form: Form, parts: int | None, axis: Axes | None
) -> Array:
    """Every term with axis (), else sums over some or all axes, over the divisor."""
    if is_one_node(arrays):
        return Loss.apply(form, parts, axis, *types_of(context), *arrays)
    return NotImplemented if is_transformed() else in_graph(context, arrays, form, parts, axis)


def in_graph(
    context: Context, arrays: Arrays, form: Form, parts: int | None, axis: Axes | None
) -> Array:
    """The same of tensors that nobody differentiates in the graph; what is exported may be."""
    guard = Guard.FULL if is_exported() else Guard.RESULT
    if axis == ():
        function = partial(term_of(form), guard=guard)
        return run(function, context.working, context.dtype, *arrays)
    return plain_sum(context, arrays, form, parts, axis, guard)


def gradient(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Derivatives with respect to the operands that are wanted."""
    if is_transformed() or is_exported() or is_differentiated(*arrays, *upstream):
        return NotImplemented
    functions = chained_derivatives(form, scale, len(arrays), Guard.RESULT)
    return wanted_derivatives(run, context, functions, arrays, upstream, wanted)


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits."""
    if not is_transformed() and compiled_logit_derivatives.has_operator(arrays):
        return compiled_logits.divergences(context.working, arrays, divergence)
    if is_one_node(arrays):
        return Rows.apply(divergence, context.working, *arrays)
    return NotImplemented if is_transformed() else rows(context, divergence, *arrays)


def types_of(context: Context) -> tuple[DType, DType]:
    """Types of the result and of the computation."""
    return context.dtype, context.working


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


class Loss(torch.autograd.Function):
    """The loss as one node that keeps its operands, and nothing that was computed from them."""

    @staticmethod
    def forward(
        ctx: Any,
        form: Form,
        parts: int | None,
        axis: Axes | None,
        dtype: DType,
        working: DType,
        *arrays: Array,
    ) -> Array:
        """As of `terms_or_sums`."""
        keep(ctx, arrays)
        ctx.options = form, parts, axis, dtype, working
        context = replace(plain_context(*arrays[:2]), dtype=dtype, working=working)
        return in_graph(context, arrays, form, parts, axis)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form."""
        arrays = kept(ctx)
        form, parts, axis, dtype, working = ctx.options
        upstream = expanded_to_terms(upstream, arrays[0].shape, axis or ())
        context = replace(plain_context(*arrays[:2]), dtype=dtype, working=working)
        wanted = ctx.needs_input_grad[5:7]
        derivatives = evaluate_derivatives(
            context, arrays, form, Scale(None, parts), (upstream,), wanted
        )
        return None, None, None, None, None, *derivatives, *[None for _ in arrays[2:]]


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
