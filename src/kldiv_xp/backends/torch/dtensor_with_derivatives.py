"""Losses of torch's DTensors with their derivatives: every rank reads its shard once."""

from functools import partial
from typing import Any

from kldiv_xp._typing import Axes
from kldiv_xp.backends.torch.dtensor_placements import (
    context_of_parts,
    cotangent_parts,
    from_partial_sums,
    has_split_rows,
    parts_of,
    parts_of_rows,
    same_placements,
    with_placements_of,
)
from kldiv_xp.backends.torch.dtensor_row_results import results_of_parts
from kldiv_xp.backends.torch.dtensor_split_rows import are_differentiated_apart
from kldiv_xp.core.context import Context, unrounded
from kldiv_xp.core.evaluate import Arrays, evaluate_with_derivatives
from kldiv_xp.core.evaluate_row_derivatives import rows_with_derivatives_at_hand
from kldiv_xp.core.run import run
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence


def with_derivatives(
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    parts: int | None,
    scale: Scale,
    upstream: Arrays,
) -> Any:
    """Every term with axis (), else sums over the divisor, before both derivatives."""
    if not same_placements(*arrays[:2]):
        return NotImplemented
    here, above = parts_of(arrays), cotangent_parts(arrays[0], upstream)
    inner = context_of_parts(context, here)
    inner = inner if axis == () else unrounded(inner)
    value, *derivatives = evaluate_with_derivatives(inner, here, form, axis, None, scale, above)
    if axis == ():
        return [with_placements_of(arrays[0], one) for one in (value, *derivatives)]
    sums = from_partial_sums(arrays[0], value, axis or tuple(range(arrays[0].ndim)))
    loss = run(partial(divided, parts=parts), context.working, context.dtype, sums)
    return loss, *(with_placements_of(arrays[0], one) for one in derivatives)


def rows_with_derivatives(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Any:
    """Divergences of rows, in the type that is computed in, before both derivatives."""
    if not same_placements(*arrays[:2]) or are_differentiated_apart(arrays, upstream):
        return NotImplemented
    here, above = parts_of_rows(arrays), cotangent_parts(arrays[0], upstream, arrays[0].ndim - 1)
    split = has_split_rows(arrays[0])
    way: Any = rows_with_derivatives_at_hand
    if split:
        way = partial(results_of_parts, [None, 0, 1], arrays[0])
    inner = context_of_parts(context, here)
    rows, *derivatives = way(inner, here, divergence, scale, above)
    rows = from_partial_sums(arrays[0], rows, (arrays[0].ndim - 1,), summed=split)
    return rows, *(with_placements_of(arrays[0], one) for one in derivatives)
