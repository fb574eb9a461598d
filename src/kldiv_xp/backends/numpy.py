"""Arrays of NumPy: blocks in the cache, threads, and no guard that a block does not need."""

import math
from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.backends.numpy_rows import divergences, row_slopes, rows_with_slopes
from kldiv_xp.backends.numpy_sparse import sparse_divergences
from kldiv_xp.backends.numpy_with_slopes import attempts_at_sum, with_slopes
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient, chained_slope
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.host import block_loops, inner_products
from kldiv_xp.host.blocks import order_of_memory
from kldiv_xp.host.threads import ENVIRONMENT, KEY, check_setting, thread_count

__all__ = ["divergences", "gradient", "loss", "row_slopes", "rows_with_slopes", "samples"]
__all__ += ["sparse_divergences", "terms", "with_slopes"]

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
    """Gradients with respect to the wanted operands, each written in one pass."""
    fill = partial(fill_slope, context.xp, arrays, form, scale, upstream)
    results: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            result = context.xp.empty(arrays[place].shape, dtype=native(arrays[place].dtype))
            results[place] = result
            fill(place, result, context.working, thread_count)
    return results[0], results[1]


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
    attempts = attempts_at_sum(form)
    size = math.prod(arrays[0].shape)
    if size >= inner_products.ROW:
        several = arrays[0].ndim > 1 and size > inner_products.ROW
        if several:
            order = order_of_memory(arrays)
            arrays = tuple(array.transpose(order) for array in arrays)
        value = block_loops.total(xp, attempts, arrays, working, threads)
    else:
        blocks = few(arrays, working)
        with xp.errstate(all="ignore"):
            for attempt in attempts:
                p, log_ratio = attempt(xp, *blocks)
                value = float(xp.vecdot(p.reshape(-1), log_ratio.reshape(-1)))
                if not math.isnan(value):
                    break
    if parts is None:
        return value
    return value / parts if parts else math.nan


def few(operands: Arrays, working: DType) -> list[Array]:
    """Operands of few elements in the type that is computed in; masks stay."""
    if KEY in ENVIRONMENT:
        check_setting()
    blocks = []
    for operand in operands:
        block = operand[...]
        kept = block.dtype in (working, "bool")
        blocks.append(block if kept else block.astype(working))
    return blocks


def sums_over(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    axis: Axes,
    working: DType,
    threads: Threads,
) -> Array:
    """Sums of the terms over some axes, in float64."""
    kept = tuple(place for place in range(arrays[0].ndim) if place not in axis)
    arrays = tuple(array.transpose((*kept, *axis)) for array in arrays)
    return block_loops.totals(xp, attempts_at_sum(form), arrays, len(kept), working, threads)


def fill_terms(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    result: Array,
    working: DType,
    threads: Threads,
) -> None:
    """Write every term into `result`."""
    attempts = [partial(term_of(form), guard=guard) for guard in (Guard.NONE, Guard.FULL)]
    block_loops.fill(xp, attempts, arrays, result, working, threads)


def fill_slope(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    place: int,
    result: Array,
    working: DType,
    threads: Threads,
) -> None:
    """Write the derivative with respect to one operand into `result`; of few elements at once."""
    slope = partial(chained_slope, place, form, scale, len(arrays))
    operands = (*arrays, *upstream)
    if math.prod(result.shape) >= inner_products.ROW:
        attempts = slope(Guard.NONE), slope(Guard.FULL)
        block_loops.fill(xp, attempts, operands, result, working, threads)
        return
    with xp.errstate(all="ignore"):
        blocks = few(operands, working)
        values = slope(Guard.NONE)(xp, *blocks)
        flat = values.reshape(-1)
        if not math.isfinite(xp.vecdot(flat, flat)):
            values = slope(Guard.FULL)(xp, *blocks)
        result[...] = values
