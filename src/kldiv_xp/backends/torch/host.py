"""Torch tensors in host memory: the loops of NumPy on memory that they lend."""

import torch

from kldiv_xp._typing import Array, Axes
from kldiv_xp.backends import numpy
from kldiv_xp.backends.torch.numpy_views import empty, lent, numpy_namespace, numpy_type, threads
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.scale import Scale, divided


def terms_of(context: Context, log_target: bool, *arrays: Array) -> Array:
    """Every term."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    result = empty(arrays[0].shape, context.dtype)
    numpy.fill_terms(xp, tuple(map(lent, arrays)), log_target, lent(result), working, threads)
    return result


def samples_of(context: Context, log_target: bool, *arrays: Array, axis: Axes) -> Array:
    """Sums of the terms over some axes, rounded once from float64."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    sums = numpy.sums_over(xp, tuple(map(lent, arrays)), log_target, axis, working, threads)
    return torch.from_numpy(sums).to(context.dtype)


def loss_of(context: Context, log_target: bool, *arrays: Array, parts: int | None) -> Array:
    """Sum of all terms over the divisor, rounded once from float64."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    value = numpy.total(xp, tuple(map(lent, arrays)), log_target, working, threads)
    value = torch.full((), value, dtype=torch.float64, device="cpu")
    return divided(torch, value, parts=parts).to(context.dtype)


def slopes_of(
    context: Context,
    arrays: Arrays,
    log_target: bool,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, each written in one pass."""
    by_input, by_target = (
        empty(operand.shape, operand.dtype) if want else None
        for operand, want in zip(arrays[:2], wanted, strict=True)
    )
    numpy.fill_slopes(
        numpy_namespace(),
        tuple(map(lent, arrays)),
        log_target,
        scale,
        tuple(map(lent, upstream)),
        tuple(None if result is None else lent(result) for result in (by_input, by_target)),
        numpy_type(context.working),
        threads,
    )
    return by_input, by_target
