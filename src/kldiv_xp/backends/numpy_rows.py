"""Rows of logits in arrays of NumPy: divergences block by block, of whole rows."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import factors_of, selected_rows
from kldiv_xp.formula.log_probabilities import ONE_AFTER_THE_OTHER
from kldiv_xp.formula.logits import KL, Divergence
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
    """Divergences of rows of logits; from a target that is given, in float64."""
    if not isinstance(divergence, KL) or divergence.is_of_logits:
        attempts = [partial(selected_rows, divergence, one) for one in divergence.attempts]
        return block_loops.rows(xp, attempts, arrays, working, threads)
    attempts = [partial(factors_of, divergence, guard) for guard in ONE_AFTER_THE_OTHER]
    sums = block_loops.row_sums(xp, attempts, arrays, working, threads)
    with xp.errstate(all="ignore"):
        return divergence.times_square(xp, sums)
