"""Rows of logits in arrays of NumPy: divergences and derivatives block by block, of whole rows."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import factors_of
from kldiv_xp.formula.log_probabilities import ONE_AFTER_THE_OTHER
from kldiv_xp.formula.logits import JS, Divergence
from kldiv_xp.host import block_loops
from kldiv_xp.host.row_attempts import by_rows
from kldiv_xp.host.threads import thread_count

Threads = Callable[[], int]


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergences of rows of logits, in the type that is computed in."""
    rows = rows_of(context.xp, arrays, divergence, context.working, thread_count)
    return context.xp.asarray(rows.astype(context.working, copy=False))


def rows_of(
    xp: Namespace, arrays: Arrays, divergence: Divergence, working: DType, threads: Threads
) -> Array:
    """Divergences of rows of logits; from a target that is given, in float64."""
    if isinstance(divergence, JS) or divergence.is_of_logits:
        function = partial(rows_of_block, xp, divergence)
        return block_loops.rows(xp, function, arrays, working, threads)
    attempts = [partial(factors_of, divergence, guard) for guard in ONE_AFTER_THE_OTHER]
    sums = block_loops.row_sums(xp, attempts, arrays, working, threads)
    with xp.errstate(all="ignore"):
        return divergence.times_square(xp, sums)


def rows_of_block(
    alone: Namespace,
    divergence: Divergence,
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
) -> Array:
    """Divergences of the rows of a block, 0 where the mask is False."""
    left = rows_selected(alone, input, where)
    rows = by_rows(divergence.attempts(None), alone, xp, left, input, target)
    return 0.0 if rows is None else rows[..., 0]


def slopes_of_block(
    alone: Namespace,
    divergence: Divergence,
    place: int,
    xp: Namespace,
    input: Array,
    target: Array,
    upstream: Array,
    where: Array | None = None,
) -> Array:
    """Derivative by an operand, of the rows of a block, times that of something by them."""
    left = rows_selected(alone, input, where)
    slope = by_rows(divergence.attempts(place), alone, xp, left, input, target)
    return alone.zeros_like(input) if slope is None else xp.multiply(slope, upstream)


def rows_selected(xp: Namespace, input: Array, where: Array | None) -> Array:
    """Mask of the rows of a block."""
    return xp.ones(input.shape[:-1], dtype=bool) if where is None else where[..., 0]
