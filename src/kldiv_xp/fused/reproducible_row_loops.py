"""Rows of logits that have the same bits everywhere, by compiled loops."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.evaluate_reproducible_rows import Divergence
from kldiv_xp.formula.reproducible_operations import LARGEST_USUAL
from kldiv_xp.fused import reproducible_rows
from kldiv_xp.fused.buffers import HostBuffer, buffers_of
from kldiv_xp.fused.compiler import widens_float16
from kldiv_xp.fused.plans import Traced, rows_plan
from kldiv_xp.fused.reproducible_loops import REAL, one_thread, plain
from kldiv_xp.fused.running import address_of, addresses, layouts, run_plan
from kldiv_xp.tracing.losses import (
    ANY_TEMPERATURE,
    RESULTS,
    SYMBOL_NAMES,
    TEMPERATURE,
    TOTAL,
    UPSTREAM,
    any_temperature,
)

LONGEST_ROW = 1 << 18
"""Elements whose two integers float64 adds up exactly: each has 36 bits."""


def divergences(xp: Namespace, divergence: Divergence, operands: Sequence[Array]) -> Array | None:
    """Divergences of rows, NaN of those that are not ordinary; None where there are no loops."""
    shape = tuple(operands[0].shape)
    buffers = known(divergence, shape, operands)
    if buffers is None:
        return None
    result = xp.empty(shape[:-1])
    traced = Traced(reproducible_rows.divergences, (compiled_for(divergence),), (TEMPERATURE,))
    plan = rows_plan(traced, REAL, shape, SYMBOL_NAMES[:2], (), (TOTAL,), *layouts(buffers))
    numbers = (float(divergence.temperature),)
    run_plan(plan, [*addresses(buffers), address_of(result)], numbers, one_thread)
    return result


def fill_derivatives(
    divergence: Divergence,
    operands: Sequence[Array],
    factor: Array,
    results: Mapping[int, tuple[Any, Array]],
) -> bool:
    """Write derivatives, each rounded, into float32; whether there are loops that do."""
    shape = tuple(operands[0].shape)
    outputs = [one for _, one in results.values()]
    buffers = known(divergence, shape, (*operands, factor, *outputs))
    if buffers is None:
        return False
    asked = tuple((place, plain(rounding)) for place, (rounding, _) in results.items())
    traced = Traced(
        reproducible_rows.derivatives, (compiled_for(divergence), asked), (TEMPERATURE,)
    )
    names = tuple(RESULTS[place] for place in results)
    given = (*SYMBOL_NAMES[:2], UPSTREAM), names, ()
    plan = rows_plan(traced, REAL, shape, *given, *layouts(buffers))
    run_plan(plan, addresses(buffers), (float(divergence.temperature),), one_thread)
    return True


def compiled_for(divergence: Divergence) -> Divergence:
    """The divergence at the temperature that its code is compiled for, the same for all others."""
    return replace(divergence, temperature=any_temperature(divergence.temperature))


def known(
    divergence: Divergence, shape: tuple[int, ...], arrays: Sequence[Array]
) -> list[HostBuffer] | None:
    """Memory of arrays, None where there are no loops."""
    is_usual = any_temperature(divergence.temperature) in (1, ANY_TEMPERATURE)
    if not is_usual or divergence.temperature > LARGEST_USUAL:
        return None
    if not 0 < shape[-1] <= LONGEST_ROW:
        return None
    buffers = buffers_of(shape, arrays)
    is_narrow = buffers is not None and any(one.layout.dtype == "float16" for one in buffers)
    return None if is_narrow and not widens_float16() else buffers
