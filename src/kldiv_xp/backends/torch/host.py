"""Torch tensors in host memory: the loops of NumPy on memory that they lend."""

import torch

from kldiv_xp._typing import Array, Axes
from kldiv_xp.backends import numpy, numpy_loops
from kldiv_xp.backends.torch.numpy_views import (
    NARROW,
    empty,
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
    result, memory = empty(arrays[0].shape, context.dtype)
    numpy_loops.fill_terms(xp, lent(*arrays), form, memory, working, threads)
    return result


def samples_of(context: Context, form: Form, *arrays: Array, axis: Axes) -> Array:
    """Sums of the terms over some axes, rounded once from float64."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    sums = numpy_loops.sums_over(xp, lent(*arrays), form, axis, working, threads)
    return torch.from_numpy(sums).to(context.dtype)


def loss_of(context: Context, form: Form, *arrays: Array, parts: int | None) -> Array:
    """Sum of all terms over the divisor, rounded once from float64."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    value = numpy.total(xp, lent(*arrays), form, working, threads, parts)
    if context.dtype in NARROW or context.dtype != context.working:  # rounded once
        return torch.full((), value, dtype=torch.float64, device="cpu").to(context.dtype)
    with xp.errstate(all="ignore"):  # it may overflow its type
        return torch.from_numpy(xp.asarray(value, dtype=working))


def slopes_of(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, each written in one pass."""
    memory, count = lent(*arrays, *upstream), len(arrays)
    xp, working = numpy_namespace(), numpy_type(context.working)
    results: list[Array | None] = [None, None]
    written: list[Array | None] = [None, None]
    for place, want in enumerate(wanted):
        if want:
            results[place], written[place] = empty(arrays[place].shape, arrays[place].dtype)
    operands, above = memory[:count], memory[count:]
    given = written[0], written[1]
    numpy.fill_slopes(xp, operands, form, scale, above, given, working, threads)
    return results[0], results[1]
