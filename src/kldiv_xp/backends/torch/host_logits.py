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
from kldiv_xp.core.evaluate_row_derivatives import BOTH
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence


def divergences_of(context: Context, divergence: Divergence, *arrays: Array) -> Array:
    """Divergence of every row, in the type that is computed in."""
    working = numpy_type(context.working)
    xp, lent_arrays = numpy_namespace(), lent(*arrays)
    rows = numpy_rows.rows_of(xp, lent_arrays, divergence, working, threads)
    return as_tensor_of_rows(context, rows)


def as_tensor_of_rows(context: Context, rows: Array) -> Array:
    """Divergences of rows in memory, in the type that is computed in."""
    return torch.from_numpy(rows).to(context.working)


def sum_of_divergences_of(
    context: Context, divergence: Divergence, *arrays: Array, parts: int | None
) -> Array:
    """Sum of the divergences of all rows over the divisor, rounded once from float64."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    rows = numpy_rows.rows_of(xp, lent(*arrays), divergence, working, threads)
    return sum_of_rows(context, rows, parts)


def sum_of_rows(context: Context, rows: Array, parts: int | None) -> Array:
    """Sum of divergences of rows in memory over the divisor, rounded once."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    rounded = context.dtype == context.working
    dtype = working if rounded else xp.float64
    value = torch.from_numpy(numpy_rows.total_of_rows(xp, rows, parts, dtype))
    return value if rounded else value.to(context.dtype)


def rows_with_derivatives_of(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Arrays:
    """Divergences of rows, in the type that is computed in, before both derivatives."""
    rows, derivatives = filled_with_derivatives(context, arrays, divergence, scale, upstream, BOTH)
    return as_tensor_of_rows(context, rows), *derivatives


def filled_with_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> tuple[Array, Gradient]:
    """Divergences of rows, in memory, and gradients with respect to the wanted operands."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    memory, count = lent(*arrays, *upstream), len(arrays)
    tensors, results = wanted_tensors(arrays, wanted)
    options = memory[:count], divergence, scale, memory[count:], results, working, threads
    return numpy_rows_with_derivatives.fill_with_derivatives(xp, *options), tensors


def wanted_tensors(arrays: Arrays, wanted: tuple[bool, bool]) -> tuple[Gradient, Gradient]:
    """New tensors like the wanted operands, and their memory."""
    none = (None, None)
    by_input = empty_tensor_like(arrays[0]) if wanted[0] else none
    by_target = empty_tensor_like(arrays[1]) if wanted[1] else none
    return (by_input[0], by_target[0]), (by_input[1], by_target[1])


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
    tensors, results = wanted_tensors(arrays, wanted)
    options = divergence, scale, above, results, working, threads
    numpy_rows.fill_row_derivatives(xp, operands, *options)
    return tensors
