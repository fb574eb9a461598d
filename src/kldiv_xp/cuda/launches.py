"""Launches of kernels by the cached plans for the layout of their arrays."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.core.context import Context
from kldiv_xp.cuda import loss_kernels
from kldiv_xp.cuda.device_arrays import Device, dtype_name
from kldiv_xp.cuda.plans import Plan, pieces_of, places_of, sums_plan, totals_plan
from kldiv_xp.cuda.strides_and_grid import THREADS, DeviceBuffer
from kldiv_xp.tracing.losses import TOTAL


class Launch(NamedTuple):
    """A kernel launch to plan: its source function, working dtype, arrays by name and numbers."""

    source: tuple[Any, ...]
    """A function of `loss_kernels` and its arguments before those of the layout."""

    working: DType
    inputs: dict[str, DeviceBuffer]
    outputs: dict[str, DeviceBuffer]
    numbers: tuple[float, ...] = ()


def sums_in_pieces(
    device: Device,
    context: Context,
    shape: tuple[int, ...],
    axis: Axes,
    work: Launch,
    parts: int | None,
) -> Array:
    """Sums of a kernel over some axes, divided by the divisor, which is its first number.

    What it stores beside them is among its outputs.
    """
    kept = tuple(place for place in range(len(shape)) if place not in axis)
    result = device.empty(tuple(shape[place] for place in kept), context.dtype)
    total = {TOTAL: device.buffer(result)}
    divisor = 1.0 if parts is None else float(parts)
    pieces = pieces_of(shape, kept, axis, places_of(work.inputs | work.outputs))
    plan = partial(sums_plan, kept, axis)
    if pieces == 1:
        numbers = (divisor, *work.numbers)
        launch_planned(device, with_output(work, total, numbers), shape, plan)
        return result
    rows = prod(shape[place] for place in kept)
    between = device.empty((rows * pieces,), device.float64)
    partial_sums = device.buffer(between)
    numbers = (1.0, *work.numbers)
    launch_planned(device, with_output(work, {TOTAL: partial_sums}, numbers), shape, plan)
    of_pieces = {"s": replace(partial_sums, strides=(pieces, 1))}
    source = (loss_kernels.source_of_totals,)
    totals = Launch(source, work.working, of_pieces, total, (divisor,))
    launch_planned(device, totals, (rows, pieces), totals_plan)
    return result


def with_output(
    work: Launch, output: dict[str, DeviceBuffer], numbers: tuple[float, ...]
) -> Launch:
    """Launch that writes one output more, given all numbers."""
    return work._replace(outputs=work.outputs | output, numbers=numbers)


def launch_planned(
    device: Device, work: Launch, shape: tuple[int, ...], plan: Callable[..., Plan | None]
) -> None:
    """Launch a kernel with the cached plan for the layout of its arrays."""
    inputs, outputs = places_of(work.inputs), places_of(work.outputs)
    if not outputs:
        return
    found = plan(work.source, dtype_name(work.working), shape, inputs, outputs)
    if found is None:
        return
    addresses = [one.address for one in (*work.inputs.values(), *work.outputs.values())]
    arguments = [*addresses, *work.numbers, *found.counts]
    device.launch(found.text, found.blocks, THREADS, arguments)
