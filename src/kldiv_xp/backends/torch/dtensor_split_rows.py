"""Divergences of rows of logits that are split over ranks, as one autograd function."""

from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.dtensor_placements import (
    from_partial_sums,
    has_split_rows,
    parts_of_rows,
    with_entries_everywhere,
    with_placements_of,
)
from kldiv_xp.backends.torch.dtensor_row_results import (
    numbers_of_parts,
    results_from,
    results_of_parts,
)
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
    def forward(
        ctx: Any, context: Context, divergence: Divergence, is_learned: bool, *arrays: Array
    ) -> Array:
        """Divergence of every row; what derivatives need of whole rows is found beside it."""
        keep(ctx, arrays)
        ctx.options = context, divergence
        options = arrays[0], context, parts_of_rows(arrays), divergence
        learned = *ctx.needs_input_grad[3:5], True
        wanted = learned if is_learned and all(ctx.by_autograd) else (False, False, True)
        numbers = numbers_of_parts(*options, (), wanted)
        ctx.numbers = numbers if numbers is not None and numbers.wanted == learned else None
        (rows,) = results_from(numbers, [None], *options, Scale(), ())
        return from_partial_sums(arrays[0], rows, (arrays[0].ndim - 1,), summed=True)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression if differentiated again."""
        arrays = kept(ctx)
        context, divergence = ctx.options
        wanted = ctx.needs_input_grad[3:5]
        upstream = resolve_partial(upstream).unsqueeze(-1)
        function: Any = partial(derivatives_of_parts, ctx.numbers)
        if is_differentiated(*arrays, upstream):
            function, (upstream,) = plain_derivatives, copied((upstream,))
            arrays = with_entries_everywhere(copied(arrays))
        derivatives = function(context, arrays, divergence, upstream, wanted)
        return None, None, None, *derivatives, *[None for _ in arrays[2:]]


def divergences_of_split_rows(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row, which all ranks have."""
    rows: Array = SplitRows.apply(context, divergence, is_differentiated(*arrays), *arrays)
    return rows


def are_differentiated_apart(arrays: Arrays, upstream: Arrays) -> bool:
    """Whether autograd records what is done to split rows: it knows no derivative of all_reduce.

    Derivatives of the closed form were NaN, and nothing was said.
    """
    return has_split_rows(arrays[0]) and is_differentiated(*arrays, *upstream)


def derivatives_of_parts(
    numbers: Any,
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, as DTensors."""
    *here, above = parts_of_rows((*arrays, upstream))
    options = arrays[0], context, tuple(here), divergence, Scale(), (above,), wanted
    derivatives = scaled_derivatives_of_parts(*options, numbers)
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
    numbers: Any = None,
) -> Gradient:
    """Gradients of the local shards, times a scale and any cotangent."""
    places = [place for place, want in enumerate(wanted) if want]
    options = places, operand, context, here, divergence, scale, above
    found = iter(results_from(numbers, *options) if numbers else results_of_parts(*options))
    by_input, by_target = (next(found) if want else None for want in wanted)
    return by_input, by_target
