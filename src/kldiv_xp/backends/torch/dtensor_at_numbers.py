"""Rows of torch's DTensors at numbers that are learned: each gets the sum over all processes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch.distributed.tensor import DTensor

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.torch.dtensor_placements import (
    full_number,
    with_entries_everywhere,
)
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import rows_of
from kldiv_xp.core.programs import resolve_partial
from kldiv_xp.core.run import run
from kldiv_xp.formula.logit_arrays import JSOfArray, numbers_that_are_arrays
from kldiv_xp.formula.logits import Divergence


def apply_to_rows(context: Context, function: Callable[..., Array], arrays: Arrays) -> Array:
    """Result of ``function(xp, *arrays)``, by torch's own operations."""
    wide = [one if one.ndim else WideNumber.apply(one, context.working) for one in arrays]
    every = with_entries_everywhere(tuple(wide))
    return run(function, context.working, context.working, *every)


def divergences_at_arrays(
    context: Context, arrays: Arrays, divergence: Divergence | JSOfArray
) -> Array:
    """Divergence of every row at a temperature or beta that are arrays."""
    numbers = numbers_that_are_arrays(divergence).items()
    wide = {name: WideNumber.apply(one, context.working) for name, one in numbers}
    return apply_to_rows(context, partial(rows_of, replace(divergence, **wide)), arrays)


class WideNumber(torch.autograd.Function):
    """Number in the type that is computed in; its derivative is added up, and then rounded.

    Else torch rounds the part of each process, and a number that is no DTensor gets one for its
    derivative, whose `item()` is the part of this process.
    """

    @staticmethod
    def forward(ctx: Any, number: Array, working: DType) -> Array:
        """The number itself."""
        ctx.dtype, ctx.is_plain = number.dtype, not isinstance(number, DTensor)
        return number.to(working, copy=True)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array, None]:
        """The derivative of all processes, in the type of the number."""
        whole = full_number(upstream) if ctx.is_plain else resolve_partial(upstream)
        return whole.to(ctx.dtype), None
