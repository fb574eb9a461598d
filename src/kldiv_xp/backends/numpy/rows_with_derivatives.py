"""Divergences of rows of logits with their derivatives: each block of the operands is read once."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.backends.numpy.row_forms import forms_at, has_factors
from kldiv_xp.backends.numpy.rows import (
    derivatives_of_block,
    fill_row_derivatives,
    rows_of,
    rows_of_block,
    times_square,
)
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_rows import factors_of
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.log_probabilities import ONE_AFTER_THE_OTHER
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.fused.choice import ROW_ELEMENTS_WORTH_IT, engine_for
from kldiv_xp.host import block_loops
from kldiv_xp.host.block_results import take_any, take_finite, take_row_sums
from kldiv_xp.host.blocks import cache_sized_blocks, empty_like
from kldiv_xp.host.threads import thread_count

Threads = Callable[[], int]


def rows_with_derivatives(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Any:
    """Divergences of rows, in the type that is computed in, before both derivatives."""
    xp, working = context.xp, context.working
    by_input, by_target = (empty_like(xp, one, native(one.dtype)) for one in arrays[:2])
    derivatives = by_input, by_target
    options = arrays, divergence, scale, upstream, derivatives, working, thread_count
    rows = fill_with_derivatives(xp, *options)
    return xp.asarray(rows.astype(working, copy=False)), *derivatives


def fill_with_derivatives(
    xp: Namespace,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    derivatives: Gradient,
    working: DType,
    threads: Threads,
) -> Array:
    """Divergences of rows; derivatives that there are arrays for are written.

    Each block of the operands is read once.
    """
    *shape, size = arrays[0].shape
    options = xp, arrays, divergence, scale, upstream, derivatives, working, threads
    fused = engine_for(size, ROW_ELEMENTS_WORTH_IT)
    if fused is not None:
        found = fused.fill_rows_with_derivatives(*options)
        if found is not None:
            return found
    forms, dtype = forms_at(xp, divergence, None, working, size)
    wanted = [place for place, result in enumerate(derivatives) if result is not None]
    of_derivatives = {place: forms_at(xp, divergence, place, working, size) for place in wanted}
    if any(other != dtype for _, other in of_derivatives.values()):
        fill_row_derivatives(*options)
        return rows_of(xp, arrays, divergence, working, threads)
    indices = cache_sized_blocks(xp, arrays[0].shape, dtype, len(shape))
    rows = xp.zeros(tuple(shape), dtype=xp.float64 if has_factors(divergence) else dtype)
    attempts: list[block_loops.Attempt] = [partial(rows_of_block, xp, forms)]
    take = take_any(indices, rows)
    if has_factors(divergence):
        attempts = [partial(factors_of, divergence, guard) for guard in ONE_AFTER_THE_OTHER]
        take = take_row_sums(xp, indices, size, rows)
    if upstream:
        attempts = block_loops.without_cotangents(attempts, len(arrays))
    works: list[block_loops.BlockWork] = [(attempts, take)]
    for place, (forms, _) in of_derivatives.items():
        function = partial(derivatives_of_block, xp, forms, scale, len(arrays))
        works.append(([function], take_finite(xp, indices, derivatives[place])))
    operands = (*arrays, *upstream)
    block_loops.each_block(xp, works, indices, operands, dtype, threads, whole_rows=True)
    return times_square(xp, divergence, rows)
