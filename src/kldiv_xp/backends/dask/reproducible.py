"""Bitwise reproducible losses of Dask arrays: exact integer sums of the chunks."""

import math
from functools import partial
from typing import Any

import dask.array as da

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.backends.dask.chunks import aligned_blockwise, chunkwise, over_chunks
from kldiv_xp.backends.dask.reproducible_rows import chunk_backend, value_of_rows, whole_rows
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_reproducible import Wanted, completed, on_device
from kldiv_xp.core.evaluate_reproducible_rows import WantedRows
from kldiv_xp.core.shapes import spread
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_sums import Sums
from kldiv_xp.host.threads import thread_limit

# Codes that are added up: how many infinities there are of each sign, and how much NaN.
NEGATIVE, NOT_A_NUMBER = 2**20, 2**40


def value(arrays: Arrays, wanted: Wanted | WantedRows, divisor: Any) -> Array:
    """Terms, rows, or their sums divided by the divisor, lazily."""
    if isinstance(wanted, WantedRows):
        return value_of_rows(whole_rows(arrays), wanted, divisor)
    ndim, dtype = arrays[0].ndim, wanted.rounding.dtype
    if wanted.axis == ():
        return chunkwise(partial(reproducible_terms_of_chunk, wanted), *arrays, dtype=dtype)
    axis = tuple(range(ndim)) if wanted.axis is None else wanted.axis
    ones = dict.fromkeys(axis, 1)
    bounds = bounds_of(arrays, wanted.form, axis)
    function = partial(integers_of_chunk, wanted.form, axis, len(arrays))
    pairs = [part for one in (*arrays, *bounds) for part in (one, tuple(range(ndim)))]
    options = {"dtype": "int64", "adjust_chunks": ones}
    integers = aligned_blockwise(
        function, tuple(range(ndim + 1)), *pairs, new_axes={ndim: 3}, **options
    )
    total = over_chunks("sum", integers, axis=axis, keepdims=True)
    others = (divisor,) if isinstance(divisor, da.Array) else ()
    finish = partial(loss_of_sums, wanted, None if others else divisor)
    result = chunkwise(finish, *(total[..., k] for k in range(3)), *bounds, *others, dtype=dtype)
    return result[tuple(0 if place in axis else slice(None) for place in range(ndim))]


def bounds_of(arrays: Arrays, form: Form, axis: Axes) -> list[Array]:
    """The largest p and |log p| + |log q|, and the number of terms, with summed axes kept."""
    found = []
    for place, name in enumerate(("max", "max", "sum")):
        function = partial(bound_of_chunk, form, axis, place)
        ones = dict.fromkeys(axis, 1)
        of_chunks = chunkwise(function, *arrays, dtype="float64", adjust_chunks=ones)
        found.append(over_chunks(name, of_chunks, axis=axis, keepdims=True))
    return found


def bound_of_chunk(form: Form, axis: Axes, place: int, *arrays: Array) -> Array:
    """One of the three bounds, of a chunk."""
    with thread_limit(1):
        return chunk_backend(arrays[0]).bounds_of(arrays, form, axis)[place]


def reproducible_terms_of_chunk(wanted: Wanted, *arrays: Array) -> Array:
    """Terms of a chunk, in one thread: Dask runs chunks in threads of its own."""
    with thread_limit(1):
        return chunk_backend(arrays[0]).value(arrays, wanted, None)


def integers_of_chunk(form: Form, axis: Axes, count: int, *operands: Array) -> Array:
    """Integer sums of a chunk, with a last axis for high, low and code."""
    arrays, bounds = operands[:count], operands[count:]
    with thread_limit(1):
        sums = chunk_backend(arrays[0]).sums_of_part(arrays, form, axis, bounds)
    return on_device(stacked_sums, sums)


def stacked_sums(xp: Namespace, high: Array, low: Array, odd: Array) -> Array:
    """High and low integers stacked with a code for NaN and infinities."""
    code = xp.where(
        xp.isnan(odd), NOT_A_NUMBER, xp.where(odd > 0, 1, xp.where(odd < 0, NEGATIVE, 0))
    )
    return xp.stack([high, low, xp.astype(code, xp.int64)], axis=-1)


def loss_of_sums(wanted: Wanted, parts: int | None, *arrays: Array) -> Array:
    """Loss from the integer sums and the summed code."""
    return on_device(partial(completed_sums, wanted, parts), arrays)


def completed_sums(wanted: Wanted, parts: int | None, xp: Namespace, *arrays: Array) -> Array:
    """Loss from the integer sums and the summed code, in a namespace."""
    high, low, code, weight, ratio, count, *others = arrays
    minus, plus = (code // NEGATIVE) % NEGATIVE > 0, code % NEGATIVE > 0
    nan = (code >= NOT_A_NUMBER) | (plus & minus)
    none = xp.zeros_like(weight)
    odd = xp.where(nan, math.nan, xp.where(plus, math.inf, xp.where(minus, -math.inf, none)))
    sums, bounds = Sums(high, low, odd), (weight, ratio, count)
    divisor = others[0] if others else parts
    return completed(xp, sums, bounds, wanted, divisor)


def derivatives(
    arrays: Arrays, wanted: Any, divisor: Any, upstream: Any, places: tuple[bool, bool]
) -> Gradient:
    """Derivatives with respect to the wanted operands, lazily."""
    above: list[Any] = [upstream, divisor]
    if isinstance(wanted, WantedRows):
        arrays, of_terms = whole_rows(arrays), wanted
    else:
        of_terms = wanted._replace(axis=())
        if isinstance(upstream, da.Array) and wanted.axis:
            above[0] = spread(da, upstream, arrays[0].shape, wanted.axis)
    lazy = [isinstance(one, da.Array) for one in above]
    given = [None if is_lazy else one for one, is_lazy in zip(above, lazy, strict=True)]
    others = [one for one, is_lazy in zip(above, lazy, strict=True) if is_lazy]
    by_input, by_target = (
        chunkwise(
            partial(reproducible_derivative_of_chunk, place, of_terms, lazy, given, len(arrays)),
            *arrays,
            *others,
            dtype=native(arrays[place].dtype),
        )
        if want
        else None
        for place, want in enumerate(places)
    )
    return by_input, by_target


def reproducible_derivative_of_chunk(
    place: int, wanted: Any, lazy: list[bool], given: list[Any], count: int, *arrays: Array
) -> Array:
    """Derivative with respect to one operand of a chunk."""
    others = iter(arrays[count:])
    upstream, divisor = (
        next(others) if is_lazy else one for is_lazy, one in zip(lazy, given, strict=True)
    )
    places = (place == 0, place == 1)
    with thread_limit(1):
        return chunk_backend(arrays[0]).derivatives(
            arrays[:count], wanted, divisor, upstream, places
        )[place]
