"""Losses with the same bits, of arrays of NumPy: blocks in the cache, and threads, in any order."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import (
    Wanted,
    completed,
    factor_of,
    largest,
    rounding_to,
    scaled_slope,
    terms,
)
from kldiv_xp.core.namespaces import namespace_of, sample_mask_shape
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import Rounding, rounded
from kldiv_xp.formula.reproducible_sums import Steps, Sums, integers, steps_of, sums_of
from kldiv_xp.host.blocks import Index, blocks, order_of_memory
from kldiv_xp.host.sharing import share
from kldiv_xp.host.threads import check_setting, thread_count

Threads = Callable[[], int]

# Blocks of float64, of which a term takes about ten.
BLOCK = 1 << 14


def value(arrays: Arrays, wanted: Wanted, divisor: Any) -> Array:
    """Terms, or their sums over a number or an array of numbers, rounded once."""
    xp = namespace_of(arrays[0])
    if wanted.axis == ():
        result = xp.empty(arrays[0].shape, dtype=wanted.rounding.dtype)
        fill(xp, partial(rounded_terms, wanted), arrays, result, thread_count)
        return result
    return xp.asarray(sums_over(xp, arrays, wanted, divisor, thread_count))


def slopes(
    arrays: Arrays, wanted: Wanted, divisor: Any, upstream: Any, places: tuple[bool, bool]
) -> tuple[Array | None, Array | None]:
    """Derivatives with respect to the operands in these places, times a cotangent."""
    xp = namespace_of(arrays[0])
    results: list[Array | None] = [None, None]
    for place in (0, 1):
        if places[place]:
            rounding = rounding_to(xp, native(arrays[place].dtype))
            result = xp.empty(arrays[place].shape, dtype=rounding.dtype)
            ask = wanted, divisor, upstream, rounding
            fill_slope(xp, arrays, ask, place, result, thread_count)
            results[place] = result
    return results[0], results[1]


def rounded_terms(wanted: Wanted, xp: Namespace, *arrays: Array) -> Array:
    """Terms in the type of the result."""
    return rounded(xp, terms(xp, wanted.form, *arrays), wanted.rounding)


def fill_slope(
    xp: Namespace,
    arrays: Arrays,
    ask: tuple[Wanted, Any, Any, Rounding],
    place: int,
    result: Array,
    threads: Threads,
) -> None:
    """Write the derivative with respect to one operand into `result`."""
    wanted, divisor, upstream, rounding = ask
    with xp.errstate(all="ignore"):
        factor = factor_of(xp, xp.empty(0), wanted, arrays[0].shape, divisor, upstream)
    function = partial(scaled_slope, place, wanted.form, rounding)
    fill(xp, function, (*arrays, factor), result, threads)


def fill(
    xp: Namespace,
    function: Callable[..., Array],
    operands: Arrays,
    result: Array,
    threads: Threads,
) -> None:
    """Write what a function of blocks returns into `result`."""
    indices = blocks(result.shape, BLOCK)

    def write(job: int) -> None:
        result[indices[job]] = function(xp, *cut(operands, indices[job]))

    each(xp, write, len(indices), threads)


def cut(operands: Arrays, index: Index) -> list[Array]:
    """Blocks of operands; a number goes with every block."""
    return [one[(*index, ...)] if one.ndim else one[...] for one in operands]


def each(xp: Namespace, function: Callable[[int], None], jobs: int, threads: Threads) -> None:
    """Call a function of every job, in threads."""
    check_setting()

    def work(share_of_jobs: Iterator[int]) -> None:
        with xp.errstate(all="ignore"):
            for job in share_of_jobs:
                function(job)

    share(work, jobs, threads() if jobs > 1 else 1)


def bounds_of(arrays: Arrays, form: Form, axis: Axes) -> Arrays:
    """Bounds of the factors of terms, and the number of terms, for a part of the operands."""
    xp = namespace_of(arrays[0])
    ordered, kept = in_order(arrays, axis)
    bounds = bounds_over(xp, ordered, kept, form, thread_count)
    return tuple(restored(one, arrays[0].shape, axis) for one in bounds)


def sums_of_part(arrays: Arrays, form: Form, axis: Axes, bounds: Arrays) -> Sums:
    """Sums of the terms of a part of the operands, given the bounds of all parts."""
    xp, shape = namespace_of(arrays[0]), arrays[0].shape
    ordered, kept = in_order(arrays, axis)
    rows = ordered[0].shape[:kept]
    here = tuple(one.reshape(rows) for one in bounds)
    sums = integers_over(xp, ordered, kept, form, here, thread_count)
    return Sums(*(restored(one, shape, axis) for one in sums))


def restored(sums: Array, shape: tuple[int, ...], axis: Axes) -> Array:
    """Sums with the axes, of size 1, that were summed over."""
    return sums.reshape(sample_mask_shape(shape, axis))


def sums_over(
    xp: Namespace, arrays: Arrays, wanted: Wanted, divisor: Any, threads: Threads
) -> Array:
    """Sums of the terms over some axes or all, over the divisor, rounded once."""
    arrays, kept = in_order(arrays, wanted.axis)
    bounds = bounds_over(xp, arrays, kept, wanted.form, threads)
    sums = integers_over(xp, arrays, kept, wanted.form, bounds, threads)
    with xp.errstate(all="ignore"):
        return completed(xp, sums, bounds, divisor, wanted.rounding)


def in_order(arrays: Arrays, axis: Axes | None) -> tuple[Arrays, int]:
    """Arrays with the axes that are summed over at the end, and how many others there are."""
    ndim = arrays[0].ndim
    if axis is None or len(axis) == ndim:
        order = order_of_memory(arrays) if ndim > 1 else range(ndim)
        return tuple(one.transpose(order) for one in arrays), 0
    kept = tuple(place for place in range(ndim) if place not in axis)
    return tuple(one.transpose((*kept, *axis)) for one in arrays), len(kept)


def bounds_over(xp: Namespace, arrays: Arrays, kept: int, form: Form, threads: Threads) -> Arrays:
    """Bounds and numbers of terms for every place in the first axes."""
    rows, count = arrays[0].shape[:kept], math.prod(arrays[0].shape[kept:])
    most = xp.zeros(rows), xp.zeros(rows)
    look = partial(largest_of_block, xp, form)
    for index, found in by_blocks(xp, look, arrays, kept, threads):
        for so_far, one in zip(most, found, strict=True):
            so_far[index] = xp.maximum(so_far[index], one.reshape(so_far[index].shape))
    return (*most, xp.full(rows, float(count)))


def largest_of_block(xp: Namespace, form: Form, axis: Axes, *block: Array) -> Arrays:
    """Bounds of a block."""
    return largest(form, axis, xp, *block)[:2]


def integers_over(
    xp: Namespace, arrays: Arrays, kept: int, form: Form, bounds: Arrays, threads: Threads
) -> Sums:
    """Sums of the terms for every place in the first axes."""
    rows = arrays[0].shape[:kept]
    sums = Sums(xp.zeros(rows, dtype=xp.int64), xp.zeros(rows, dtype=xp.int64), xp.zeros(rows))
    with xp.errstate(all="ignore"):
        steps = steps_of(xp, *bounds)
        add = partial(added, xp, form)
        for index, found in by_blocks(xp, add, arrays, kept, threads, steps):
            for total, one in zip(sums, found, strict=True):
                total[index] += one.reshape(total[index].shape)
    return sums


def added(xp: Namespace, form: Form, axis: Axes, *operands: Array) -> Arrays:
    """Sums of the terms of a block, most of which have nothing but finite ones."""
    *block, power, units = operands
    steps, numbers = Steps(power, units), terms(xp, form, *block)
    if not math.isfinite(xp.sum(numbers)):
        return sums_of(xp, numbers, steps, axis)
    high, low = (xp.sum(one, axis=axis) for one in integers(xp, numbers, steps))
    return high, low, xp.zeros_like(high)


def by_blocks(
    xp: Namespace,
    function: Callable[..., Arrays],
    arrays: Arrays,
    kept: int,
    threads: Threads,
    of_rows: Arrays = (),
) -> Iterator[tuple[Any, Arrays]]:
    """What a function (axis, *blocks) finds, and the places in the first axes that it belongs to.

    The axes are those that are not kept; arrays of the rows are cut as these are.
    """
    indices = blocks(arrays[0].shape, BLOCK)
    found: list[Arrays] = [()] * len(indices)

    def look(job: int) -> None:
        index = indices[job]
        block = cut(arrays, index)
        rest = min(block[0].ndim, arrays[0].ndim - kept)
        axis = tuple(range(block[0].ndim - rest, block[0].ndim))
        here = [one[(*index[:kept], ...)] for one in of_rows]
        found[job] = function(axis, *block, *(one.reshape(one.shape + (1,) * rest) for one in here))

    each(xp, look, len(indices), threads)
    return zip([(*index[:kept], ...) for index in indices], found, strict=True)
