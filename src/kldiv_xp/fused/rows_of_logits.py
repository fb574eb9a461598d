"""Divergences of rows of logits and their derivatives, by compiled loops over whole rows."""

from collections.abc import Iterable, Sequence
from functools import cache

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.evaluate import Gradient
from kldiv_xp.core.evaluate_rows import WIDE_ROWS
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import KL, Divergence
from kldiv_xp.formula.near_look import WIDEST, WIDEST_MIXTURE
from kldiv_xp.fused.attempts import Rows, close_rows, missing_rows, no_rows, run_in_attempts
from kldiv_xp.fused.buffers import HostBuffer
from kldiv_xp.fused.kernel_arrays import kernel_arrays
from kldiv_xp.fused.plans import Traced, rows_plan
from kldiv_xp.fused.running import (
    address_of,
    addresses,
    buffers_with_loops,
    layouts,
    numpy_name,
)
from kldiv_xp.host.threads import Threads
from kldiv_xp.tracing import losses
from kldiv_xp.tracing.losses import any_of, numbers_of_temperature
from kldiv_xp.tracing.with_derivatives import row_and_derivatives


def divergences_of_rows(
    xp: Namespace,
    arrays: Sequence[Array],
    divergence: Divergence,
    working: DType,
    threads: Threads,
) -> Array | None:
    """Divergences of rows of logits, in float64; None for dtypes without loops."""
    shape = tuple(arrays[0].shape)
    buffers, real, is_wide = buffers_of_rows(xp, shape, arrays, divergence, working)
    if buffers is None:
        return None
    given, result = any_of(divergence), xp.empty(shape[:-1])
    layout = real, shape, losses.SYMBOL_NAMES[: len(arrays)], (), (losses.TOTAL,), *layouts(buffers)
    plans = {
        way: rows_plan(Traced(losses.divergences, (given, way), losses.NUMBERS), *layout)
        for way in ways_worth_it(given, None, is_wide)
    }
    places = [*addresses(buffers), address_of(result)]
    values = numbers_of_temperature(divergence.temperature, real)
    rows = rows_too_close(xp, arrays, divergence, plans), missing_rows(xp, [result[..., None]])
    run_in_attempts(list(plans.values()), places, values, *rows, threads)
    return result


def fill_row_derivatives(
    xp: Namespace,
    arrays: Sequence[Array],
    divergence: Divergence,
    scale: Scale,
    upstream: Sequence[Array],
    results: Gradient,
    working: DType,
    threads: Threads,
) -> bool:
    """Write the derivatives for which `results` has an array; False for dtypes without loops."""
    shape, wanted = tuple(arrays[0].shape), kernel_arrays(arrays, upstream, results)
    buffers, real, is_wide = buffers_of_rows(xp, shape, wanted.arrays, divergence, working)
    if buffers is None:
        return False
    given = any_of(divergence)
    options, numbers = (given, len(arrays), wanted.flags), (losses.FACTOR, *losses.NUMBERS)
    layout = real, shape, wanted.inputs, wanted.outputs, (), *layouts(buffers)
    plans = {
        way: rows_plan(Traced(losses.row_derivatives, (*options, way), numbers), *layout)
        for way in ways_worth_it(given, wanted.flags, is_wide)
    }
    values = scale.number_at_hand(), *numbers_of_temperature(divergence.temperature, real)
    rows = rows_too_close(xp, arrays, divergence, plans), missing_rows(xp, wanted.results)
    run_in_attempts(list(plans.values()), addresses(buffers), values, *rows, threads)
    return True


def fill_rows_with_derivatives(
    xp: Namespace,
    arrays: Sequence[Array],
    divergence: Divergence,
    scale: Scale,
    upstream: Sequence[Array],
    results: Gradient,
    working: DType,
    threads: Threads,
) -> Array | None:
    """Divergences of rows, as `divergences_of_rows`, while derivatives are written."""
    shape, wanted = tuple(arrays[0].shape), kernel_arrays(arrays, upstream, results)
    buffers, real, is_wide = buffers_of_rows(xp, shape, wanted.arrays, divergence, working)
    if buffers is None:
        return None
    given, rows = any_of(divergence), xp.empty(shape[:-1])
    layout = real, shape, wanted.inputs, wanted.outputs, (losses.TOTAL,), *layouts(buffers)
    options, numbers = (given, len(arrays), wanted.flags), (losses.FACTOR, *losses.NUMBERS)
    plans = {
        way: rows_plan(Traced(row_and_derivatives, (*options, way), numbers), *layout)
        for way in ways_worth_it(given, wanted.flags, is_wide)
    }
    places = [*addresses(buffers), address_of(rows)]
    values = scale.number_at_hand(), *numbers_of_temperature(divergence.temperature, real)
    missing = missing_rows(xp, [*wanted.results, rows[..., None]])
    close = rows_too_close(xp, arrays, divergence, plans)
    run_in_attempts(list(plans.values()), places, values, close, missing, threads)
    return rows


def rows_too_close(
    xp: Namespace, arrays: Sequence[Array], divergence: Divergence, ways: Iterable[int]
) -> Rows:
    """Function that flags rows which are not worth a try of the first computation."""
    if losses.FIRST not in ways:
        return no_rows(xp)
    widest = WIDEST if isinstance(divergence, KL) else WIDEST_MIXTURE
    return close_rows(xp, arrays, float(divergence.temperature), widest)


def buffers_of_rows(
    xp: Namespace,
    shape: tuple[int, ...],
    arrays: Sequence[Array],
    divergence: Divergence,
    working: DType,
) -> tuple[list[HostBuffer] | None, str, bool]:
    """Buffers, None without loops; the type that is computed in; whether it is widened."""
    if 0 in shape:
        return None, "", False
    if shape[-1] < WIDE_ROWS and divergence.is_of_logits and working == xp.float32:
        buffers = buffers_with_loops(shape, arrays, xp.float64)
        if buffers is not None:
            return buffers, "float64", True
    return buffers_with_loops(shape, arrays, working), numpy_name(working), False


@cache
def ways_worth_it(
    divergence: Divergence, wanted: tuple[bool, bool] | None, is_wide: bool
) -> list[int]:
    """Indices of the computations that are tried for a row, one after the other.

    In ns for an element: the first at KL takes 1.1, the general one 1.8; with both derivatives 3.2
    and 3.9.  At Jensen-Shannon the first takes 2.4, the general one 3.8 or more; with both
    derivatives the second takes 4.8, the general one 9.4, and the first is too often not enough.
    """
    if is_wide:
        return [losses.WIDE, losses.LAST]
    places = [None] if wanted is None else [place for place in (0, 1) if wanted[place]]
    ways = [divergence.ways(place) for place in places]
    if all(one[0] is one[-1] for one in ways):
        return [losses.LAST]
    is_kl = isinstance(divergence, KL)
    if wanted is None or (is_kl and wanted[0]):
        return [losses.FIRST, losses.LAST]
    return [losses.LAST] if is_kl else [losses.SECOND, losses.LAST]
