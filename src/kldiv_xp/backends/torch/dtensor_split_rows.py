"""Divergences of rows of logits that are split over ranks, as one autograd function."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.torch.dtensor_host_rows import fill_host_rows, lie_on_host
from kldiv_xp.backends.torch.dtensor_placements import (
    from_partial_sums,
    has_split_rows,
    parts_of_rows,
    with_entries_everywhere,
    with_placements_of,
)
from kldiv_xp.backends.torch.dtensor_row_blocks import WholeRows, filled_by_rows
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.saved_tensors import copied, keep, kept
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_row_derivatives import row_derivatives
from kldiv_xp.core.evaluate_rows import plain_derivatives, rows_of
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
        options = arrays[0], context, parts_of_rows(arrays), divergence, Scale(), ()
        (rows,) = results_of_parts([None], *options)
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


def are_differentiated_apart(arrays: Arrays, upstream: Arrays) -> bool:
    """Whether autograd records what is done to split rows: it knows no derivative of all_reduce.

    Derivatives of the closed form were NaN, and nothing was said.
    """
    return has_split_rows(arrays[0]) and is_differentiated(*arrays, *upstream)


def derivatives_of_parts(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, as DTensors."""
    *here, above = parts_of_rows((*arrays, upstream))
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
    places = [place for place, want in enumerate(wanted) if want]
    found = iter(results_of_parts(places, operand, context, here, divergence, scale, above))
    by_input, by_target = (next(found) if want else None for want in wanted)
    return by_input, by_target


def results_of_parts(
    places: Sequence[int | None],
    operand: Array,
    context: Context,
    here: Arrays,
    divergence: Divergence,
    scale: Scale,
    above: Arrays,
) -> list[Array]:
    """Divergences of the shards' rows (None), and gradients with respect to operands (0, 1)."""
    every = (*here, *above)
    results = [
        here[0].new_empty(here[0].shape[:-1], dtype=context.working)
        if place is None
        else torch.empty_like(here[place])
        for place in places
    ]
    if lie_on_host(every):
        fill_host_rows(results, places, context, operand, divergence, scale, here, above)
        return results
    functions = [function_of(place, divergence, scale, len(here)) for place in places]
    xp = WholeRows(context.xp, operand)
    return filled_by_rows(results, [partial(one, xp) for one in functions], context, operand, every)


def function_of(
    place: int | None, divergence: Divergence, scale: Scale, count: int
) -> Callable[..., Array]:
    """Function (xp, *arrays, *upstream) to the divergences of rows, or to a derivative."""
    if place is not None:
        return row_derivatives(divergence, scale, count)[place]

    def rows_alone(xp: Namespace, *arrays: Array) -> Array:
        return rows_of(divergence, xp, *arrays[:count])

    return rows_alone
