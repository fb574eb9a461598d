"""Rows of logits in arrays of NumPy: divergences block by block, of whole rows."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import pairs_of
from kldiv_xp.formula.log_probabilities import ONE_AFTER_THE_OTHER
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
