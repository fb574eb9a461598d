"""A learned temperature or beta in host memory: read, with its derivative in closed form."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch import host_logits, logits_at_tensors
from kldiv_xp.backends.torch.logits_at_tensors import derivatives, place_of
from kldiv_xp.backends.torch.numpy_views import HOST, is_differentiated, memory_of
from kldiv_xp.backends.torch.saved_tensors import savable
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import rows_by
from kldiv_xp.core.run import run
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.learned_numbers import by_beta, by_temperature
from kldiv_xp.formula.logit_arrays import JSOfArray, at_numbers, numbers_that_are_arrays
from kldiv_xp.formula.logits import Divergence


def divergences_at_arrays(
    context: Context, arrays: Arrays, divergence: Divergence | JSOfArray
) -> Array:
    """Divergence of every row, of tensors that are only memory."""
    numbers = numbers_that_are_arrays(divergence)
    if is_differentiated(*numbers.values()) and place_of(arrays, numbers) == HOST:
        read = {name: float(one.detach()) for name, one in numbers.items()}
        plain = at_numbers(divergence, read)
        if plain is not divergence:
            recorded = partial(logits_at_tensors.rows_with_numbers, context, divergence, (*read,))
            tensors = savable((*arrays, *numbers.values()))
            rows: Array = LearnedRows.apply(context, plain, recorded, len(arrays), *tensors)
            return rows
    return logits_at_tensors.divergences_at_tensors(context, arrays, divergence)


class LearnedRows(torch.autograd.Function):
    """Divergences as one node that keeps the operands and the numbers alone."""

    @staticmethod
    def forward(
        ctx: Any,
        context: Context,
        divergence: Divergence,
        recorded: partial[Array],
        count: int,
        *tensors: Array,
    ) -> Array:
        """Divergence of every row, as at numbers."""
        ctx.save_for_backward(*tensors)
        ctx.given = context, divergence, recorded, count
        return host_logits.divergences_of(context, divergence, *tensors[:count])

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by autograd where they are differentiated or mapped."""
        context, divergence, recorded, count = ctx.given
        tensors, wanted = ctx.saved_tensors, ctx.needs_input_grad[4:]
        if torch.is_grad_enabled() or memory_of(tensors, (upstream,)) != HOST:
            return *(None,) * 4, *derivatives(recorded, count, wanted, tensors, upstream)
        arrays, numbers = tensors[:count], tensors[count:]
        options = context, arrays, divergence, Scale(), (upstream.unsqueeze(-1),)
        by_logits = host_logits.row_derivatives_of(*options, wanted[:2])
        learned = dict(zip(recorded.args[2], wanted[count:], strict=True))
        sums = derivatives_by_numbers(context, arrays, divergence, upstream, learned)
        by_numbers = (
            None if one is None else one.to(number.dtype)
            for one, number in zip(sums, numbers, strict=True)
        )
        return *(None,) * 4, *by_logits, *(None,) * (count - 2), *by_numbers


def derivatives_by_numbers(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    upstream: Array,
    wanted: dict[str, bool],
) -> Iterator[Array | None]:
    """Those by temperature and beta, times that by the rows: sums in float64, block by block."""
    for name, want in wanted.items():
        total = upstream.new_zeros((), dtype=torch.float64)
        way: Any = by_temperature if name == "temperature" else by_beta
        function = partial(rows_by, partial(way, divergence), divergence)
        for index in logits_at_tensors.blocks_of(arrays[0]) if want else ():
            block = tuple(one[index].detach() for one in arrays)
            rows = run(function, context.working, context.working, *block)
            total += (rows * upstream[index]).sum(dtype=torch.float64)
        yield total if want else None
