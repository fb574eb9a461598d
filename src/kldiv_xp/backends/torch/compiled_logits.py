"""Losses of logits under torch.compile: an operator, which computes as for eager tensors.

Inductor's code for the formula of rows that may nearly agree keeps arrays as large as the logits:
on an H200 the value of 4096 x 32000 bfloat16 takes 0.78 ms and 500 MiB, and with its derivative
1.67 ms and 750 MiB; the kernels take 0.33 and 0.86 ms, and nothing.  On two cores, 512 x 32000
float32 take 52 and 158 ms, the loops 19 and 57, and nothing has to be compiled.  Without compiled
loops most rows are computed in the graph, by a cheaper form: see `compiled_far_rows`.
"""

from collections.abc import Sequence
from typing import Any

import torch

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.torch.compiled_far_rows import input_derivative_in_graph, rows_in_graph
from kldiv_xp.backends.torch.compiled_logit_derivatives import (
    derivatives_of_logits,
    present,
)
from kldiv_xp.backends.torch.linear_blocks import rows_of_block
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.operator_options import dense_divergence_of, options_of
from kldiv_xp.backends.torch.saved_tensors import keep, kept
from kldiv_xp.core.context import plain_context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_rows import plain_derivatives
from kldiv_xp.formula.logits import Divergence


def divergences(working: DType, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row, in the type that is computed in."""
    arrays = widened(working, arrays)
    numbers, *options, _ = options_of(divergence)
    tensors = *arrays, *[None] * (3 - len(arrays)), numbers
    if is_differentiated(*arrays):
        return LogitRows.apply(tuple(options), *tensors)
    return rows_of_tensors(tensors, options)


def widened(working: DType, arrays: Arrays) -> Arrays:
    """Operands from which a result of so many bits is computed, and the mask."""
    if working == plain_context(*arrays[:2]).working:
        return arrays
    return *(one.to(working) for one in arrays[:2]), *arrays[2:]


def rows_of_tensors(tensors: tuple[Array | None, ...], options: Sequence[Any]) -> Array:
    """Divergence of every row, in the graph where that is quicker."""
    if tensors[-1] is None:
        rows = rows_in_graph(present(*tensors), tuple(options))
        if rows is not None:
            return rows
    return rows_of_logits(*tensors, *options)


@torch.library.custom_op("kldiv_xp::rows_of_logits", mutates_args=())
def rows_of_logits(
    input: torch.Tensor,
    target: torch.Tensor,
    where: torch.Tensor | None,
    numbers: torch.Tensor | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
) -> torch.Tensor:
    """Divergence of every row, in the type that is computed in."""
    arrays = present(input, target, where)
    divergence = dense_divergence_of(numbers, temperature, target_is, scaled, beta)
    return rows_of_block(plain_context(input, target), arrays, divergence)


@rows_of_logits.register_fake
def fake_rows(input: Array, target: Array, *_: Any) -> Array:
    """Tensor without values like the rows."""
    return input.new_empty(input.shape[:-1], dtype=plain_context(input, target).working)


class LogitRows(torch.autograd.Function):
    """The operator as one node that keeps its operands, and nothing that was computed from them.

    No derivative of its own: what that keeps, torch refuses where inference mode made it.
    """

    @staticmethod
    def forward(ctx: Any, options: tuple[Any, ...], *tensors: Array | None) -> Array:
        """Divergence of every row."""
        keep(ctx, tensors)
        ctx.options = options
        return rows_of_tensors(tensors, options)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Gradients with respect to both operands."""
        *tensors, numbers = kept(ctx)
        wanted, arrays, options = ctx.needs_input_grad[1:3], present(*tensors), ctx.options
        if is_differentiated(*arrays, upstream):
            divergence = dense_divergence_of(numbers, *options)
            context, above = plain_context(*arrays[:2]), upstream.unsqueeze(-1)
            derivatives = plain_derivatives(context, arrays, divergence, above, wanted)
        else:
            derivatives = derivatives_of_tensors(upstream, (*tensors, numbers), options, wanted)
        found = [
            derivative if want else None
            for derivative, want in zip(derivatives, wanted, strict=True)
        ]
        return None, *found, None, None


def derivatives_of_tensors(
    upstream: Array,
    tensors: tuple[Array | None, ...],
    options: tuple[Any, ...],
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients that are wanted, in the graph where that is quicker."""
    if tensors[-1] is None and tuple(wanted) == (True, False):
        derivative = input_derivative_in_graph(present(*tensors), upstream, options)
        if derivative is not None:
            return derivative, None
    found: Gradient = derivatives_of_logits(upstream, *tensors, *options, *wanted)
    return found
