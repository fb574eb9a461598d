"""Losses with the same bits, of arrays of NumPy, and of memory that others lend."""

from typing import Any

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.backends.numpy.reproducible import rows as numpy_reproducible_rows
from kldiv_xp.backends.numpy.reproducible.blocks import (
    Threads,
    bounds_over,
    in_order,
    integers_over,
)
from kldiv_xp.backends.numpy.reproducible.fill import Output, fill_derivatives, fill_terms
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import (
    Wanted,
    completed,
    rounding_to,
)
from kldiv_xp.core.evaluate_reproducible_rows import WantedRows
from kldiv_xp.core.namespaces import namespace_of, sample_mask_shape
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_sums import Sums
from kldiv_xp.host.threads import thread_count


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


def derivatives(
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
    write = numpy_reproducible_rows.fill_derivatives if is_of_rows else fill_derivatives
    write(xp, arrays, (wanted, divisor, upstream), outputs, thread_count)
    by_input, by_target = (outputs[place][1] if place in outputs else None for place in (0, 1))
    return by_input, by_target


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
