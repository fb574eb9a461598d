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
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import Rounding, rounded
from kldiv_xp.formula.reproducible_sums import Steps, Sums, integers, steps_of, sums_of
from kldiv_xp.host.blocks import Index, blocks, in_order_of_memory
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


def each(
    xp: Namespace, function: Callable[[int], None], jobs: int, threads: Threads
) -> None:
    """Call a function of every job, in threads."""
    check_setting()

    def work(share_of_jobs: Iterator[int]) -> None:
        with xp.errstate(all="ignore"):
            for job in share_of_jobs:
                function(job)

    share(work, jobs, threads() if jobs > 1 else 1)


def by_blocks(
    xp: Namespace,
    function: Callable[..., Any],
    arrays: Arrays,
    kept: int,
    threads: Threads,
    steps: Steps | None = None,
) -> Iterator[tuple[Index, Any]]:
    """What a function (axis, *blocks) finds, and the places of the first axes that it belongs to.

    The axes are those that are not kept. Steps, if there are any, are cut as their places are.
    """
    ndim = arrays[0].ndim
    indices = blocks(arrays[0].shape, BLOCK)
    found: list[Any] = [None] * len(indices)

    def look(job: int) -> None:
        index = indices[job]
        block = cut(arrays, index)
        rest = min(block[0].ndim, ndim - kept)
        axis = tuple(range(block[0].ndim - rest, block[0].ndim))
        here = None if steps is None else [widened(one[(*index[:kept], ...)], rest) for one in steps]
        given = () if here is None else (Steps(*here),)
        found[job] = function(*given, axis, *block)

    each(xp, look, len(indices), threads)
    return zip([(*index[:kept], ...) for index in indices], found, strict=True)


def widened(array: Array, axes: int) -> Array:
    """Array with some axes of size 1 at its end."""
    return array.reshape(array.shape + (1,) * axes)


def added(
    xp: Namespace, form: Form, steps: Steps, axis: Axes, *block: Array
) -> Sums | tuple[Array, Array, float]:
    """Sums of the terms of a block, most of which have nothing but finite ones."""
    numbers = terms(xp, form, *block)
    if not math.isfinite(xp.sum(numbers)):
        return sums_of(xp, numbers, steps, axis)
    high, low = integers(xp, numbers, steps)
    return xp.sum(high, axis=axis), xp.sum(low, axis=axis), 0.0


def sums_over(
    xp: Namespace, arrays: Arrays, wanted: Wanted, divisor: Any, threads: Threads
) -> Array:
    """Sums of the terms over some axes or all, over the divisor, rounded once."""
    arrays, kept = in_order(arrays, wanted.axis)
    rows, count = arrays[0].shape[:kept], math.prod(arrays[0].shape[kept:])
    most = xp.zeros(rows), xp.zeros(rows)
    look = partial(largest, xp, wanted.form)
    for index, found in by_blocks(xp, look, arrays, kept, threads):
        for left, right in zip(most, found, strict=True):
            left[index] = xp.maximum(left[index], right.reshape(left[index].shape))
    with xp.errstate(all="ignore"):
        steps = steps_of(xp, *most, float(count))
        sums = Sums(xp.zeros(rows, dtype=xp.int64), xp.zeros(rows, dtype=xp.int64), xp.zeros(rows))
        add = partial(added, xp, wanted.form)
        for index, found in by_blocks(xp, add, arrays, kept, threads, steps):
            for total, one in zip(sums, found, strict=True):
                total[index] += one
        return completed(xp, sums, steps, divisor, wanted.rounding)


def in_order(arrays: Arrays, axis: Axes | None) -> tuple[Arrays, int]:
    """Arrays with the axes that are summed over at the end, and how many others there are."""
    ndim = arrays[0].ndim
    if axis is None:
        return in_order_of_memory(arrays) if ndim > 1 else arrays, 0
    kept = tuple(place for place in range(ndim) if place not in axis)
    return tuple(one.transpose((*kept, *axis)) for one in arrays), len(kept)
