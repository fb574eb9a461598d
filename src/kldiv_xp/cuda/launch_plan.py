"""The loss and its derivatives by kernels, on the arrays of a device that a library lends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda.c_types import TYPES, Operand
from kldiv_xp.cuda.loss_kernels import (
    NAMES,
    UPSTREAM,
    source_of_slopes,
    source_of_sums,
    source_of_terms,
)
from kldiv_xp.cuda.strides_and_grid import (
    Buffer,
    blocks_for,
    grid_of,
    in_order_of_memory,
    merged,
    part,
)
from kldiv_xp.formula.form import Form


@dataclass(frozen=True, slots=True)
class Device:
    """What the library of the arrays lends: their memory, and a way to run kernels on it.

    `launch` takes the text of kernels, the name of one, a number of blocks, and arguments.
    """

    buffer: Callable[[Array], Buffer]
    empty: Callable[[tuple[int, ...], DType], Array]
    float64: DType
    launch: Callable[[str, str, int, Sequence[float]], None]


def terms(device: Device, context: Context, arrays: Arrays, form: Form) -> Array:
    """Every term."""
    result = device.empty(tuple(arrays[0].shape), context.dtype)
    source = partial(source_of_terms, form)
    fill(device, source, context, arrays, NAMES, [result], 1.0)
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
    shape = tuple(arrays[0].shape)
    results: list[Array | None] = [
        device.empty(shape, operand.dtype) if want else None
        for operand, want in zip(arrays[:2], wanted, strict=True)
    ]
    written = [result for result in results if result is not None]
    names = (*NAMES[: len(arrays)], *(UPSTREAM for _ in upstream))
    source = partial(source_of_slopes, form, wanted)
    if written:
        fill(device, source, context, (*arrays, *upstream), names, written, scale.number_at_hand())
    return results[0], results[1]


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
    result = device.empty(part(kept, shape), context.dtype)
    rows, columns = prod(part(kept, shape)), prod(part(axis, shape))
    if not rows:
        return result
    inputs = [device.buffer(array) for array in arrays]
    strides = [one.strides for one in inputs]
    layouts = [
        merged(part(axes, shape), [part(axes, steps) for steps in strides])
        for axes in (kept, in_order_of_memory(axis, strides))
    ]
    source = source_of_sums(
        form,
        name_of(context.working),
        tuple(one.dtype for one in inputs),
        name_of(context.dtype),
        tuple(len(sizes) for sizes, _ in layouts),
    )
    pieces, lanes, blocks = grid_of(rows, columns)
    partial_sums = device.empty((rows * pieces,), device.float64)
    addresses = [one.address for one in inputs]
    between = device.buffer(partial_sums).address
    counts = [rows, columns, pieces, lanes]
    first = [*addresses, between, *counts, *(n for each in layouts for n in flat(*each))]
    device.launch(source, "sums_of_pieces", blocks, first)
    _, lanes, blocks = grid_of(rows, pieces)
    second = [
        between,
        device.buffer(result).address,
        rows,
        pieces,
        lanes,
        1.0 if parts is None else float(parts),
    ]
    device.launch(source, "totals", blocks, second)
    return result


def fill(
    device: Device,
    source: Callable[..., str],
    context: Context,
    arrays: Arrays,
    names: Sequence[str],
    results: Sequence[Array],
    factor: float,
) -> None:
    """Write functions of each element into new arrays."""
    shape = tuple(results[0].shape)
    if not prod(shape):
        return
    inputs = [device.buffer(array) for array in arrays]
    outputs = [device.buffer(result) for result in results]
    # A number as an array, an upstream derivative, is there for every element.
    strides = [one.strides or (0,) * len(shape) for one in (*inputs, *outputs)]
    sizes, steps = merged(shape, strides)
    text = source(
        name_of(context.working),
        tuple(map(Operand, names, (one.dtype for one in inputs))),
        tuple(one.dtype for one in outputs),
        len(sizes),
    )
    addresses = [one.address for one in (*inputs, *outputs)]
    arguments = [*addresses, float(factor), prod(shape), *flat(sizes, steps)]
    device.launch(text, "fill", blocks_for(prod(shape)), arguments)


def flat(sizes: Sequence[int], steps: Sequence[Sequence[int]]) -> list[int]:
    """Arguments for the sizes of all axes but the first, and for the strides of each array."""
    return [*sizes[1:], *(step for each in steps for step in each)]


def has_known_type(array: Array) -> bool:
    """Whether there are kernels for the dtype of an array."""
    return name_of(array.dtype) in TYPES


def name_of(dtype: DType) -> str:
    """Name of a dtype, without that of its library; some libraries have types for dtypes."""
    return dtype.__name__ if isinstance(dtype, type) else str(dtype).rpartition(".")[2]
