"""Divergences of rows of logits that are split over ranks, as one autograd function."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.dtensor_placements import (
    from_partial_sums,
    parts_of,
    with_entries_everywhere,
    with_placements_of,
)
from kldiv_xp.backends.torch.dtensor_row_attempts import derivative_functions, rows_function
from kldiv_xp.backends.torch.dtensor_row_blocks import WholeRows, filled_by_rows
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.saved_tensors import copied, keep, kept
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_rows import plain_derivatives
from kldiv_xp.core.programs import resolve_partial
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence


class SplitRows(torch.autograd.Function):
    """Divergences of split rows as one node of the graph.

    torch's own derivative of the expression sends whole operands: CommDebugMode shows two
    all-gathers and four reduce-scatters.
    """

    @staticmethod
    def forward(ctx: Any, context: Context, divergence: Divergence, *arrays: Array) -> Array:
        """Divergence of every row."""
        keep(ctx, arrays)
        ctx.options = context, divergence
        xp = WholeRows(context.xp, arrays[0])
        parts = parts_of(arrays)
        rows = parts[0].new_empty(parts[0].shape[:-1], dtype=context.working)
        function = partial(rows_function(divergence, parts), xp)
        (rows,) = filled_by_rows([rows], [function], context, arrays[0], parts)
        return from_partial_sums(arrays[0], rows, (arrays[0].ndim - 1,), summed=True)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression if differentiated again."""
        arrays = kept(ctx)
        context, divergence = ctx.options
        wanted = ctx.needs_input_grad[2:4]
        upstream = resolve_partial(upstream).unsqueeze(-1)
        function = derivatives_of_parts
        if is_differentiated(*arrays, upstream):
            function, (upstream,) = plain_derivatives, copied((upstream,))
            arrays = with_entries_everywhere(copied(arrays))
        derivatives = function(context, arrays, divergence, upstream, wanted)
        return None, None, *derivatives, *[None for _ in arrays[2:]]


def derivatives_of_parts(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, as DTensors."""
    *here, above = parts_of((*arrays, upstream))
    derivatives = scaled_derivatives_of_parts(
        arrays[0], context, tuple(here), divergence, Scale(), (above,), wanted
    )
    by_input, by_target = (
        None if derivative is None else with_placements_of(one, derivative)
        for one, derivative in zip(arrays[:2], derivatives, strict=True)
    )
    return by_input, by_target


def scaled_derivatives_of_parts(
    operand: Array,
    context: Context,
    here: Arrays,
    divergence: Divergence,
    scale: Scale,
    above: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients of the local shards, times a scale and any cotangent."""
    xp = WholeRows(context.xp, operand)
    every = (*here, *above)
    functions = derivative_functions(divergence, scale, len(here), every)
    by_input, by_target = (
        filled_by_rows([torch.empty_like(one)], [partial(function, xp)], context, operand, every)[0]
        if want
        else None
        for function, one, want in zip(functions, here[:2], wanted, strict=True)
    )
    return by_input, by_target


def rows_with_derivatives_of_parts(
    operand: Array,
    context: Context,
    here: Arrays,
    divergence: Divergence,
    scale: Scale,
    above: Arrays,
) -> list[Array]:
    """Divergences of the rows before the gradients of the local shards, block by block."""
    xp, every = WholeRows(context.xp, operand), (*here, *above)
    rows = rows_function(divergence, every)

    def rows_alone(*parts: Array) -> Array:
        return rows(xp, *parts[: len(here)])

    derivatives = derivative_functions(divergence, scale, len(here), every)
    results = [here[0].new_empty(here[0].shape[:-1], dtype=context.working)]
    results += [torch.empty_like(one) for one in here[:2]]
    functions: list[Callable[..., Array]] = [rows_alone]
    functions += [partial(one, xp) for one in derivatives]
    return filled_by_rows(results, functions, context, operand, every)
