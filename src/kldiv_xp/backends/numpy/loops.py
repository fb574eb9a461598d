"""Many elements in arrays of NumPy: by compiled loops where there are some, else in blocks."""

import math
from collections.abc import Callable
from functools import cache, partial

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.core.evaluate import Arrays, Gradient, chained
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form, derivative_of, factors_of, guards_of, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.fused.choice import ROW_ELEMENTS_WORTH_IT, engine_for, engine_for_terms
from kldiv_xp.host import block_loops, inner_products
from kldiv_xp.host.blocks import order_of_memory

Threads = Callable[[], int]


def total_of_many(
    xp: Namespace, arrays: Arrays, form: Form, working: DType, threads: Threads, size: int
) -> float | None:
    """Sum of all terms, by compiled loops or in blocks; None of few."""
    fused = engine_for_terms(form, size)
    value: float | None = None
    if fused is not None:
        value = fused.sum_of_terms(xp, arrays, form, working, threads)
    if value is None and size >= inner_products.LONGEST_PIECE:
        several = arrays[0].ndim > 1 and size > inner_products.LONGEST_PIECE
        if several:
            order = order_of_memory(arrays)
            arrays = tuple(array.transpose(order) for array in arrays)
        value = block_loops.sum_products(xp, attempts_at_sum(form), arrays, working, threads)
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
    fused = engine_for(math.prod(arrays[0].shape[place] for place in axis), ROW_ELEMENTS_WORTH_IT)
    sums = None if fused is None else fused.sums_over(xp, arrays, form, axis, working, threads)
    if sums is not None:
        return sums
    kept = tuple(place for place in range(arrays[0].ndim) if place not in axis)
    arrays = tuple(array.transpose((*kept, *axis)) for array in arrays)
    return block_loops.sum_products_over(
        xp, attempts_at_sum(form), arrays, len(kept), working, threads
    )


@cache
def attempts_at_sum(form: Form) -> list[block_loops.Attempt]:
    """The factors with one guard after the other."""
    return [partial(factors_of(form), guard=guard) for guard in guards_of(form)]


def fill_many_terms(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    result: Array,
    working: DType,
    threads: Threads,
) -> bool:
    """Write terms by compiled loops or in blocks; False, and nothing is done, of few."""
    size = math.prod(result.shape)
    fused = engine_for_terms(form, size)
    if fused is not None and fused.fill_terms(arrays, form, result, working, threads):
        return True
    if size < inner_products.LONGEST_PIECE:
        return False
    attempts = [partial(term_of(form), guard=guard) for guard in (Guard.NONE, Guard.FULL)]
    block_loops.fill_blocks(xp, attempts, arrays, result, working, threads)
    return True


def fill_many(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    results: Gradient,
    working: DType,
    threads: Threads,
) -> bool:
    """The same by compiled loops or in blocks; False, and nothing is done, of few."""
    size = math.prod(arrays[0].shape)
    fused, rest = engine_for_terms(form, size), (form, scale, upstream)
    if fused is not None and fused.fill_derivatives(arrays, *rest, results, working, threads):
        return True
    if size < inner_products.LONGEST_PIECE:
        return False
    operands = (*arrays, *upstream)
    for place, result in enumerate(results):
        if result is not None:
            derivative = partial(chained, derivative_of(form, place), scale, len(arrays))
            attempts = [partial(derivative, guard=guard) for guard in (Guard.NONE, Guard.FULL)]
            block_loops.fill_blocks(xp, attempts, operands, result, working, threads)
    return True
