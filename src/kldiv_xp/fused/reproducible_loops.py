"""Losses that have the same bits everywhere, of ordinary numbers in a row, by compiled loops."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import Rounding
from kldiv_xp.fused import reproducible
from kldiv_xp.fused.buffers import buffers_of
from kldiv_xp.fused.plans import Names, Traced, elements_plan, sums_plan
from kldiv_xp.fused.running import address_of, addresses, known_buffers, layouts, run_plan
from kldiv_xp.host.threads import Threads
from kldiv_xp.tracing.losses import RESULTS, SYMBOL_NAMES, TERMS_OUTPUT, UPSTREAM

REAL = "float64"

ROW_WORTH_IT = 1 << 10
"""Elements of a row from which it uses a loop; the bits are the same."""

Output = tuple[int, Rounding, Array]
"""Place of an operand, how its derivative is rounded, and where it is written."""


def fill_terms(
    form: Form, rounding: Rounding, looks: bool, x: Array, t: Array, result: Array
) -> None:
    """Write every term; NaN of what is not ordinary, if they are looked at."""
    traced = Traced(reproducible.terms, (form, plain(rounding), looks))
    fill(traced, SYMBOL_NAMES[:2], (x, t), {TERMS_OUTPUT: result})


def fill_derivatives(form: Form, looks: bool, operands: Any, results: Sequence[Output]) -> None:
    """Write derivatives with respect to operands, by the same rule; the last one is a factor."""
    asked = tuple((place, plain(rounding)) for place, rounding, _ in results)
    traced = Traced(reproducible.derivatives, (form, asked, looks))
    written = {RESULTS[place]: result for place, _, result in results}
    fill(traced, (*SYMBOL_NAMES[:2], UPSTREAM), operands, written)


def plain(rounding: Rounding) -> Rounding:
    """Rounding without its dtype, on which no kernel depends."""
    return rounding._replace(dtype=None)


def fill(
    traced: Traced, names: Names, arrays: Sequence[Array], results: Mapping[str, Array]
) -> None:
    """Write functions of arrays."""
    every = *arrays, *results.values()
    shape = every[-1].shape
    buffers: Any = buffers_of(shape, every)
    plan = elements_plan(traced, REAL, shape, names, tuple(results), *layouts(buffers))
    run_plan(plan, addresses(buffers), (), one_thread)


def largest(
    xp: Namespace, form: Form, operands: Sequence[Array], kept: int, threads: Threads
) -> tuple[Array, float] | None:
    """The largest target for every place in the first axes, and the largest input of all.

    That is infinite where an operand is not ordinary. There is no loop for short rows.
    """
    traced = Traced(reproducible.largest_operands, (form,))
    found = two_totals(xp, traced, "float32", SYMBOL_NAMES[:2], operands, kept, threads)
    if found is None:
        return None
    targets, inputs = found
    return targets.max(axis=1), float(inputs.max())


def sums(
    xp: Namespace,
    form: Form,
    operands: Sequence[Array],
    shifts: tuple[Array, Array],
    threads: Threads,
) -> tuple[Array, Array] | None:
    """Sums of the two integers of each term, given two shifts for every place in the first axes.

    They are modulo 2^64. There is no loop for short rows.
    """
    shape, kept = tuple(operands[0].shape), shifts[0].ndim
    ones = (1,) * (len(shape) - kept)
    arrays = *(one.reshape(one.shape + ones) for one in shifts), *operands
    traced, names = Traced(reproducible.integers, (form,)), ("whole", "part", *SYMBOL_NAMES[:2])
    found = two_totals(xp, traced, REAL, names, arrays, kept, threads)
    if found is None:
        return None
    high, low = (
        bits.view("int64").sum(axis=1) - shift.reshape(-1).view("int64") * prod(shape[kept:])
        for bits, shift in zip(found, shifts, strict=True)
    )
    return high, low


def two_totals(
    xp: Namespace,
    traced: Traced,
    real: str,
    names: Names,
    arrays: Sequence[Array],
    kept: int,
    threads: Threads,
) -> Array | None:
    """Two totals over the axes that are not kept, of every row and piece of it."""
    shape = tuple(arrays[-1].shape)
    if prod(shape[kept:]) < ROW_WORTH_IT:
        return None
    buffers: Any = known_buffers(shape, arrays, "float32")
    if buffers is None:
        return None
    axes = tuple(range(kept)), tuple(range(kept, len(shape)))
    written = (), ("first", "second")
    plan = sums_plan(traced, real, shape, axes, names, *written, *layouts(buffers))
    partials = xp.empty((2, plan.jobs.rows, plan.jobs.pieces))
    run_plan(plan, [*addresses(buffers), *map(address_of, partials)], (), threads)
    return partials


def one_thread() -> int:
    """Blocks are shared among threads, not what is in them."""
    return 1
