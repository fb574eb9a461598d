"""Sums of integers over blocks of NumPy's arrays, in the cache and in threads, in any order."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import largest, terms
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_sums import Steps, Sums, integers, steps_of, sums_of
from kldiv_xp.host.blocks import Index, blocks, order_of_memory
from kldiv_xp.host.sharing import share
from kldiv_xp.host.threads import check_setting

Threads = Callable[[], int]

# Elements of a block; a term takes about ten numbers of float64.
BLOCK = 1 << 14


def in_order(arrays: Arrays, axis: Axes | None) -> tuple[Arrays, int]:
    """Arrays with the axes that are summed over at the end, and how many others there are."""
    ndim = arrays[0].ndim
    if axis is None or len(axis) == ndim:
        order = tuple(order_of_memory(arrays)) if ndim > 1 else tuple(range(ndim))
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
    """Sums of the terms of a block; the usual block has finite terms alone."""
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
    """Results of a function (axis, *blocks), and their places in the first axes.

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
