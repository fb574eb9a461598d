"""Derivatives of losses of logits under torch.compile: operators that compute as on eager tensors.

Where they are differentiated, mapped or exported, the formula is compiled in their place.
"""

from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch import eager_logits
from kldiv_xp.backends.torch.internals import is_exported, is_transformed
from kldiv_xp.backends.torch.linear_blocks import rows_of_block
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.operator_options import dense_divergence_of, options_of
from kldiv_xp.core.context import Context, plain_context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence

NO_SCALE = Scale()


def has_operator(arrays: Arrays) -> bool:
    """Whether the operator may stand in the graph: elsewhere eager has the formula alone."""
    if is_exported():
        return False
    return all(one.is_cpu for one in arrays) or all(one.is_cuda for one in arrays)


def row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Derivatives of divergences of rows; NotImplemented where the formula is compiled."""
    if not takes_operator(context, arrays, upstream):
        return NotImplemented
    tensors, options = arguments(context, arrays, divergence, scale, upstream)
    found = derivatives_of_logits(*tensors, *options, *wanted)
    return [one if want else None for one, want in zip(found, wanted, strict=True)]


def rows_with_derivatives(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Any:
    """Divergences of rows before both derivatives, as `row_derivatives`."""
    if not takes_operator(context, arrays, upstream):
        return NotImplemented
    tensors, options = arguments(context, arrays, divergence, scale, upstream)
    return rows_and_derivatives_of_logits(*tensors, *options)


def takes_operator(context: Context, arrays: Arrays, upstream: Arrays) -> bool:
    """Whether an operator may stand for these derivatives, which are not differentiated."""
    every = (*arrays, *upstream)
    if is_transformed() or is_differentiated(*every) or not has_operator(every):
        return False
    return bool(context.working == plain_context(*arrays[:2]).working)


def arguments(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> tuple[tuple[Array | None, ...], list[Any]]:
    """Tensors of an operator, with the cotangent of each row first, and its options."""
    rows = arrays[0].new_ones(arrays[0].shape[:-1], dtype=context.working)
    for one in upstream:
        rows = rows * (one.squeeze(-1) if one.ndim else one).to(context.working)
    numbers, *options, _ = options_of(divergence)
    factor = scale.times(context.xp, rows)
    return (factor, *arrays, *[None] * (3 - len(arrays)), numbers), options


@torch.library.custom_op("kldiv_xp::derivatives_of_logits", mutates_args=())
def derivatives_of_logits(
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
    derivatives = eager_logits.row_derivatives(context, arrays, divergence, NO_SCALE, above, wanted)
    return wanted_or_empty(derivatives, (input, target))


@torch.library.custom_op("kldiv_xp::rows_and_derivatives_of_logits", mutates_args=())
def rows_and_derivatives_of_logits(
    upstream: torch.Tensor,
    input: torch.Tensor,
    target: torch.Tensor,
    where: torch.Tensor | None,
    numbers: torch.Tensor | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Divergence of every row before the gradients with respect to input and target."""
    arrays, context = present(input, target, where), plain_context(input, target)
    divergence = dense_divergence_of(numbers, temperature, target_is, scaled, beta)
    options = context, arrays, divergence, NO_SCALE, (upstream.unsqueeze(-1),)
    found = eager_logits.rows_with_derivatives(*options)
    if found is NotImplemented:
        rows = rows_of_block(context, arrays, divergence)
        found = rows, *eager_logits.row_derivatives(*options, (True, True))
    return tuple(found)


@derivatives_of_logits.register_fake
def fake_derivatives(
    upstream: Array, input: Array, target: Array, *rest: Any
) -> tuple[Array, Array]:
    """Tensors without values like the derivatives."""
    del upstream
    first, last = (
        operand.new_empty(operand.shape if wanted else 0)
        for operand, wanted in zip((input, target), rest[-2:], strict=True)
    )
    return first, last


@rows_and_derivatives_of_logits.register_fake
def fake_rows_and_derivatives(
    upstream: Array, input: Array, target: Array, *_: Any
) -> tuple[Array, Array, Array]:
    """Tensors without values like the rows and the derivatives."""
    del upstream
    rows = input.new_empty(input.shape[:-1], dtype=plain_context(input, target).working)
    return rows, input.new_empty(input.shape), target.new_empty(target.shape)


def wanted_or_empty(derivatives: Gradient, operands: Arrays) -> tuple[Array, Array]:
    """Derivatives with an empty tensor for each that is not wanted: an operator returns tensors."""
    first, last = (
        operand.new_empty(0) if derivative is None else derivative
        for derivative, operand in zip(derivatives, operands, strict=True)
    )
    return first, last


def present(*tensors: Array | None) -> Arrays:
    """Tensors that are there."""
    return tuple(one for one in tensors if one is not None)
