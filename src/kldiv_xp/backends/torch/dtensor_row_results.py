"""Results of split rows, by the way that all ranks have: loops over host memory, or torch's own."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.torch.dtensor_compiled_rows import (
    fill_compiled_rows,
    numbers_of_whole_rows,
)
from kldiv_xp.backends.torch.dtensor_host_rows import fill_host_rows, lie_on_host
from kldiv_xp.backends.torch.dtensor_row_blocks import WholeRows, filled_by_rows
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_row_derivatives import row_derivatives
from kldiv_xp.core.evaluate_rows import rows_of
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence


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
    wanted = 0 in places, 1 in places, None in places
    numbers = numbers_of_parts(operand, context, here, divergence, above, wanted)
    return results_from(numbers, places, operand, context, here, divergence, scale, above)


def numbers_of_parts(
    operand: Array,
    context: Context,
    here: Arrays,
    divergence: Divergence,
    above: Arrays,
    wanted: tuple[bool, bool, bool],
) -> Any:
    """Sums and maxima of whole rows for compiled loops; None without loops, or without rows."""
    if not lie_on_host((*here, *above)) or not any(wanted) or not here[0].shape[:-1].numel():
        return None
    return numbers_of_whole_rows(context, operand, divergence, here, above, wanted)


def results_from(
    numbers: Any,
    places: Sequence[int | None],
    operand: Array,
    context: Context,
    here: Arrays,
    divergence: Divergence,
    scale: Scale,
    above: Arrays,
) -> list[Array]:
    """The same, from sums and maxima of whole rows, or None without compiled loops."""
    every = (*here, *above)
    results = [
        here[0].new_empty(here[0].shape[:-1], dtype=context.working)
        if place is None
        else torch.empty_like(here[place])
        for place in places
    ]
    if lie_on_host(every):
        if numbers is None:
            fill_host_rows(results, places, context, operand, divergence, scale, here, above)
        else:
            fill_compiled_rows(results, places, context, numbers, scale, here, above)
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
