"""Losses that have the same bits everywhere, of ordinary numbers in a row, by compiled loops."""

from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import Rounding
from kldiv_xp.fused import reproducible
from kldiv_xp.fused.buffers import buffers_of
from kldiv_xp.fused.choice import ROW_WORTH_IT
from kldiv_xp.fused.plans import Traced, elements_plan, totals_plan
from kldiv_xp.fused.running import address_of, addresses, do, lying
from kldiv_xp.tracing.losses import NAMES, TERMS, UPSTREAM

REAL = "float64"


def fill_terms(form: Form, rounding: Rounding, x: Array, t: Array, result: Array) -> None:
    """Write every term."""
    fill(Traced(reproducible.terms, (form, plain(rounding))), NAMES[:2], (x, t, result))


def fill_slope(
    place: int, form: Form, rounding: Rounding, operands: tuple[Array, ...], result: Array
) -> None:
    """Write the derivative with respect to one operand; the last operand is a factor."""
    traced = Traced(reproducible.slope, (place, form, plain(rounding)))
    fill(traced, (*NAMES[:2], UPSTREAM), (*operands, result))


def plain(rounding: Rounding) -> Rounding:
    """What a kernel depends on."""
    return rounding._replace(dtype=None)


def fill(traced: Traced, names: tuple[str, ...], arrays: tuple[Array, ...]) -> None:
    """Write a function of arrays into the last of them."""
    shape = arrays[-1].shape
    buffers: Any = buffers_of(shape, arrays)
    plan = elements_plan(traced, REAL, shape, names, (TERMS,), *lying(buffers))
    do(plan, addresses(buffers), (), one_thread)


def sums(
    xp: Namespace, form: Form, x: Array, t: Array, whole: Array, part: Array
) -> tuple[Array, Array] | None:
    """Sums of rows of the two integers of each term, in their units; None of short rows."""
    if x.shape[1] < ROW_WORTH_IT:
        return None
    buffers: Any = buffers_of(x.shape, (x, t, whole, part))
    names, totals = (*NAMES[:2], "whole", "part"), ("high", "low")
    traced = Traced(reproducible.integers, (form,))
    plan = totals_plan(traced, REAL, x.shape, names, totals, *lying(buffers))
    partials = xp.empty((2, plan.jobs.rows, plan.jobs.pieces))
    do(plan, [*addresses(buffers), *map(address_of, partials)], (), one_thread)
    high, low = partials
    units = (high / (whole / reproducible.SHIFT), low / (part / reproducible.SHIFT))
    by_rows = (one.astype(xp.int64).sum(axis=1) for one in units)
    return next(by_rows), next(by_rows)


def one_thread() -> int:
    """Blocks are shared among threads, not what is in them."""
    return 1
