"""The losses and their derivatives by kernels, on the arrays of a device that a library lends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import loss_kernels
from kldiv_xp.cuda.c_types import BYTES, TYPES, Operand
from kldiv_xp.cuda.loss_kernels import NAMES, RESULTS, TERMS, TOTAL, UPSTREAM
from kldiv_xp.cuda.strides_and_grid import (
    THREADS,
    THREADS_OF_STAGES,
    Buffer,
    Grid,
    Layout,
    grid_of,
    grid_of_stages,
    layout_of,
    layout_of_elements,
    width_of,
)
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence

ANY_TEMPERATURE = 2.0
"""In the place of each but 1, so that a schedule of temperatures compiles one kernel."""


@dataclass(frozen=True, slots=True)
class Device:
    """What the library of the arrays lends: their memory, and a way to run kernels on it.

    `launch` takes the text of a kernel, numbers of blocks and of threads, and arguments.
    """

    buffer: Callable[[Array], Buffer]
    empty: Callable[[tuple[int, ...], DType], Array]
    float64: DType
    launch: Callable[[str, int, int, Sequence[float]], None]


Buffers = dict[str, Buffer]


def terms(device: Device, context: Context, arrays: Arrays, form: Form) -> Array:
    """Every term."""
    result = device.empty(tuple(arrays[0].shape), context.dtype)
    inputs = buffers(device, NAMES, arrays)
    source = partial(loss_kernels.source_of_terms, form)
    fill(device, source, context, inputs, {TERMS: device.buffer(result)}, arrays[0].shape)
    return result


def slopes(
    device: Device,
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, all written in one pass."""
    results, inputs, outputs = gradient(device, arrays, upstream, wanted)
    source = partial(loss_kernels.source_of_slopes, form, len(arrays), wanted)
    numbers = (scale.number_at_hand(),)
    fill(device, source, context, inputs, outputs, arrays[0].shape, numbers)
    return results


