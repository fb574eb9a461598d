"""Losses that have the same bits everywhere, of ordinary numbers in a row, by compiled loops."""

from collections.abc import Mapping, Sequence
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import Rounding
from kldiv_xp.fused import reproducible
from kldiv_xp.fused.buffers import buffers_of
from kldiv_xp.fused.plans import Names, Traced, elements_plan, totals_plan
from kldiv_xp.fused.reproducible_functions import SHIFT
from kldiv_xp.fused.running import address_of, addresses, layouts, run_plan
from kldiv_xp.tracing.losses import RESULTS, SYMBOL_NAMES, TERMS_OUTPUT, UPSTREAM

REAL = "float64"

ROW_WORTH_IT = 1 << 10
"""Elements of a row from which its sum uses a loop; the bits are the same."""

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


def sums(
    xp: Namespace, form: Form, x: Array, t: Array, whole: Array, part: Array
) -> tuple[Array, Array] | None:
    """Sums of rows of the two integers of each term, in their units; None of short rows."""
    if x.shape[1] < ROW_WORTH_IT:
        return None
    arrays = whole, part, x, t
    buffers: Any = buffers_of(x.shape, arrays)
    names, totals = ("whole", "part", *SYMBOL_NAMES[:2]), ("high", "low")
    traced = Traced(reproducible.integers, (form,))
    plan = totals_plan(traced, REAL, x.shape, names, totals, *layouts(buffers))
    partials = xp.empty((2, plan.jobs.rows, plan.jobs.pieces))
    run_plan(plan, [*addresses(buffers), *map(address_of, partials)], (), one_thread)
    high, low = (
        (sums / (shift / SHIFT)).astype(xp.int64).sum(axis=1)
        for sums, shift in zip(partials, (whole, part), strict=True)
    )
    return high, low


def one_thread() -> int:
    """Blocks are shared among threads, not what is in them."""
    return 1
