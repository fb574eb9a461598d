"""Sums of integers over blocks of NumPy's arrays, in the cache and in threads, in any order."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.backends.numpy.reproducible.functions import Memory
from kldiv_xp.backends.numpy.reproducible.ordinary import as_noted, ordinary
from kldiv_xp.backends.numpy.reproducible.terms import SHIFT, largest, sums
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import steps_between, terms
from kldiv_xp.core.reproducible_bounds import LARGEST_LOG, LEAST_RATIO, least_weight
from kldiv_xp.core.reproducible_bounds import largest as largest_of
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_sums import Steps, Sums, sums_of
from kldiv_xp.fused.choice import engine_for
from kldiv_xp.host.blocks import Index, block_indices, order_of_memory
from kldiv_xp.host.sharing import share
from kldiv_xp.host.threads import check_setting

Threads = Callable[[], int]
Note = bool | None
"""Of a block whose numbers are ordinary as they are: whether p is 0 somewhere."""

Notes = Sequence[Note] | None
"""None where all that there is is ordinary as it is, which loops have found."""

# Elements of a block, for which there are twelve arrays: 2.0 times as long in blocks of 1 << 14.
BLOCK = 1 << 17


def in_order(arrays: Arrays, axis: Axes | None) -> tuple[Arrays, int]:
    """Arrays with the axes that are summed over at the end, and how many others there are."""
    ndim = arrays[0].ndim
    if axis is None or len(axis) == ndim:
        order = tuple(order_of_memory(arrays)) if ndim > 1 else tuple(range(ndim))
        return tuple(one.transpose(order) for one in arrays), 0
    kept = tuple(place for place in range(ndim) if place not in axis)
    return tuple(one.transpose((*kept, *axis)) for one in arrays), len(kept)


def bounds_over(
    xp: Namespace, arrays: Arrays, kept: int, form: Form, threads: Threads
) -> tuple[Arrays, Notes]:
    """Bounds and numbers of terms for every place in the first axes, and notes of the blocks."""
    shape, rows = arrays[0].shape, arrays[0].shape[:kept]
    most = xp.full(rows, least_weight(form)), xp.full(rows, LEAST_RATIO)
    count = xp.full(rows, float(math.prod(shape[kept:])))
    loops = loops_for(arrays)
    found = loops and loops.largest(xp, form, arrays, kept, threads)
    if found and found[1] <= LEAST_RATIO - LARGEST_LOG:
        return (xp.maximum(most[0], found[0].reshape(rows)), most[1], count), None
    notes: list[Note] = []
    look = partial(largest_of_block, form)
    for index, (*found, note) in by_blocks(xp, look, arrays, kept, threads):
        notes.append(note)
        for so_far, one in zip(most, found, strict=True):
            so_far[index] = xp.maximum(so_far[index], one.reshape(so_far[index].shape))
    return (*most, count), notes


def largest_of_block(
    form: Form, memory: Memory, axis: Axes, _: Note, *operands: Array
) -> tuple[Array, Array, Note]:
    """Bounds of a block, and a note of it."""
    block = ordinary(memory, form, *operands)
    note = block.has_zeros if block is not None and block.is_whole else None
    weight = None if block is None else largest(form, axis, operands[0].shape, block)
    if weight is None:
        return *largest_of(form, axis, memory.xp, *operands)[:2], note
    return weight, memory.xp.full(weight.shape, LEAST_RATIO), note


def loops_for(arrays: Arrays) -> Any:
    """Compiled loops for arrays without a mask, if they are large enough."""
    engine = engine_for(math.prod(arrays[0].shape)) if len(arrays) == 2 else None  # noqa: PLR2004
    return None if engine is None else engine.same_bits_loops


def integers_over(
    xp: Namespace,
    arrays: Arrays,
    kept: int,
    form: Form,
    bounds: Arrays,
    threads: Threads,
    notes: Notes = (),
) -> Sums:
    """Sums of the terms for every place in the first axes."""
    rows = arrays[0].shape[:kept]
    totals = Sums(xp.zeros(rows, dtype=xp.int64), xp.zeros(rows, dtype=xp.int64), xp.zeros(rows))
    with xp.errstate(all="ignore"):
        steps = steps_between(xp, form, bounds)
        if notes is None and steps.units.all():
            whole = SHIFT * (steps.power / steps.units)
            shifts = whole, whole / steps.units
            found = loops_for(arrays).sums(xp, form, arrays, shifts, threads)
            high, low = (one.reshape(rows) for one in found)
            return Sums(high, low, totals.odd)
        add = partial(added, form)
        for index, found in by_blocks(xp, add, arrays, kept, threads, steps, notes):
            for total, one in zip(totals, found, strict=True):
                total[index] += one.reshape(total[index].shape)
    return totals


def added(form: Form, memory: Memory, axis: Axes, note: Note, *operands: Array) -> Arrays:
    """Sums of the terms of a block."""
    *arrays, power, units = operands
    steps, block = Steps(power, units), None
    if units.all():
        block = as_noted(memory, note, *arrays) or ordinary(memory, form, *arrays)
    if block is None:
        return sums_of(memory.xp, terms(memory.xp, form, *arrays), steps, axis)
    high, low = sums(memory, form, block, power.size, steps)
    return high, low, memory.xp.zeros(power.size)


def by_blocks(
    xp: Namespace,
    function: Callable[..., Any],
    arrays: Arrays,
    kept: int,
    threads: Threads,
    of_rows: Arrays = (),
    notes: Notes = (),
) -> Iterator[tuple[Any, Any]]:
    """Results of a function (memory, axis, note, *blocks), and their places in the first axes.

    The axes are those that are not kept; arrays of the rows are cut as these are.
    """
    indices = block_indices(arrays[0].shape, BLOCK)
    found: list[Any] = [()] * len(indices)

    def look(memory: Memory, job: int) -> None:
        index, note = indices[job], notes[job] if notes else None
        is_for_loops = memory.loops is not None and note is not None
        block = cut(arrays, index, is_for_loops=is_for_loops)
        rest = min(block[0].ndim, arrays[0].ndim - kept)
        axis = tuple(range(block[0].ndim - rest, block[0].ndim))
        here = [one[(*index[:kept], ...)] for one in of_rows]
        here = [one.reshape(one.shape + (1,) * rest) for one in here]
        found[job] = function(memory, axis, note, *block, *here)

    each(xp, look, len(indices), math.prod(arrays[0].shape), threads)
    return zip([(*index[:kept], ...) for index in indices], found, strict=True)


def cut(operands: Arrays, index: Index, *, is_for_loops: bool = False) -> list[Array]:
    """Blocks of operands; a number goes with every block."""
    return [
        one.part((*index, ...))
        if is_for_loops and hasattr(one, "part")
        else (one[(*index, ...)] if one.ndim else one[...])
        for one in operands
    ]


def each(
    xp: Namespace, function: Callable[[Memory, int], None], jobs: int, size: int, threads: Threads
) -> None:
    """Call a function of every job, in threads; each has memory of its own."""
    check_setting()

    def work(share_of_jobs: Iterator[int]) -> None:
        memory = Memory(xp, size)
        with xp.errstate(all="ignore"):
            for job in share_of_jobs:
                function(memory, job)

    share(work, jobs, threads() if jobs > 1 else 1)
