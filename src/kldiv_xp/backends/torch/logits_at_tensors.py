"""Rows of logits at a temperature or beta that is a tensor: in blocks, computed anew backward."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.numpy_views import HOST, is_differentiated, memory_of
from kldiv_xp.backends.torch.saved_tensors import savable
from kldiv_xp.backends.torch.storage import OPERAND_NAMES
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import rows_of
from kldiv_xp.core.run import run
from kldiv_xp.formula.logit_arrays import JSOfArray, numbers_that_are_arrays
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.host.blocks import Index, block_indices

BLOCK = {"cpu": 1 << 18, "cuda": 1 << 24}
"""Elements of a block: automatic differentiation makes about a hundred arrays of this size."""


def number_at_hand(context: Context, tensor: Array) -> Any:
    """Number of a 0-d tensor, where that is host memory."""
    del context
    is_memory = memory_of((tensor,), (), ("temperature",)) == HOST
    return float(tensor.detach()) if is_memory else NotImplemented


def is_learned(context: Context, tensor: Array) -> bool:
    """Whether a derivative with respect to a tensor is wanted."""
    del context
    return is_differentiated(tensor)


def divergences_at_tensors(
    context: Context, arrays: Arrays, divergence: Divergence | JSOfArray
) -> Array:
    """Divergence of every row, of tensors that are only memory and more than a block."""
    numbers = numbers_that_are_arrays(divergence)
    tensors = (*arrays, *numbers.values())
    place = place_of(arrays, numbers)
    if place is None or arrays[0].numel() <= BLOCK[place if place != HOST else "cpu"]:
        return NotImplemented
    function = partial(rows_with_numbers, context, divergence, tuple(numbers))
    if is_differentiated(*tensors):
        rows: Array = Rows.apply(function, len(arrays), *savable(tensors))
        return rows
    return in_blocks(function, arrays, tuple(numbers.values()))


def place_of(arrays: Arrays, numbers: dict[str, Array]) -> str | None:
    """Memory in which operands, mask and numbers lie."""
    names = (*OPERAND_NAMES[: len(arrays)], *numbers)
    return memory_of((*arrays, *numbers.values()), (), names)


def rows_with_numbers(
    context: Context,
    divergence: Divergence | JSOfArray,
    names: tuple[str, ...],
    arrays: Arrays,
    numbers: Arrays,
) -> Array:
    """Divergence of every row at these numbers, by torch's own functions."""
    given = dict(zip(names, numbers, strict=True))
    if "temperature" in given:
        given["temperature"] = given["temperature"].to(context.working)
    working = context.working
    return run(partial(rows_of, replace(divergence, **given)), working, working, *arrays)


def blocks_of(array: Array) -> Iterator[Index]:
    """Indices of blocks of whole rows."""
    *shape, size = array.shape
    yield from block_indices(shape, max(1, BLOCK[array.device.type] // size))


def in_blocks(function: partial[Array], arrays: Arrays, numbers: Arrays) -> Array:
    """Divergence of every row, block by block."""
    found = arrays[0].new_empty(arrays[0].shape[:-1], dtype=function.args[0].working)
    for index in blocks_of(arrays[0]):
        found[(*index, ...)] = function(tuple(one[index] for one in arrays), numbers)
    return found


class Rows(torch.autograd.Function):
    """Divergences as one node that keeps the operands alone."""

    @staticmethod
    def forward(ctx: Any, function: partial[Array], count: int, *tensors: Array) -> Array:
        """Divergence of every row."""
        ctx.save_for_backward(*tensors)
        ctx.function, ctx.count = function, count
        return in_blocks(function, tensors[:count], tensors[count:])

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives of each block by autograd; of all rows where they are differentiated."""
        tensors, wanted = ctx.saved_tensors, ctx.needs_input_grad[2:]
        options = ctx.function, ctx.count, wanted, tensors, upstream
        if torch.is_grad_enabled() or memory_of(tensors, (upstream,)) is None:
            return None, None, *derivatives(*options)
        return None, None, *derivatives_in_blocks(*options)


def derivatives_in_blocks(
    function: partial[Array],
    count: int,
    wanted: tuple[bool, ...],
    tensors: Arrays,
    upstream: Array,
) -> Iterator[Array | None]:
    """The same as `derivatives`, block by block; those by numbers are sums in float64."""
    found: list[Any] = [None] * len(tensors)
    for place, one in enumerate(tensors):
        if wanted[place]:
            is_number = place >= count
            found[place] = torch.zeros_like(one, dtype=torch.float64 if is_number else None)
    for index in blocks_of(tensors[0]):
        block = [one[index] for one in tensors[:count]]
        block += tensors[count:]
        for place, one in enumerate(derivatives(function, count, wanted, block, upstream[index])):
            if one is not None and place < count:
                found[place][index] = one
            elif one is not None:
                found[place] += one
    for place, one in enumerate(tensors):
        yield found[place].to(one.dtype) if wanted[place] else None


def derivatives(
    function: partial[Array],
    count: int,
    wanted: tuple[bool, ...],
    tensors: Any,
    upstream: Array,
) -> list[Array | None]:
    """Derivatives with respect to the tensors that want one, times those by the rows.

    By views of the tensors, since one may be made of another, by which it has a derivative too.
    """
    is_recorded = torch.is_grad_enabled()
    with torch.enable_grad():
        given = [one if is_recorded else one.detach() for one in tensors]
        given = [
            (one.view_as(one) if one.requires_grad else one.requires_grad_()) if want else one
            for one, want in zip(given, wanted, strict=True)
        ]
        rows = function(tuple(given[:count]), tuple(given[count:]))
        leaves = [one for one, want in zip(given, wanted, strict=True) if want]
        above = upstream.to(rows.dtype)
        found = iter(torch.autograd.grad(rows, leaves, above, create_graph=is_recorded))
    return [next(found) if want else None for want in wanted]
