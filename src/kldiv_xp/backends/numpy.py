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
from kldiv_xp.fused.choice import ROW_WORTH_IT, engine_for
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
    results = new_gradient(context.xp, arrays, wanted)
    xp, working = context.xp, context.working
    fill_slopes(xp, arrays, form, scale, upstream, results, working, thread_count)
    return results


def total(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    working: DType,
    threads: Threads,
    parts: int | None = None,
) -> float:
    """Sum of all terms over the divisor, NaN for the mean of nothing."""
    fused = engine_for(math.prod(arrays[0].shape))
    value: float | None = None
    if fused is not None:
        value = fused.total(xp, arrays, form, working, threads)
    if value is None:
        value = sum_of(xp, arrays, form, working, threads)
    if parts is None:
        return value
    return value / parts if parts else math.nan


def sum_of(xp: Namespace, arrays: Arrays, form: Form, working: DType, threads: Threads) -> float:
    """Sum of all terms by NumPy.

    Few terms go straight to the formula: `dot` adds them up in one piece.
    """
    attempts = attempts_at_sum(form)
    size = math.prod(arrays[0].shape)
    if size >= inner_products.ROW:
        several = arrays[0].ndim > 1 and size > inner_products.ROW
        if several:
            order = order_of_memory(arrays)
            arrays = tuple(array.transpose(order) for array in arrays)
        return block_loops.total(xp, attempts, arrays, working, threads)
    blocks = few(arrays, working)
    with xp.errstate(all="ignore"):
        for attempt in attempts:
            p, log_ratio = attempt(xp, *blocks)
            value = float(xp.vecdot(p.reshape(-1), log_ratio.reshape(-1)))
            if not math.isnan(value):
                break
    return value


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
    fused = engine_for(math.prod(arrays[0].shape[place] for place in axis), ROW_WORTH_IT)
    sums = None if fused is None else fused.sums_over(xp, arrays, form, axis, working, threads)
    if sums is not None:
        return sums
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
    fused = engine_for(math.prod(result.shape))
    if fused is not None and fused.fill_terms(arrays, form, result, working, threads):
        return
    attempts = [partial(term_of(form), guard=guard) for guard in (Guard.NONE, Guard.FULL)]
    block_loops.fill(xp, attempts, arrays, result, working, threads)


def new_gradient(xp: Namespace, arrays: Arrays, wanted: tuple[bool, bool]) -> Gradient:
    """Arrays for the derivatives that are wanted."""
    by_input, by_target = (
        xp.empty(operand.shape, dtype=native(operand.dtype)) if want else None
        for operand, want in zip(arrays[:2], wanted, strict=True)
    )
    return by_input, by_target


def fill_slopes(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    results: Gradient,
    working: DType,
    threads: Threads,
) -> None:
    """Write the derivatives that there are arrays for."""
    fused = engine_for(math.prod(arrays[0].shape))
    rest = form, scale, upstream
    if fused is not None and fused.fill_slopes(arrays, *rest, results, working, threads):
        return
    for place, result in enumerate(results):
        if result is not None:
            fill_slope(xp, arrays, *rest, place, result, working, threads)


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
