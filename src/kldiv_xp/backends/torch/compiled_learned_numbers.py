"""A temperature or beta that is a tensor under torch.compile: operators, which read it.

Only in host memory, where it may be read.  Of the formula at tensors Inductor took 79 s for KL of
4 x 10 logits where the textbook's formula took 12, and did not end in 150 s for a mixture; the
operators take 12 and 10.  Compiled with derivatives in closed form, KL took 90.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch import host_logits
from kldiv_xp.backends.torch.compiled_logit_derivatives import has_operator, present
from kldiv_xp.backends.torch.internals import is_transformed
from kldiv_xp.backends.torch.learned_numbers import at_what_is_read, closed_derivatives
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.operator_options import dense_divergence_of, options_of
from kldiv_xp.backends.torch.saved_tensors import keep, kept
from kldiv_xp.core.context import Context, plain_context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import plain_rows
from kldiv_xp.formula.logit_arrays import JSOfArray, at_numbers, numbers_that_are_arrays
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
    if context.working != plain_context(*arrays[:2]).working:  # a result of more bits is asked for
        arrays = *(one.to(context.working) for one in arrays[:2]), *arrays[2:]
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
    context, arrays = plain_context(input, target), present(input, target, where)
    plain = dense_divergence_of(numbers, temperature, target_is, scaled, beta)
    divergence = at_tensors(context, plain, learned_temperature, learned_beta)
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
    context, arrays = plain_context(input, target), present(input, target, where)
    plain = dense_divergence_of(numbers, temperature, target_is, scaled, beta)
    divergence = at_tensors(context, plain, learned_temperature, learned_beta)
    given = [input, target, where, learned_temperature, learned_beta]
    wants = [want for want, one in zip(wanted, given, strict=True) if one is not None]
    options = upstream, tuple(numbers_that_are_arrays(divergence)), wants
    chosen = at_what_is_read(arrays, divergence) or divergence
    return list(present(*closed_derivatives(context, present(*given), chosen, *options)))


@rows_at_tensors.register_fake
def fake_rows(input: Array, target: Array, *_: Any) -> Array:
    """Tensor without values like the rows."""
    return input.new_empty(input.shape[:-1], dtype=plain_context(input, target).working)


@derivatives_at_tensors.register_fake
def fake_derivatives(upstream: Array, *rest: Any) -> list[Array]:
    """Tensors without values like the derivatives."""
    del upstream
    return [one.new_empty(one.shape) for one, want in zip(rest[:5], rest[-1], strict=True) if want]


def at_tensors(
    context: Context, divergence: Divergence, temperature: Array | None, beta: Array | None
) -> Divergence | JSOfArray:
    """Divergence with these tensors in place of its numbers."""
    first = divergence.temperature if temperature is None else temperature.to(context.working)
    if beta is not None:
        return JSOfArray(first, beta, divergence.scaled)
    return replace(divergence, temperature=first)


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
