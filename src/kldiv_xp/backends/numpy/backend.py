"""Arrays of NumPy: blocks in the cache, threads, and no guard that a block does not need."""

import math
from functools import partial

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.backends.numpy.linear import linear_gradient
from kldiv_xp.backends.numpy.loops import (
    Threads,
    attempts_at_sum,
    fill_many,
    fill_many_terms,
    sums_over,
    total_of_many,
)
from kldiv_xp.backends.numpy.rows import divergences, row_derivatives, sum_of_divergences
from kldiv_xp.backends.numpy.rows_with_derivatives import rows_with_derivatives
from kldiv_xp.backends.numpy.sparse import (
    sparse_divergences,
    sparse_gradient,
    sparse_with_gradient,
)
from kldiv_xp.backends.numpy.with_derivatives import with_derivatives
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient, chained
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form, derivative_of, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.fused.choice import FUSED_KEY
from kldiv_xp.host import inner_products
from kldiv_xp.host.block_loops import Attempt
from kldiv_xp.host.threads import ENVIRONMENT, THREADS_KEY, check_setting, thread_count

__all__ = ["divergences", "gradient", "linear_gradient", "loss", "row_derivatives"]
__all__ += ["rows_with_derivatives", "samples", "sparse_divergences", "sparse_gradient", "terms"]
__all__ += ["sparse_with_gradient", "sum_of_divergences", "with_derivatives"]


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
    return total(context.xp, arrays, form, context.working, thread_count, parts, context.dtype)


def gradient(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, each written in one pass."""
    results: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            dtype = native(arrays[place].dtype)
            results[place] = context.xp.empty(arrays[place].shape, dtype=dtype)
    given = results[0], results[1]
    rest = form, scale, upstream
    fill_derivatives(context.xp, arrays, *rest, given, context.working, thread_count)
    return given


def total(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    working: DType,
    threads: Threads,
    parts: int | None,
    dtype: DType,
) -> Array:
    """Sum of all terms over the divisor, NaN for the mean of nothing; an array of a type.

    Few terms go straight to the formula, and `vdot` adds them up in one piece.
    """
    value: float | None = None
    size = math.prod(arrays[0].shape)
    if size >= inner_products.LONGEST_PIECE or FUSED_KEY in ENVIRONMENT:
        value = total_of_many(xp, arrays, form, working, threads, size)
    with xp.errstate(all="ignore"):  # the sum may overflow its type, too
        if value is None:
            blocks = few(arrays, working)
            for attempt in attempts_at_sum(form):
                value = float(xp.vdot(*attempt(xp, *blocks)))
                if not math.isnan(value):
                    break
        if parts is not None:
            value = value / parts if parts else math.nan  # type: ignore[operator]
        return xp.array(value, dtype=dtype)


def fill_terms(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    result: Array,
    working: DType,
    threads: Threads,
) -> None:
    """Write every term into `result`; of few elements at once."""
    rest = form, result, working, threads
    are_many = math.prod(result.shape) >= inner_products.LONGEST_PIECE or FUSED_KEY in ENVIRONMENT
    if not (are_many and fill_many_terms(xp, arrays, *rest)):
        fill_few(xp, term_of(form), arrays, result, working)


def fill_derivatives(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    results: Gradient,
    working: DType,
    threads: Threads,
) -> None:
    """Write the derivatives that there are arrays for; of few elements at once."""
    if math.prod(arrays[0].shape) >= inner_products.LONGEST_PIECE or FUSED_KEY in ENVIRONMENT:
        rest = form, scale, upstream, results, working, threads
        if fill_many(xp, arrays, *rest):
            return
    for place, result in enumerate(results):
        if result is not None:
            derivative = partial(chained, derivative_of(form, place), scale, len(arrays))
            fill_few(xp, derivative, (*arrays, *upstream), result, working)


def fill_few(
    xp: Namespace, attempt: Attempt, operands: Arrays, result: Array, working: DType
) -> None:
    """Write what an attempt with a guard returns: without one, if all of that is finite."""
    with xp.errstate(all="ignore"):
        blocks = few(operands, working)
        values = attempt(xp, *blocks, guard=Guard.NONE)
        if not math.isfinite(xp.vdot(values, values)):
            values = attempt(xp, *blocks, guard=Guard.FULL)
        result[...] = values


def few(operands: Arrays, working: DType) -> list[Array]:
    """Operands of few elements in the type that is computed in; masks stay."""
    if THREADS_KEY in ENVIRONMENT:
        check_setting()
    blocks = []
    for operand in operands:
        block = operand[...]
        kept = block.dtype in (working, "bool")
        blocks.append(block if kept else block.astype(working))
    return blocks
