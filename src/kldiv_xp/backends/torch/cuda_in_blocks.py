"""CUDA tensors without a kernel compiler: the plain expression, block by block.

Each block's temporaries are small, and nothing waits for the device.
"""

from collections.abc import Callable, Iterator
from math import prod

import torch

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.core.context import Context, unrounded, without_backend
from kldiv_xp.core.evaluate import Arrays, Gradient, chained_derivatives, plain_sum
from kldiv_xp.core.evaluate_row_derivatives import evaluate_row_derivatives
from kldiv_xp.core.evaluate_rows import plain_rows
from kldiv_xp.core.run import run, wanted_derivatives
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.form import Form, term_of
from kldiv_xp.formula.logits import Divergence

CUDA_BLOCK_ELEMENTS = 1 << 22
"""Most elements of a block: 16 MiB per float32 temporary."""

Slices = tuple[slice, ...]


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Terms of the loss, elementwise."""
    function = term_of(form)
    return run_by_blocks(function, context.working, context.dtype, *arrays)


def sums(context: Context, arrays: Arrays, form: Form, axis: Axes, parts: int | None) -> Array:
    """Sums of the terms over some axes divided by the divisor; blocks are summed in float64."""
    kept = [place for place in range(arrays[0].ndim) if place not in axis]
    shape = [arrays[0].shape[place] for place in kept]
    total = arrays[0].new_zeros(shape, dtype=torch.float64)
    for index, block in small_blocks(arrays):
        part = plain_sum(unrounded(context), block, form, None, axis)
        total[tuple(index[place] for place in kept)] += part
    return divided(torch, total, parts=parts).to(context.dtype)


def derivatives(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands."""
    every = (*arrays, *(one.expand(arrays[0].shape) for one in upstream))
    functions = chained_derivatives(form, scale, len(arrays))
    return wanted_derivatives(run_by_blocks, context, functions, every, (), wanted)


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits."""
    shape = arrays[0].shape[:-1]
    result = arrays[0].new_empty(shape, dtype=context.working)
    for index, rows in blocks_of_rows(arrays):
        result[index] = plain_rows(context, rows, divergence)
    return result


def row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives of the divergences with respect to the wanted operands."""
    by_input, by_target = (
        operand.new_empty(operand.shape) if want else None
        for operand, want in zip(arrays[:2], wanted, strict=True)
    )
    above = tuple(one.expand(*arrays[0].shape[:-1], 1) for one in upstream)
    plain = without_backend(context)
    for index, rows in blocks_of_rows((*arrays, *above)):
        given, factors = rows[: len(arrays)], rows[len(arrays) :]
        derivatives = evaluate_row_derivatives(plain, given, divergence, scale, factors, wanted)
        for result, derivative in zip((by_input, by_target), derivatives, strict=True):
            if result is not None:
                result[index] = derivative
    return by_input, by_target


def blocks_of_rows(arrays: Arrays) -> Iterator[tuple[Slices, Arrays]]:
    """Index and arrays of each block of whole rows, in a fixed order."""
    *outer, columns = arrays[0].shape
    for index in indices(
        tuple(slice(0, size) for size in outer), max(1, CUDA_BLOCK_ELEMENTS // columns)
    ):
        yield index, tuple(array[index] for array in arrays)


def run_by_blocks(
    function: Callable[..., Array], working: DType, dtype: DType, *arrays: Array
) -> Array:
    """Result of an elementwise function, as of `run`, computed block by block."""
    result = arrays[0].new_empty(arrays[0].shape, dtype=dtype)
    for index, block in small_blocks(arrays):
        result[index] = run(function, working, dtype, *block)
    return result


def small_blocks(arrays: Arrays) -> Iterator[tuple[Slices, Arrays]]:
    """Index and arrays of each block, in a fixed order."""
    for index in indices(tuple(slice(0, size) for size in arrays[0].shape), CUDA_BLOCK_ELEMENTS):
        yield index, tuple(array[index] for array in arrays)


def indices(index: Slices, largest: int) -> Iterator[Slices]:
    """Indices of blocks of at most `largest` elements: the longest axis is halved repeatedly."""
    sizes = [one.stop - one.start for one in index]
    if prod(sizes) <= largest:
        yield index
        return
    axis = max(range(len(sizes)), key=sizes.__getitem__)
    middle = index[axis].start + sizes[axis] // 2
    for cut in (slice(index[axis].start, middle), slice(middle, index[axis].stop)):
        yield from indices((*index[:axis], cut, *index[axis + 1 :]), largest)
