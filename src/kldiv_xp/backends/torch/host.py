"""Torch tensors in host memory: the loops of NumPy on memory that they lend."""

from typing import Any

import torch

from kldiv_xp._typing import Array, Axes
from kldiv_xp.backends.numpy import backend as numpy
from kldiv_xp.backends.numpy import loops as numpy_loops
from kldiv_xp.backends.numpy import with_derivatives as numpy_with_derivatives
from kldiv_xp.backends.torch.numpy_views import (
    empty_tensor,
    lent,
    numpy_namespace,
    numpy_type,
    threads,
)
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form


def terms_of(context: Context, form: Form, *arrays: Array) -> Array:
    """Every term."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    result, memory = empty_tensor(arrays[0].shape, context.dtype)
    numpy.fill_terms(xp, lent(*arrays), form, memory, working, threads)
    return result


def samples_of(context: Context, form: Form, *arrays: Array, axis: Axes) -> Array:
    """Sums of the terms over some axes, rounded once from float64."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    sums = numpy_loops.sums_over(xp, lent(*arrays), form, axis, working, threads)
    return torch.from_numpy(sums).to(context.dtype)


def loss_of(context: Context, form: Form, *arrays: Array, parts: int | None) -> Array:
    """Sum of all terms over the divisor, rounded once from float64."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    rounded = context.dtype == context.working
    dtype = working if rounded else xp.float64
    value = torch.from_numpy(numpy.total(xp, lent(*arrays), form, working, threads, parts, dtype))
    return value if rounded else value.to(context.dtype)


def derivatives_of(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, each written in one pass."""
    memory, count = lent(*arrays, *upstream), len(arrays)
    xp, working = numpy_namespace(), numpy_type(context.working)
    results: list[Array | None] = [None, None]
    written: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            results[place], written[place] = empty_tensor(arrays[place].shape, arrays[place].dtype)
    operands, above = memory[:count], memory[count:]
    given = written[0], written[1]
    numpy.fill_derivatives(xp, operands, form, scale, above, given, working, threads)
    return results[0], results[1]


def with_derivatives_of(
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    parts: int | None,
    scale: Scale,
    upstream: Arrays,
) -> Any:
    """Every term with axis (), else sums over the divisor, before both derivatives."""
    memory, count = lent(*arrays, *upstream), len(arrays)
    xp, working = numpy_namespace(), numpy_type(context.working)
    kinds = [context.dtype if axis == () else None, *(one.dtype for one in arrays[:2])]
    tensors, results = zip(
        *(empty_tensor(arrays[0].shape, kind) if kind else (None, None) for kind in kinds),
        strict=True,
    )
    options = memory[:count], form, axis, scale, memory[count:], results, working, threads
    value = numpy_with_derivatives.fill_with_derivatives(xp, *options)
    if axis == ():
        return tensors
    value = numpy_with_derivatives.over(value, parts)
    loss = (
        torch.from_numpy(value)
        if axis
        else torch.full((), value, dtype=torch.float64, device="cpu")
    )
    return loss.to(context.dtype), *tensors[1:]
