"""A temperature or beta that is a tensor under torch.compile: operators, which read it.

Only in host memory, where it may be read.  Of the formula at tensors Inductor took 79 s for KL of
4 x 10 logits where the textbook's formula took 12, and did not end in 150 s for a mixture; the
operators take 12 and 10.  Compiled with derivatives in closed form, KL took 90.
"""

from collections.abc import Sequence
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch import host_logits
from kldiv_xp.backends.torch.compiled_logit_derivatives import has_operator, present
from kldiv_xp.backends.torch.compiled_logits import fake_rows, widened
from kldiv_xp.backends.torch.internals import is_transformed
from kldiv_xp.backends.torch.learned_numbers import at_what_is_read, closed_derivatives
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.operator_options import dense_divergence_of, options_of
from kldiv_xp.backends.torch.saved_tensors import keep, kept
from kldiv_xp.core.context import Context, plain_context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import plain_rows
from kldiv_xp.formula.logit_arrays import (
    JSOfArray,
    at_arrays,
    at_numbers,
    numbers_that_are_arrays,
)
from kldiv_xp.formula.logits import Divergence


def divergences_at_arrays(
    context: Context, arrays: Arrays, divergence: Divergence | JSOfArray
) -> Array:
    """Divergence of every row, by an operator where the tensors lie in host memory."""
    given = numbers_that_are_arrays(divergence)
    every = (*arrays, *given.values())
    plain = at_numbers(divergence, dict.fromkeys(given, 0.5))
    if is_transformed() or not has_operator(every) or not arrays[0].is_cpu or plain is divergence:
        return NotImplemented
    arrays = widened(context.working, arrays)
    numbers, *options, _ = options_of(plain)
    learned = given.get("temperature"), given.get("beta")
    tensors = *arrays, *[None] * (3 - len(arrays)), *learned, numbers
    if is_differentiated(*every):
        return LearnedRowsInGraph.apply(tuple(options), *tensors)
    return rows_at_tensors(*tensors, *options)


@torch.library.custom_op("kldiv_xp::rows_at_tensors", mutates_args=())
def rows_at_tensors(
    input: torch.Tensor,
    target: torch.Tensor,
    where: torch.Tensor | None,
    learned_temperature: torch.Tensor | None,
    learned_beta: torch.Tensor | None,
    numbers: torch.Tensor | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
) -> torch.Tensor:
    """Divergence of every row, in the type that is computed in."""
    given = [input, target, where, learned_temperature, learned_beta]
    options = numbers, temperature, target_is, scaled, beta
    context, arrays, divergence = told(*given, *options)
    read = at_what_is_read(arrays, divergence)
    if read is None:
        return plain_rows(context, arrays, divergence)
    return host_logits.divergences_of(context, read, *arrays)


@torch.library.custom_op("kldiv_xp::derivatives_at_tensors", mutates_args=())
def derivatives_at_tensors(
    upstream: torch.Tensor,
    input: torch.Tensor,
    target: torch.Tensor,
    where: torch.Tensor | None,
    learned_temperature: torch.Tensor | None,
    learned_beta: torch.Tensor | None,
    numbers: torch.Tensor | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
    wanted: Sequence[bool],
) -> list[torch.Tensor]:
    """Those by input, target, temperature and beta that are wanted."""
    given = [input, target, where, learned_temperature, learned_beta]
    options = numbers, temperature, target_is, scaled, beta
    context, arrays, divergence = told(*given, *options)
    wants = [want for want, one in zip(wanted, given, strict=True) if one is not None]
    names = tuple(numbers_that_are_arrays(divergence))
    chosen = at_what_is_read(arrays, divergence) or divergence
    found = closed_derivatives(context, present(*given), chosen, upstream, names, wants)
    return list(present(*found))


rows_at_tensors.register_fake(fake_rows)


@derivatives_at_tensors.register_fake
def fake_derivatives(upstream: Array, *rest: Any) -> list[Array]:
    """Tensors without values like the derivatives."""
    del upstream
    return [one.new_empty(one.shape) for one, want in zip(rest[:5], rest[-1], strict=True) if want]


def told(
    input: Array,
    target: Array,
    where: Array | None,
    learned_temperature: Array | None,
    learned_beta: Array | None,
    *options: Any,
) -> tuple[Context, Arrays, Divergence | JSOfArray]:
    """Context, operands, and the divergence at tensors, of the arguments of an operator."""
    context, numbers = plain_context(input, target), {}
    if learned_temperature is not None:
        numbers["temperature"] = learned_temperature.to(context.working)
    if learned_beta is not None:
        numbers["beta"] = learned_beta
    divergence = at_arrays(dense_divergence_of(*options), numbers)
    return context, present(input, target, where), divergence


class LearnedRowsInGraph(torch.autograd.Function):
    """The operator as one node that keeps its operands, and nothing that was computed from them."""

    @staticmethod
    def forward(ctx: Any, options: tuple[Any, ...], *tensors: Array | None) -> Array:
        """Divergence of every row."""
        keep(ctx, tensors)
        ctx.options = options
        return rows_at_tensors(*tensors, *options)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Gradients with respect to operands and learned numbers."""
        wanted = list(ctx.needs_input_grad[1:6])
        found = iter(derivatives_at_tensors(upstream, *kept(ctx), *ctx.options, wanted))
        return None, *[next(found) if want else None for want in wanted], None
