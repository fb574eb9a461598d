"""Losses and their gradients by compiled, multithreaded loops over host memory.

Every function answers None, or False, of arrays whose types have no loops.
"""

from collections.abc import Callable, Sequence
from typing import Any

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.core.evaluate import Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.fused import reproducible_loops, reproducible_row_loops
from kldiv_xp.fused.attempts import look_at, run_in_attempts
from kldiv_xp.fused.plans import Plan, Traced, elements_plan, rows_plan, sums_plan
from kldiv_xp.fused.running import (
    address_of,
    addresses,
    known_buffers,
    layouts,
    numpy_name,
    run_plan,
)
from kldiv_xp.host.threads import Threads
from kldiv_xp.tracing import losses
from kldiv_xp.tracing.losses import any_of

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
    names = losses.SYMBOL_NAMES[: len(arrays)], (losses.TOTAL,)
    given = traced, numpy_name(working), shape, (kept, axis), *names
    plan = sums_plan(*given, *layouts(buffers))
    pieces = plan.jobs.pieces
    partials = xp.empty((plan.jobs.rows, pieces))
    run_plan(plan, [*addresses(buffers), address_of(partials)], (), threads)
    with xp.errstate(all="ignore"):  # inf - inf
        sums = partials[:, 0] if pieces == 1 else xp.sum(partials, axis=1)
    return sums.reshape(tuple(shape[place] for place in kept))


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
    given = losses.derivatives, form, elements_plan, arrays, upstream, results
    return write_wanted(*given, (scale,), working, threads)


def divergences_of_rows(
    xp: Namespace,
    arrays: Sequence[Array],
    divergence: Divergence,
    working: DType,
    threads: Threads,
) -> Array | None:
    """Divergences of rows of logits, in float64."""
    shape = tuple(arrays[0].shape)
    buffers = known_buffers(shape, arrays, working)
    if buffers is None:
        return None
    names, result = losses.SYMBOL_NAMES[: len(arrays)], xp.empty(shape[:-1])
    given, numbers = any_of(divergence), (float(divergence.temperature),)
    ways = given.ways(None)
    plans = [
        rows_plan(
            Traced(losses.divergences, (given, way), (losses.TEMPERATURE,)),
            *(numpy_name(working), shape, names, (), *layouts(buffers)),
        )
        for way in ([0, losses.LAST] if ways[0] is not ways[-1] else [losses.LAST])
    ]
    places = [*addresses(buffers), address_of(result)]
    if len(plans) == 1:
        run_plan(plans[0], places, numbers, threads)
    else:
        look = look_at(xp, arrays, *numbers)
        run_in_attempts(plans, places, numbers, result.reshape(-1), look, threads)
    return result


def fill_row_derivatives(
    arrays: Sequence[Array],
    divergence: Divergence,
    scale: Scale,
    upstream: Sequence[Array],
    results: Gradient,
    working: DType,
    threads: Threads,
) -> bool:
    """Write the derivatives of the rows' divergences for which `results` has an array."""
    numbers = scale, divergence.temperature
    given = losses.row_derivatives, any_of(divergence), rows_plan, arrays, upstream, results
    return write_wanted(*given, numbers, working, threads)


def write_wanted(
    maker: Any,
    what: Form | Divergence,
    plan_of: Callable[..., Plan],
    arrays: Sequence[Array],
    upstream: Sequence[Array],
    results: Gradient,
    numbers: tuple[Any, ...],
    working: DType,
    threads: Threads,
) -> bool:
    """Write each derivative for which `results` has an array."""
    shape = tuple(arrays[0].shape)
    written = [
        (name, one) for name, one in zip(losses.RESULTS, results, strict=True) if one is not None
    ]
    outputs = [one for _, one in written]
    buffers = known_buffers(shape, (*arrays, *upstream, *outputs), working)
    if buffers is None:
        return False
    wanted = results[0] is not None, results[1] is not None
    scale, *others = numbers
    traced = Traced(
        maker, (what, len(arrays), wanted), (losses.FACTOR, losses.TEMPERATURE)[: len(numbers)]
    )
    names = (*losses.SYMBOL_NAMES[: len(arrays)], *(losses.UPSTREAM for _ in upstream))
    of_results = tuple(name for name, _ in written)
    plan = plan_of(traced, numpy_name(working), shape, names, of_results, *layouts(buffers))
    given = (scale.number_at_hand(), *map(float, others))
    run_plan(plan, addresses(buffers), given, threads)
    return True
