"""Arrays of NumPy: blocks in the cache, threads, and no guard that a block does not need."""

import math
from collections.abc import Callable
from functools import cache, partial

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient, chained_slopes
from kldiv_xp.core.evaluate_rows import pairs_of
from kldiv_xp.core.namespaces import native
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.log_probabilities import ONE_AFTER_THE_OTHER, Guard, factors, pointwise
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.host import block_loops
from kldiv_xp.host.inner_products import ROW
from kldiv_xp.host.threads import thread_count

Threads = Callable[[], int]


def terms(context: Context, arrays: Arrays, log_target: bool) -> Array:
    """Every term, without a temporary of its size."""
    result = context.xp.empty(arrays[0].shape, dtype=context.dtype)
    fill_terms(context.xp, arrays, log_target, result, context.working, thread_count)
    return result


def samples(context: Context, arrays: Arrays, log_target: bool, axis: Axes) -> Array:
    """Sums of the terms over some axes, rounded once from float64."""
    xp = context.xp
    sums = sums_over(xp, arrays, log_target, axis, context.working, thread_count)
    with xp.errstate(all="ignore"):  # they may overflow their type
        return sums.astype(context.dtype)


def loss(context: Context, arrays: Arrays, log_target: bool, parts: int | None) -> Array:
    """Sum of all terms over the divisor, rounded once from float64."""
    xp = context.xp
    value = total(xp, arrays, log_target, context.working, thread_count)
    with xp.errstate(all="ignore"):  # it may overflow its type, and 0 may be divided by 0
        return xp.asarray(divided(xp, xp.float64(value), parts=parts), dtype=context.dtype)


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


def gradient(
    context: Context,
    arrays: Arrays,
    log_target: bool,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, each written in one pass."""
    xp = context.xp
    by_input, by_target = (
        xp.empty(operand.shape, dtype=native(operand.dtype)) if want else None
        for operand, want in zip(arrays[:2], wanted, strict=True)
    )
    results = (by_input, by_target)
    fill_slopes(xp, arrays, log_target, scale, upstream, results, context.working, thread_count)
    return results


def total(
    xp: Namespace, arrays: Arrays, log_target: bool, working: DType, threads: Threads
) -> float:
    """Sum of all terms."""
    if arrays[0].ndim > 1 and math.prod(arrays[0].shape) > ROW:
        arrays = in_order_of_memory(arrays)
    return block_loops.total(xp, attempts_at_sum(log_target), arrays, working, threads)


def in_order_of_memory(arrays: Arrays) -> Arrays:
    """The same with their axes in the order in which memory holds them, or most of them.

    Along the columns of a matrix that is stored by columns: 14 ms instead of 155.
    """
    strides = [sum(map(abs, steps)) for steps in zip(*(a.strides for a in arrays), strict=True)]
    order = sorted(range(len(strides)), key=strides.__getitem__, reverse=True)
    return tuple(array.transpose(order) for array in arrays)


def sums_over(
    xp: Namespace,
    arrays: Arrays,
    log_target: bool,
    axis: Axes,
    working: DType,
    threads: Threads,
) -> Array:
    """Sums of the terms over some axes, in float64."""
    kept = tuple(place for place in range(arrays[0].ndim) if place not in axis)
    arrays = tuple(array.transpose((*kept, *axis)) for array in arrays)
    return block_loops.totals(xp, attempts_at_sum(log_target), arrays, len(kept), working, threads)


@cache
def attempts_at_sum(log_target: bool) -> list[block_loops.Attempt]:
    """The factors with one guard after the other."""
    return [partial(factors, log_target=log_target, guard=guard) for guard in ONE_AFTER_THE_OTHER]


def fill_terms(
    xp: Namespace,
    arrays: Arrays,
    log_target: bool,
    result: Array,
    working: DType,
    threads: Threads,
) -> None:
    """Write every term into `result`."""
    attempts = [
        partial(pointwise, log_target=log_target, guard=guard) for guard in (Guard.NONE, Guard.FULL)
    ]
    block_loops.fill(xp, attempts, arrays, result, working, threads)


def fill_slopes(
    xp: Namespace,
    arrays: Arrays,
    log_target: bool,
    scale: Scale,
    upstream: Arrays,
    results: Arrays,
    working: DType,
    threads: Threads,
) -> None:
    """Write the derivatives of `chained_slopes` into those results that are there."""
    bare, full = (
        chained_slopes(log_target, scale, len(arrays), guard) for guard in (Guard.NONE, Guard.FULL)
    )
    for attempts, result in zip(zip(bare, full, strict=True), results, strict=True):
        if result is not None:
            block_loops.fill(xp, attempts, (*arrays, *upstream), result, working, threads)
