"""Losses of logits under torch.compile: an operator, which computes as for eager tensors.

Inductor's code for the formula of rows that may nearly agree keeps arrays as large as the logits:
on an H200 the value of 4096 x 32000 bfloat16 takes 0.78 ms and 500 MiB, and with its derivative
1.67 ms and 750 MiB; the kernels take 0.33 and 0.86 ms, and nothing.  On two cores, 512 x 32000
float32 take 52 and 158 ms, the loops 19 and 57, and nothing has to be compiled.
"""

from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.eager_logits import row_slopes
from kldiv_xp.backends.torch.internals import is_exported
from kldiv_xp.backends.torch.linear_blocks import rows_of_block
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.operator_options import dense_divergence_of, options_of
from kldiv_xp.core.context import plain_context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import plain_slopes
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence


def has_operator(arrays: Arrays) -> bool:
    """Whether the operator may stand in the graph: elsewhere eager has the formula alone."""
    if is_exported():
        return False
    return all(one.is_cpu for one in arrays) or all(one.is_cuda for one in arrays)


def divergences(arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row, in the type that is computed in."""
    input, target, *where = arrays  # noqa: A001 - torch's name
    return rows_of_logits(input, target, where[0] if where else None, *options_of(divergence)[:-1])


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


@torch.library.custom_op("kldiv_xp::slopes_of_logits", mutates_args=())
def slopes_of_logits(
    upstream: torch.Tensor,
    input: torch.Tensor,
    target: torch.Tensor,
    where: torch.Tensor | None,
    numbers: torch.Tensor | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
    by_input: bool,
    by_target: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients with respect to input and target, each empty where it is not wanted."""
    arrays, context = present(input, target, where), plain_context(input, target)
    divergence = dense_divergence_of(numbers, temperature, target_is, scaled, beta)
    above, wanted = (upstream.unsqueeze(-1),), (by_input, by_target)
    slopes = row_slopes(context, arrays, divergence, Scale(), above, wanted)
    first, last = (
        operand.new_empty(0) if slope is None else slope
        for slope, operand in zip(slopes, (input, target), strict=True)
    )
    return first, last


@rows_of_logits.register_fake
def fake_rows(input: Array, target: Array, *_: Any) -> Array:
    """Tensor without values like the rows."""
    return input.new_empty(input.shape[:-1], dtype=plain_context(input, target).working)


@slopes_of_logits.register_fake
def fake_slopes(upstream: Array, input: Array, target: Array, *rest: Any) -> tuple[Array, Array]:
    """Tensors without values like the derivatives."""
    del upstream
    first, last = (
        operand.new_empty(operand.shape if wanted else 0)
        for operand, wanted in zip((input, target), rest[-2:], strict=True)
    )
    return first, last


def keep(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
    """Keep the operands for a gradient, and nothing that was computed from them."""
    del output
    ctx.save_for_backward(*inputs[:4])
    ctx.options = inputs[4:]


def gradient(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
    """Gradients with respect to both operands."""
    input, target, where, numbers = ctx.saved_tensors  # noqa: A001 - torch's name
    wanted, arrays = ctx.needs_input_grad[:2], present(input, target, where)
    options = numbers, *ctx.options
    if is_differentiated(*arrays, upstream):
        slopes = plain_slopes(
            plain_context(input, target), arrays, dense_divergence_of(*options),
            upstream.unsqueeze(-1), wanted,
        )  # fmt: skip
    else:
        slopes = slopes_of_logits(upstream, input, target, where, *options, *wanted)
    found = [slope if want else None for slope, want in zip(slopes, wanted, strict=True)]
    return *found, None, *[None for _ in options]


def present(*tensors: Array | None) -> Arrays:
    """Tensors that are there."""
    return tuple(one for one in tensors if one is not None)


rows_of_logits.register_autograd(gradient, setup_context=keep)