def row_slopes(
    device: Device,
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives of divergences of rows of logits; `upstream` has an element for a row, or one."""
    results, inputs, outputs = gradient(device, arrays, upstream, wanted)
    source = partial(loss_kernels.source_of_row_slopes, any_of(divergence), len(arrays), wanted)
    numbers = (scale.number_at_hand(), float(divergence.temperature))
    by_rows(device, source, context, inputs, outputs, arrays[0].shape, numbers)
    return results


def gradient(
    device: Device, arrays: Arrays, upstream: Arrays, wanted: tuple[bool, bool]
) -> tuple[Gradient, Buffers, Buffers]:
    """New arrays for the derivatives that are wanted, and where all arrays lie."""
    by_input, by_target = (
        device.empty(tuple(operand.shape), operand.dtype) if want else None
        for operand, want in zip(arrays[:2], wanted, strict=True)
    )
    inputs = buffers(device, NAMES, arrays)
    inputs |= buffers(device, (UPSTREAM,), upstream, tuple(arrays[0].shape))
    outputs = {
        name: device.buffer(result)
        for name, result in zip(RESULTS, (by_input, by_target), strict=True)
        if result is not None
    }
    return (by_input, by_target), inputs, outputs


def sums(
    device: Device,
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes,
    parts: int | None,
) -> Array:
    """Sums of the terms over some axes, over the divisor, rounded once from float64."""
    shape = tuple(arrays[0].shape)
    kept = tuple(place for place in range(len(shape)) if place not in axis)
    result = device.empty(tuple(shape[place] for place in kept), context.dtype)
    total = {TOTAL: device.buffer(result)}
    inputs = buffers(device, NAMES, arrays)
    layout = layout_of(shape, kept, axis, strides_of(inputs))
    if not layout.rows:
        return result
    divisor = (1.0 if parts is None else float(parts),)
    width = width_of(layout, list(inputs.values()))
    grid = grid_of(layout, width, split=True)
    work = partial(
        run, device, partial(loss_kernels.source_of_sums, form), name_of(context.working)
    )
    if grid.pieces == 1:
        work(inputs, total, divisor, layout, grid, width)
        return result
    between = device.empty((layout.rows * grid.pieces,), device.float64)
    partial_sums = device.buffer(between)
    work(inputs, {TOTAL: partial_sums}, (1.0,), layout, grid, width)
    layout = layout_of((layout.rows, grid.pieces), (0,), (1,), [(grid.pieces, 1)])
    width = width_of(layout, [partial_sums])
    grid = grid_of(layout, width, split=False)
    source = loss_kernels.source_of_totals
    run(device, source, "float64", {"s": partial_sums}, total, divisor, layout, grid, width)
    return result


def divergences(device: Device, context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits, in the type that is computed in."""
    shape = tuple(arrays[0].shape)
    result = device.empty(shape[:-1], context.working)
    inputs = buffers(device, NAMES, arrays, shape)
    source = partial(loss_kernels.source_of_divergences, any_of(divergence))
    numbers = (1.0, float(divergence.temperature))
    by_rows(device, source, context, inputs, {TOTAL: device.buffer(result)}, shape, numbers)
    return result


def any_of(divergence: Divergence) -> Divergence:
    """Divergence whose kernel is that of this one."""
    if divergence.temperature == 1:
        return divergence
    return replace(divergence, temperature=ANY_TEMPERATURE)


def fill(
    device: Device,
    source: Callable[..., str],
    context: Context,
    inputs: Buffers,
    outputs: Buffers,
    shape: Sequence[int],
    numbers: Sequence[float] = (),
) -> None:
    """Write functions of each element into new arrays."""
    if not outputs or not prod(shape):
        return
    located = inputs | outputs
    layout = layout_of_elements(shape, strides_of(located))
    width = width_of(layout, list(located.values()))
    grid = grid_of(layout, width, split=True)
    run(device, source, name_of(context.working), inputs, outputs, numbers, layout, grid, width)


def by_rows(
    device: Device,
    source: Callable[..., str],
    context: Context,
    inputs: Buffers,
    outputs: Buffers,
    shape: Sequence[int],
    numbers: Sequence[float],
) -> None:
    """Run a kernel that reads rows, which lie along the last axis, more than once."""
    if not outputs or not prod(shape[:-1]):
        return
    located = inputs | {name: one for name, one in outputs.items() if name in RESULTS}
    *rows, last = range(len(shape))
    layout = layout_of(shape, tuple(rows), (last,), strides_of(located))
    width = width_of(layout, list(located.values()))
    bytes_of_row = layout.columns * sum(BYTES[one.dtype] for one in located.values())
    grid = grid_of_stages(layout, width, bytes_of_row)
    working = name_of(context.working)
    run(
        device, source, working, inputs, outputs, numbers, layout, grid, width, THREADS_OF_STAGES
    )  # fmt: skip


def run(
    device: Device,
    source: Callable[..., str],
    real: str,
    inputs: Buffers,
    outputs: Buffers,
    numbers: Sequence[float],
    layout: Layout,
    grid: Grid,
    width: int,
    threads: int = THREADS,
) -> None:
    """Launch the kernel of a text for these arrays."""
    has = [step != 0 for step in layout.steps]
    read = [
        Operand(name, one.dtype, in_rows)
        for (name, one), in_rows in zip(inputs.items(), has, strict=False)
    ]
    written = [Operand(*pair, pair[0] != TOTAL) for pair in dtypes_of(outputs)]
    ranks = len(layout.row_sizes), len(layout.group_sizes)
    text = source(real, tuple(read), tuple(written), ranks, width)
    addresses = [one.address for one in (inputs | outputs).values()]
    counts = [layout.rows, layout.groups, layout.columns, grid.pieces, grid.lanes]
    places = [
        *flat(layout.row_sizes, layout.row_strides),
        *flat(layout.group_sizes, layout.group_strides),
        *layout.steps,
    ]
    arguments = [*addresses, *map(float, numbers), *counts, *places]
    device.launch(text, grid.blocks, threads, arguments)


def flat(sizes: Sequence[int], strides: Sequence[Sequence[int]]) -> list[int]:
    """Arguments for the sizes of all axes but the first, and for the strides of each array."""
    return [*sizes[1:], *(step for each in strides for step in each)]


def buffers(
    device: Device, names: Sequence[str], arrays: Arrays, shape: Sequence[int] = ()
) -> Buffers:
    """Where arrays lie; one that is broadcast to a shape is read again and again."""
    return {
        name: broadcast(device.buffer(array), tuple(array.shape), shape or tuple(array.shape))
        for name, array in zip(names, arrays, strict=False)
    }


def broadcast(buffer: Buffer, shape: Sequence[int], wanted: Sequence[int]) -> Buffer:
    """The same memory under a shape of more elements; a number has no axis."""
    if tuple(shape) == tuple(wanted):
        return buffer
    steps = buffer.strides or (0,) * len(wanted)
    sizes = shape or (1,) * len(wanted)
    strides = tuple(0 if size == 1 else step for size, step in zip(sizes, steps, strict=True))
    return replace(buffer, strides=strides)


def dtypes_of(located: Buffers) -> list[tuple[str, str]]:
    """Name and dtype of each array."""
    return [(name, one.dtype) for name, one in located.items()]


def strides_of(located: Buffers) -> list[tuple[int, ...]]:
    """Strides of each array."""
    return [one.strides for one in located.values()]


def has_known_type(array: Array) -> bool:
    """Whether there are kernels for the dtype of an array."""
    return name_of(array.dtype) in TYPES


def name_of(dtype: DType) -> str:
    """Name of a dtype, without that of its library; some libraries have types for dtypes."""
    return dtype.__name__ if isinstance(dtype, type) else str(dtype).rpartition(".")[2]
