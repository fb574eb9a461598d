"""Losses and their gradients by compiled, multithreaded loops over host memory.

Every function answers None, or False, of arrays whose types have no loops.
"""

from collections.abc import Sequence

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.core.evaluate import Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form
from kldiv_xp.fused import reproducible_loops, reproducible_row_loops
from kldiv_xp.fused.buffers import HostBuffer
from kldiv_xp.fused.kernel_arrays import kernel_arrays
from kldiv_xp.fused.plans import Plan, Traced, elements_plan, sums_plan
from kldiv_xp.fused.rows_of_logits import (
    divergences_of_rows,
    fill_row_derivatives,
    fill_rows_with_derivatives,
)
from kldiv_xp.fused.running import (
    address_of,
    addresses,
    known_buffers,
    layouts,
    numpy_name,
    run_plan,
)
from kldiv_xp.fused.split_rows import fill_split_rows, numbers_of_rows, takes_split_rows
from kldiv_xp.host.threads import Threads
from kldiv_xp.tracing import losses
from kldiv_xp.tracing.with_derivatives import terms_with_derivatives

__all__ = [
    "divergences_of_rows",
    "fill_derivatives",
    "fill_row_derivatives",
    "fill_rows_with_derivatives",
    "fill_split_rows",
    "fill_terms",
    "fill_with_derivatives",
    "numbers_of_rows",
    "same_bits_loops",
    "same_bits_row_loops",
    "sum_of_terms",
    "sums_over",
    "takes_split_rows",
]

same_bits_loops, same_bits_row_loops = reproducible_loops, reproducible_row_loops
"""Loops of the bitwise reproducible losses, and of those of rows of logits."""


def sum_of_terms(
    xp: Namespace, arrays: Sequence[Array], form: Form, working: DType, threads: Threads
) -> float | None:
    """Sum of all terms, in float64."""
    every = tuple(range(len(arrays[0].shape)))
    sums = sums_over(xp, arrays, form, every, working, threads)
    return None if sums is None else float(sums[()])


def sums_over(
    xp: Namespace,
    arrays: Sequence[Array],
    form: Form,
    axis: Axes,
    working: DType,
    threads: Threads,
) -> Array | None:
    """Sums of the terms over some axes, in float64."""
    shape = tuple(arrays[0].shape)
    buffers = known_buffers(shape, arrays, working)
    if buffers is None:
        return None
    kept = tuple(place for place in range(len(shape)) if place not in axis)
    traced = Traced(losses.sums, (form,))
    names = losses.SYMBOL_NAMES[: len(arrays)], (), (losses.TOTAL,)
    given = traced, numpy_name(working), shape, (kept, axis), *names
    return sums_by(xp, sums_plan(*given, *layouts(buffers)), buffers, (), threads).reshape(
        tuple(shape[place] for place in kept)
    )


def sums_by(
    xp: Namespace,
    plan: Plan,
    buffers: Sequence[HostBuffer],
    numbers: Sequence[float],
    threads: Threads,
) -> Array:
    """Sums of the rows of a plan, in float64."""
    pieces = plan.jobs.pieces
    partials = xp.empty((plan.jobs.rows, pieces))
    run_plan(plan, [*addresses(buffers), address_of(partials)], numbers, threads)
    with xp.errstate(all="ignore"):  # inf - inf
        return partials[:, 0] if pieces == 1 else xp.sum(partials, axis=1)


def fill_terms(
    arrays: Sequence[Array], form: Form, result: Array, working: DType, threads: Threads
) -> bool:
    """Write the terms into `result`; False for dtypes without loops."""
    shape = tuple(result.shape)
    buffers = known_buffers(shape, (*arrays, result), working)
    if buffers is None:
        return False
    names = losses.SYMBOL_NAMES[: len(arrays)]
    traced = Traced(losses.terms, (form,))
    given = traced, numpy_name(working), shape, names, (losses.TERMS_OUTPUT,)
    plan = elements_plan(*given, *layouts(buffers))
    run_plan(plan, addresses(buffers), (), threads)
    return True


def fill_derivatives(
    arrays: Sequence[Array],
    form: Form,
    scale: Scale,
    upstream: Sequence[Array],
    results: Gradient,
    working: DType,
    threads: Threads,
) -> bool:
    """Write the derivatives for which `results` has an array, in one pass."""
    shape, wanted = tuple(arrays[0].shape), kernel_arrays(arrays, upstream, results)
    buffers = known_buffers(shape, wanted.arrays, working)
    if buffers is None:
        return False
    traced = Traced(losses.derivatives, (form, len(arrays), wanted.flags), (losses.FACTOR,))
    given = traced, numpy_name(working), shape, wanted.inputs, wanted.outputs
    plan = elements_plan(*given, *layouts(buffers))
    run_plan(plan, addresses(buffers), (scale.number_at_hand(),), threads)
    return True


def fill_with_derivatives(
    xp: Namespace,
    arrays: Sequence[Array],
    form: Form,
    axis: Axes | None,
    scale: Scale,
    upstream: Sequence[Array],
    results: Sequence[Array | None],
    working: DType,
    threads: Threads,
) -> Array | None:
    """Write both derivatives, and every term with axis (); else sums are returned."""
    terms, by_input, by_target = results
    shape, wanted = tuple(arrays[0].shape), kernel_arrays(arrays, upstream, (by_input, by_target))
    written = () if terms is None else (terms,)
    buffers = known_buffers(shape, (*wanted.arrays, *written), working)
    if buffers is None:
        return None
    options = form, len(arrays), terms is None
    traced = Traced(terms_with_derivatives, options, (losses.FACTOR,))
    given, numbers = (traced, numpy_name(working), shape), (scale.number_at_hand(),)
    if terms is not None:
        names = wanted.inputs, (*wanted.outputs, losses.TERMS_OUTPUT)
        plan = elements_plan(*given, *names, *layouts(buffers))
        run_plan(plan, addresses(buffers), numbers, threads)
        return terms
    kept = tuple(place for place in range(len(shape)) if axis and place not in axis)
    summed = tuple(place for place in range(len(shape)) if place not in kept)
    totals = wanted.inputs, wanted.outputs, (losses.TOTAL,)
    plan = sums_plan(*given, (kept, summed), *totals, *layouts(buffers))
    sums = sums_by(xp, plan, buffers, numbers, threads)
    return sums.reshape(tuple(shape[place] for place in kept)) if axis else float(sums[0])
