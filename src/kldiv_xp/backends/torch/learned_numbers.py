"""A learned temperature or beta in host memory: read, with its derivative in closed form."""

from collections.abc import Iterable, Iterator, Sequence
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
from kldiv_xp.core.evaluate_rows import plain_derivatives, rows_by
from kldiv_xp.core.run import run
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.learned_numbers import by_beta, by_temperature
from kldiv_xp.formula.logit_arrays import JSOfArray, at_numbers, numbers_that_are_arrays
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.host.blocks import Index


def divergences_at_arrays(
    context: Context, arrays: Arrays, divergence: Divergence | JSOfArray
) -> Array:
    """Divergence of every row, of tensors that are only memory."""
    numbers = numbers_that_are_arrays(divergence)
    plain = at_what_is_read(arrays, divergence) if is_differentiated(*numbers.values()) else None
    if plain is None:
        return logits_at_tensors.divergences_at_tensors(context, arrays, divergence)
    recorded = partial(logits_at_tensors.rows_with_numbers, context, divergence, (*numbers,))
    tensors = savable((*arrays, *numbers.values()))
    rows: Array = LearnedRows.apply(context, plain, recorded, len(arrays), *tensors)
    return rows


def at_what_is_read(arrays: Arrays, divergence: Divergence | JSOfArray) -> Divergence | None:
    """Divergence at numbers that lie in host memory, as all else does; None where it is none."""
    numbers = numbers_that_are_arrays(divergence)
    if place_of(arrays, numbers) != HOST:
        return None
    read = {name: float(one.detach()) for name, one in numbers.items()}
    plain = at_numbers(divergence, read)
    return None if plain is divergence or not 0 <= read.get("beta", 0) <= 1 else plain


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
        names = recorded.args[2]
        found = closed_derivatives(context, tensors, divergence, upstream, names, wanted)
        return *(None,) * 4, *found


def closed_derivatives(
    context: Context,
    tensors: Arrays,
    divergence: Divergence | JSOfArray,
    upstream: Array,
    names: tuple[str, ...],
    wanted: Sequence[bool],
) -> Iterator[Array | None]:
    """Those wanted of operands, a mask, if there is one, and the numbers with these names.

    Of a divergence at tensors, whose values suit no number, by the plain expression.
    """
    count = len(tensors) - len(names)
    for where in tensors[2:count]:  # what is not selected may have any cotangent
        upstream = torch.where(where[..., 0], upstream, 0.0)
    arrays, above, chosen = tensors[:count], upstream.unsqueeze(-1), (wanted[0], wanted[1])
    if numbers_that_are_arrays(divergence):
        yield from plain_derivatives(context, arrays, divergence, above, chosen)
        blocks: list[Index] = [()]
    else:
        plain: Any = divergence
        options = context, arrays, plain, Scale(), (above,), chosen
        yield from host_logits.row_derivatives_of(*options)
        blocks = list(logits_at_tensors.blocks_of(arrays[0]))
    yield from (None,) * (count - 2)
    for name, number, want in zip(names, tensors[count:], wanted[count:], strict=True):
        way: Any = by_temperature if name == "temperature" else by_beta
        function = partial(rows_by, partial(way, divergence), divergence)
        given = context, function, arrays, upstream, blocks
        yield weighted_sum(*given).to(number.dtype) if want else None


def weighted_sum(
    context: Context,
    function: partial[Array],
    arrays: Arrays,
    upstream: Array,
    blocks: Iterable[Index],
) -> Array:
    """Sum of a function of rows times those of upstream, in float64, block by block."""
    total = upstream.new_zeros((), dtype=torch.float64)
    for index in blocks:
        block = tuple(one[index] for one in arrays)
        rows = run(function, context.working, context.working, *block)
        total = total + (rows * upstream[index]).sum(dtype=torch.float64)
    return total
