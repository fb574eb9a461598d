"""Divergences of rows of logits on tensors in host memory: by NumPy's loops, in blocks."""

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.numpy import rows as numpy_rows
from kldiv_xp.backends.numpy import rows_with_derivatives as numpy_rows_with_derivatives
from kldiv_xp.backends.torch.numpy_views import (
    empty_tensor_like,
    lent,
    numpy_namespace,
    numpy_type,
    threads,
)
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence


def divergences_of(context: Context, divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row, in the type that is computed in."""
    working = numpy_type(context.working)
    xp, lent_arrays = numpy_namespace(), lent(*arrays)
    rows = numpy_rows.rows_of(xp, lent_arrays, divergence, working, threads)
    return torch.from_numpy(rows).to(context.working)


def sum_of_divergences_of(
    context: Context, divergence: Divergence, *arrays: Array, parts: int | None
) -> Array:
    """Sum of the divergences of all rows over the divisor, rounded once from float64."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    rounded = context.dtype == context.working
    dtype = working if rounded else xp.float64
    options = lent(*arrays), divergence, working, threads, parts, dtype
    value = torch.from_numpy(numpy_rows.total_of_rows(xp, *options))
    return value if rounded else value.to(context.dtype)


def rows_with_derivatives_of(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Arrays:
    """Divergences of rows, in the type that is computed in, before both derivatives."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    memory, count = lent(*arrays, *upstream), len(arrays)
    derivatives, results = zip(*map(empty_tensor_like, arrays[:2]), strict=True)
    options = memory[:count], divergence, scale, memory[count:], results, working, threads
    rows = numpy_rows_with_derivatives.fill_with_derivatives(xp, *options)
    return torch.from_numpy(rows).to(context.working), *derivatives


def row_derivatives_of(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, each written in one pass."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    lent_arrays = lent(*arrays, *upstream)
    operands, above = lent_arrays[: len(arrays)], lent_arrays[len(arrays) :]
    results: list[Array | None] = [None, None]
    written: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            results[place], written[place] = empty_tensor_like(arrays[place])
    given = written[0], written[1]
    numpy_rows.fill_row_derivatives(xp, operands, divergence, scale, above, given, working, threads)
    return results[0], results[1]
