"""Losses with their derivatives on host memory: each block of the operands is read once."""

from collections.abc import Callable
from functools import partial
from math import nan, prod
from types import ModuleType
from typing import Any

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.backends.numpy.loops import attempts_at_sum
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, chained
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form, derivative_of, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.fused.choice import ROW_ELEMENTS_WORTH_IT, engine_for, engine_for_terms
from kldiv_xp.host.block_loops import BlockWork, added_partial_sums, each_block, without_cotangents
from kldiv_xp.host.block_results import take_finite, take_sum, take_sums_over
from kldiv_xp.host.blocks import cache_sized_blocks, order_of_memory
from kldiv_xp.host.inner_products import LONGEST_PIECE
from kldiv_xp.host.threads import thread_count

Threads = Callable[[], int]


def with_derivatives(
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    parts: int | None,
    scale: Scale,
    upstream: Arrays,
) -> Any:
    """Every term with axis (), else sums over the divisor, before both derivatives."""
    xp = context.xp
    if not is_faster(form, arrays[0].shape, axis):
        return NotImplemented
    terms = xp.empty(arrays[0].shape, dtype=context.dtype) if axis == () else None
    results = (terms, *(xp.empty(one.shape, dtype=native(one.dtype)) for one in arrays[:2]))
    options = arrays, form, axis, scale, upstream, results, context.working, thread_count
    value = fill_with_derivatives(xp, *options)
    if terms is not None:
        return results
    with xp.errstate(all="ignore"):  # it may overflow its type
        return xp.asarray(over(value, parts), dtype=context.dtype), *results[1:]


def is_faster(form: Form, shape: tuple[int, ...], axis: Axes | None) -> bool:
    """Whether this takes less time than the loss and the derivatives, one after the other."""
    elements = prod(shape)
    if engine_for_terms(form, elements) is None:
        return elements >= LONGEST_PIECE
    return elements > 0 and engine_of(form, shape, axis) is not None


def engine_of(form: Form, shape: tuple[int, ...], axis: Axes | None) -> ModuleType | None:
    """The engine module if its loops for loss and derivatives are one, else None.

    Sums down the columns of 512 x 32000 would store derivatives that lie apart: that took 3.8
    times as long.
    """
    fused = engine_for_terms(form, prod(shape))
    if fused is None or not axis:
        return fused
    if len(shape) - 1 not in axis:
        return None
    return engine_for(prod(shape[place] for place in axis), ROW_ELEMENTS_WORTH_IT)


def over(value: Array, parts: int | None) -> Array:
    """Sum over the divisor, NaN for the mean of nothing."""
    if parts is None:
        return value
    return value / parts if parts else nan


def fill_with_derivatives(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    scale: Scale,
    upstream: Arrays,
    results: Arrays,
    working: DType,
    threads: Threads,
) -> Array:
    """Write terms, if there is memory for them, and derivatives; else sums are returned."""
    fused = engine_of(form, arrays[0].shape, axis)
    if fused is not None:
        options = form, axis, scale, upstream, results, working, threads
        value = fused.fill_with_derivatives(xp, arrays, *options)
        if value is not None:
            return value
    ndim = arrays[0].ndim
    kept = tuple(place for place in range(ndim) if place not in (axis or ()))
    order = (*kept, *axis) if axis is not None else order_of_memory(arrays)
    arrays, upstream, results = (
        tuple(one.transpose(order) if one is not None and one.ndim else one for one in some)
        for some in (arrays, upstream, results)
    )
    shape = arrays[0].shape
    indices = cache_sized_blocks(xp, shape, working, None)
    partials: list[Any] = [0.0] * len(indices)
    bare_and_full = (Guard.NONE, Guard.FULL)
    attempts = attempts_at_sum(form)
    if axis is None:
        take = take_sum(xp, partials)
    elif axis:
        take = take_sums_over(xp, indices, len(kept), partials)
    else:
        attempts = [partial(term_of(form), guard=guard) for guard in bare_and_full]
        take = take_finite(xp, indices, results[0])
    works: list[BlockWork] = [(without_cotangents(attempts, len(arrays)), take)]
    for place, result in enumerate(results[1:]):
        derivative = partial(chained, derivative_of(form, place), scale, len(arrays))
        attempts = [partial(derivative, guard=guard) for guard in bare_and_full]
        works.append((attempts, take_finite(xp, indices, result)))
    each_block(xp, works, indices, (*arrays, *upstream), working, threads)
    return added_partial_sums(xp, indices, partials, shape[: len(kept)]) if axis else sum(partials)
