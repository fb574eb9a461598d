"""Losses with the same bits, of arrays of NumPy, and of memory that others lend."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.backends import numpy_reproducible_blocks, numpy_reproducible_rows
from kldiv_xp.backends import numpy_reproducible_terms as numpy_terms
from kldiv_xp.backends.numpy_reproducible_blocks import (
    Threads,
    bounds_over,
    cut,
    each,
    in_order,
    integers_over,
)
from kldiv_xp.backends.numpy_reproducible_functions import Memory
from kldiv_xp.backends.numpy_reproducible_ordinary import flat_operands, ordinary
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import (
    Wanted,
    completed,
    factor_of,
    rounding_to,
    scaled_slope,
    terms,
)
from kldiv_xp.core.evaluate_reproducible_rows import WantedRows
from kldiv_xp.core.namespaces import namespace_of, sample_mask_shape
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import Rounding, rounded
from kldiv_xp.formula.reproducible_sums import Sums
from kldiv_xp.host.blocks import blocks
from kldiv_xp.host.threads import thread_count

Output = tuple[Rounding, Any]
"""How a result is rounded, and the array that it is written into."""

TERMS = 0


def value(arrays: Arrays, wanted: Wanted | WantedRows, divisor: Any) -> Array:
    """Terms or rows, or their sums over a number or an array of numbers, rounded once."""
    xp = namespace_of(arrays[0])
    if isinstance(wanted, WantedRows):
        return numpy_reproducible_rows.value(xp, arrays, wanted, divisor, thread_count)
    if wanted.axis == ():
        result = xp.empty(arrays[0].shape, dtype=wanted.rounding.dtype)
        fill_terms(xp, arrays, wanted, result, thread_count)
        return result
    return xp.asarray(sums_over(xp, arrays, wanted, divisor, thread_count))


def slopes(
    arrays: Arrays, wanted: Any, divisor: Any, upstream: Any, places: tuple[bool, bool]
) -> tuple[Array | None, Array | None]:
    """Derivatives with respect to the operands in these places, times a cotangent."""
    xp = namespace_of(arrays[0])
    outputs: dict[int, Output] = {}
    for place in (0, 1):
        if places[place]:
            rounding = rounding_to(xp, native(arrays[place].dtype))
            outputs[place] = rounding, xp.empty(arrays[place].shape, dtype=rounding.dtype)
    is_of_rows = isinstance(wanted, WantedRows)
    write = numpy_reproducible_rows.fill_slopes if is_of_rows else fill_slopes
    write(xp, arrays, (wanted, divisor, upstream), outputs, thread_count)
    by_input, by_target = (outputs[place][1] if place in outputs else None for place in (0, 1))
    return by_input, by_target


def fill_terms(
    xp: Namespace, arrays: Arrays, wanted: Wanted, result: Array, threads: Threads
) -> None:
    """Write the terms into `result`."""
    fill(xp, partial(rounded_terms, wanted), arrays, {TERMS: result}, threads)


def rounded_terms(wanted: Wanted, memory: Memory, *arrays: Array) -> dict[int, Array]:
    """Terms of a block in the type of the result, or in float32 that holds them."""
    form, rounding = wanted.form, wanted.rounding
    x, t, *where = arrays
    if memory.may_try and x.size and not where:
        x, t = flat_operands(memory, x, t)
        result = numpy_terms.terms_by_loops(memory, form, rounding, x, t, looks=True)
        if memory.has_worked(result):
            return {TERMS: result}
    arrays = tuple(one[...] for one in arrays)
    block = ordinary(memory, form, *arrays)
    if block is None:
        return {TERMS: rounded(memory.xp, terms(memory.xp, form, *arrays), rounding)}
    return {TERMS: numpy_terms.rounded_terms(memory, form, rounding, block)}


def fill_slopes(
    xp: Namespace,
    arrays: Arrays,
    ask: tuple[Wanted, Any, Any],
    outputs: Mapping[int, Output],
    threads: Threads,
) -> None:
    """Write the derivatives with respect to operands, each with its rounding, into arrays."""
    wanted, divisor, upstream = ask
    with xp.errstate(all="ignore"):
        factor = factor_of(xp, xp.empty(0), wanted, arrays[0].shape, divisor, upstream)
    roundings = {place: rounding for place, (rounding, _) in outputs.items()}
    function = partial(rounded_slopes, wanted.form, roundings)
    fill(
        xp,
        function,
        (*arrays, factor),
        {place: one for place, (_, one) in outputs.items()},
        threads,
    )


def rounded_slopes(
    form: Form, roundings: Mapping[int, Rounding], memory: Memory, *arrays: Array
) -> dict[int, Array]:
    """The same of a block; the last array is a factor, or one for each term."""
    *operands, factor = arrays
    x, t, *where = operands
    if memory.may_try and x.size and not where:
        given = *flat_operands(memory, x, t), factor.reshape(-1) if factor.ndim else factor
        results = numpy_terms.slopes_by_loops(memory, form, roundings, given, looks=True)
        if memory.has_worked(*results.values()):
            return results
    operands = [one[...] for one in operands]
    block = ordinary(memory, form, *operands) if memory.xp.isfinite(factor).all() else None
    if block is None:
        return {
            place: scaled_slope(place, form, rounding, memory.xp, *operands, factor)
            for place, rounding in roundings.items()
        }
    factor = factor.reshape(-1) if factor.ndim else factor
    return numpy_terms.rounded_slopes(memory, form, block, factor, roundings)


def fill(
    xp: Namespace,
    function: Callable[..., Mapping[int, Array]],
    operands: Arrays,
    results: Mapping[int, Array],
    threads: Threads,
) -> None:
    """Write what a function (memory, *blocks) returns into `results`."""
    shape = operands[0].shape
    indices = blocks(shape, numpy_reproducible_blocks.BLOCK)

    def write(memory: Memory, job: int) -> None:
        index = indices[job]
        cuts = cut(operands, index, is_for_loops=memory.may_try)
        for place, found in function(memory, *cuts).items():
            results[place][index] = found.reshape(cuts[0].shape)

    each(xp, write, len(indices), math.prod(shape), threads)


def bounds_of(arrays: Arrays, form: Form, axis: Axes) -> Arrays:
    """Bounds of the factors of terms, and the number of terms, for a part of the operands."""
    xp = namespace_of(arrays[0])
    ordered, kept = in_order(arrays, axis)
    bounds, _ = bounds_over(xp, ordered, kept, form, thread_count)
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
    bounds, notes = bounds_over(xp, arrays, kept, wanted.form, threads)
    sums = integers_over(xp, arrays, kept, wanted.form, bounds, threads, notes)
    with xp.errstate(all="ignore"):
        return completed(xp, sums, bounds, wanted, divisor)
