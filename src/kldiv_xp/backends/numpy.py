"""Arrays of NumPy: blocks in the cache, threads, and no guard that a block does not need."""

import math
from collections.abc import Callable
from functools import cache, partial

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.backends.numpy_rows import divergences, row_slopes
from kldiv_xp.backends.numpy_slopes import fill_slopes
from kldiv_xp.backends.numpy_sparse import sparse_divergences
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form, factors_of, guards_of, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.fused.choice import KEY as KEY_OF_FUSED
from kldiv_xp.fused.choice import ROW_WORTH_IT, engine_for
from kldiv_xp.host import block_loops, inner_products
from kldiv_xp.host.blocks import few, in_order_of_memory
from kldiv_xp.host.threads import ENVIRONMENT, thread_count

__all__ = ["divergences", "gradient", "loss", "row_slopes", "samples", "sparse_divergences"]
__all__ += ["terms"]

Threads = Callable[[], int]


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Every term, without a temporary of its size."""
    result = context.xp.empty(arrays[0].shape, dtype=context.dtype)
    fill_terms(context.xp, arrays, form, result, context.working, thread_count)
    return result


def samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes, rounded once from float64."""
    xp = context.xp
    sums = sums_over(xp, arrays, form, axis, context.working, thread_count)
    with xp.errstate(all="ignore"):  # they may overflow their type
        return sums.astype(context.dtype)


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor, rounded once from float64."""
    value = total(context.xp, arrays, form, context.working, thread_count, parts)
    with context.xp.errstate(all="ignore"):  # it may overflow its type
        return context.xp.asarray(value, dtype=context.dtype)


def gradient(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, each written in one pass."""
    results: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            dtype = native(arrays[place].dtype)
            results[place] = context.xp.empty(arrays[place].shape, dtype=dtype)
    given = results[0], results[1]
    rest = form, scale, upstream
    fill_slopes(context.xp, arrays, *rest, given, context.working, thread_count)
    return given


def total(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    working: DType,
    threads: Threads,
    parts: int | None = None,
) -> float:
    """Sum of all terms over the divisor, NaN for the mean of nothing.

    Few terms go straight to the formula: `dot` adds them up in one piece.
    """
    value: float | None = None
    size = math.prod(arrays[0].shape)
    if size >= inner_products.ROW or KEY_OF_FUSED in ENVIRONMENT:
        value = total_of_many(xp, arrays, form, working, threads, size)
    if value is None:
        blocks = few(arrays, working)
        with xp.errstate(all="ignore"):
            for attempt in attempts_at_sum(form):
                p, log_ratio = attempt(xp, *blocks)
                value = float(xp.vecdot(p.reshape(-1), log_ratio.reshape(-1)))
                if not math.isnan(value):
                    break
    if parts is None:
        return value  # type: ignore[return-value]
    return value / parts if parts else math.nan  # type: ignore[operator]


def total_of_many(
    xp: Namespace, arrays: Arrays, form: Form, working: DType, threads: Threads, size: int
) -> float | None:
    """Sum of all terms, by compiled loops or in blocks; None of few."""
    fused = engine_for(size)
    value: float | None = None
    if fused is not None:
        value = fused.total(xp, arrays, form, working, threads)
    if value is None and size >= inner_products.ROW:
        several = arrays[0].ndim > 1 and size > inner_products.ROW
        ordered = in_order_of_memory(arrays) if several else arrays
        value = block_loops.total(xp, attempts_at_sum(form), ordered, working, threads)
    return value


def sums_over(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    axis: Axes,
    working: DType,
    threads: Threads,
) -> Array:
    """Sums of the terms over some axes, in float64."""
    fused = engine_for(math.prod(arrays[0].shape[place] for place in axis), ROW_WORTH_IT)
    sums = None if fused is None else fused.sums_over(xp, arrays, form, axis, working, threads)
    if sums is not None:
        return sums
    kept = tuple(place for place in range(arrays[0].ndim) if place not in axis)
    arrays = tuple(array.transpose((*kept, *axis)) for array in arrays)
    return block_loops.totals(xp, attempts_at_sum(form), arrays, len(kept), working, threads)


@cache
def attempts_at_sum(form: Form) -> list[block_loops.Attempt]:
    """The factors with one guard after the other."""
    return [partial(factors_of(form), guard=guard) for guard in guards_of(form)]


def fill_terms(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    result: Array,
    working: DType,
    threads: Threads,
) -> None:
    """Write every term into `result`."""
    fused = engine_for(math.prod(result.shape))
    if fused is not None and fused.fill_terms(arrays, form, result, working, threads):
        return
    attempts = [partial(term_of(form), guard=guard) for guard in (Guard.NONE, Guard.FULL)]
    block_loops.fill(xp, attempts, arrays, result, working, threads)
