"""Split rows of logits in host memory: compiled loops over the whole shard of every rank."""

from collections.abc import Sequence
from typing import Any

import torch.distributed as dist

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.dtensor_host_rows import HostRows
from kldiv_xp.backends.torch.dtensor_row_blocks import of_every_row
from kldiv_xp.backends.torch.numpy_views import lent, numpy_namespace, numpy_type, threads
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.fused.choice import ROW_ELEMENTS_WORTH_IT, engine_for, engine_module

JOINED_BY = {"sum": dist.ReduceOp.SUM, "max": dist.ReduceOp.MAX}
"""Reduction over all ranks, by the kind of a number."""


def numbers_of_whole_rows(
    context: Context,
    operand: Array,
    divergence: Divergence,
    arrays: Arrays,
    above: Arrays,
    wanted: tuple[bool, bool, bool],
) -> Any:
    """Sums and maxima of whole rows that the results wanted by all ranks depend on.

    None, in every rank, if one has no such loops: they ask each other, since they meet in each sum.
    """
    xp, working = numpy_namespace(), numpy_type(context.working)
    rows, memory = HostRows(xp, operand), lent(*of_every_row(arrays, above))
    engine: Any = engine_for(operand.shape[-1], ROW_ELEMENTS_WORTH_IT)
    has_loops = engine is not None and engine.takes_split_rows(memory, working)
    flags = xp.asarray([has_loops, *wanted], dtype=xp.int8)
    all_have_loops, *all_want = rows.exchanged(flags, dist.ReduceOp.MIN).astype(bool).tolist()
    if not all_have_loops:
        return None

    def exchanged(numbers: Array, kind: str) -> Array:
        return rows.exchanged(numbers, JOINED_BY[kind])

    options = divergence, tuple(all_want), working, threads, exchanged
    return engine.numbers_of_rows(xp, memory[: len(arrays)], *options)


def fill_compiled_rows(
    results: Sequence[Array],
    places: Sequence[int | None],
    context: Context,
    numbers: Any,
    scale: Scale,
    arrays: Arrays,
    above: Arrays,
) -> None:
    """Write divergences of rows (None), and derivatives with respect to operands (0, 1)."""
    xp, working, count = numpy_namespace(), numpy_type(context.working), len(arrays)
    memory = lent(*of_every_row(arrays, above))
    by_place = dict(zip(places, lent(*results), strict=True))
    engine: Any = engine_module()
    written = [by_place.get(place) for place in (0, 1, None)]
    given = memory[:count], numbers, scale, memory[count:], written, working, threads
    with xp.errstate(all="ignore"):  # divergences may overflow their type
        engine.fill_split_rows(xp, *given)
