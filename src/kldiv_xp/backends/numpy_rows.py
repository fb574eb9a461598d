"""Rows of logits in arrays of NumPy: divergences block by block, of whole rows."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_row_slopes import row_slopes as slopes_of_rows
from kldiv_xp.core.evaluate_rows import pairs_of
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.log_probabilities import ONE_AFTER_THE_OTHER, Guard
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.host import block_loops
from kldiv_xp.host.threads import thread_count

Threads = Callable[[], int]


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergences of rows of logits, in the type that is computed in."""
    sums = sums_of_rows(context.xp, arrays, divergence, context.working, thread_count)
    return context.xp.asarray(sums.astype(context.working))


def sums_of_rows(
    xp: Namespace, arrays: Arrays, divergence: Divergence, working: DType, threads: Threads
) -> Array:
    """Divergences of rows of logits, in float64."""
    attempts = [partial(pairs_of, divergence, guard) for guard in ONE_AFTER_THE_OTHER]
    return block_loops.row_sums(xp, attempts, arrays, working, threads)


def row_slopes(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, each written in one pass."""
    results: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            result = context.xp.empty(arrays[place].shape, dtype=native(arrays[place].dtype))
            results[place] = result
            fill_row_slopes(
                context.xp,
                arrays,
                divergence,
                scale,
                upstream,
                place,
                result,
                context.working,
                thread_count,
            )
    return results[0], results[1]


def fill_row_slopes(
    xp: Namespace,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    place: int,
    result: Array,
    working: DType,
    threads: Threads,
) -> None:
    """Write the derivative by one operand into `result`, whole rows at a time."""
    attempts = [
        slopes_of_rows(divergence, scale, len(arrays), guard)[place]
        for guard in (Guard.NONE, Guard.FULL)
    ]
    kept = len(result.shape) - 1
    block_loops.fill(xp, attempts, (*arrays, *upstream), result, working, threads, kept)
