"""Losses and their gradients by compiled loops over host memory, thread by thread.

Every function answers None, or False, of arrays whose types have no loops.
"""

from collections.abc import Sequence

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.fused import reproducible_loops
from kldiv_xp.fused.attempts import do_in_attempts, look_at
from kldiv_xp.fused.gradients import Results, gradient_of
from kldiv_xp.fused.plans import Traced, elements_plan, rows_plan, sums_plan
from kldiv_xp.fused.running import Threads, address_of, addresses, do, known, lying, name_of
from kldiv_xp.tracing import losses
from kldiv_xp.tracing.losses import FACTOR, NAMES, TEMPERATURE, TERMS, any_of

reproducible = reproducible_loops
"""Losses that have the same bits everywhere."""


def total(
    xp: Namespace, arrays: Sequence[Array], form: Form, working: DType, threads: Threads
) -> float | None:
    """Sum of all terms."""
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
    buffers = known(shape, arrays, working)
    if buffers is None:
        return None
    kept = tuple(place for place in range(len(shape)) if place not in axis)
    traced = Traced(losses.sums, (form,))
    plan = sums_plan(traced, name_of(working), shape, kept, axis, *lying(buffers))
    pieces = plan.jobs.pieces
    partials = xp.empty((plan.jobs.rows, pieces))
    do(plan, [*addresses(buffers), address_of(partials)], (), threads)
    with xp.errstate(all="ignore"):  # inf - inf
        sums = partials[:, 0] if pieces == 1 else xp.sum(partials, axis=1)
    return sums.reshape(tuple(shape[place] for place in kept))


def fill_terms(
    arrays: Sequence[Array], form: Form, result: Array, working: DType, threads: Threads
) -> bool:
    """Write every term into `result`."""
    shape = tuple(result.shape)
    buffers = known(shape, (*arrays, result), working)
    if buffers is None:
        return False
    names = NAMES[: len(arrays)]
    traced = Traced(losses.terms, (form,))
    plan = elements_plan(traced, name_of(working), shape, names, (TERMS,), *lying(buffers))
    do(plan, addresses(buffers), (), threads)
    return True


def fill_slopes(
    arrays: Sequence[Array],
    form: Form,
    scale: Scale,
    upstream: Sequence[Array],
    results: Results,
    working: DType,
    threads: Threads,
) -> bool:
    """Write the derivatives that there are arrays for, all in one pass."""
    found = gradient_of(arrays, upstream, results, working)
    if found is None:
        return False
    plan = found.plan(elements_plan, losses.slopes, (form,), (FACTOR,))
    do(plan, addresses(found.buffers), (scale.number_at_hand(),), threads)
    return True


def rows_of(
    xp: Namespace,
    arrays: Sequence[Array],
    divergence: Divergence,
    working: DType,
    threads: Threads,
) -> Array | None:
    """Divergences of rows of logits, in float64."""
    shape = tuple(arrays[0].shape)
    buffers = known(shape, arrays, working)
    if buffers is None:
        return None
    names, result = NAMES[: len(arrays)], xp.empty(shape[:-1])
    given, numbers = any_of(divergence), (float(divergence.temperature),)
    plans = [
        rows_plan(
            Traced(losses.divergences, (given, way), (TEMPERATURE,)),
            *(name_of(working), shape, names, (), *lying(buffers)),
        )
        for way in ([0, losses.LAST] if len(given.ways(None)) > 1 else [losses.LAST])
    ]
    places = [*addresses(buffers), address_of(result)]
    if len(plans) == 1:
        do(plans[0], places, numbers, threads)
    else:
        look = look_at(xp, arrays, *numbers)
        do_in_attempts(plans, places, numbers, result.reshape(-1), look, threads)
    return result


def fill_row_slopes(
    arrays: Sequence[Array],
    divergence: Divergence,
    scale: Scale,
    upstream: Sequence[Array],
    results: Results,
    working: DType,
    threads: Threads,
) -> bool:
    """Write the derivatives of rows of logits that there are arrays for."""
    given = any_of(divergence)
    found = gradient_of(arrays, upstream, results, working)
    if found is None:
        return False
    numbers = scale.number_at_hand(), float(divergence.temperature)
    plan = found.plan(rows_plan, losses.row_slopes, (given,), (FACTOR, TEMPERATURE))
    do(plan, addresses(found.buffers), numbers, threads)
    return True
