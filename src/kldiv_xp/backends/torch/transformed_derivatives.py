"""Derivatives of rows of logits that are themselves differentiated: a function of autograd."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.internals import is_forward, is_watched, refuses_functions
from kldiv_xp.backends.torch.mapped_rows import mapped_first
from kldiv_xp.backends.torch.row_ways import way_inside
from kldiv_xp.core.context import Context, without_backend
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_row_derivatives import evaluate_row_derivatives
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence


def recorded_row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives that torch may differentiate; by the plain expression within forward mode."""
    if is_watched() or is_forward() or refuses_functions():
        return plain(context, arrays, divergence, scale, upstream, wanted)
    return by_function(context, arrays, divergence, scale, upstream, wanted)


def plain(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by one expression of the whole arrays."""
    context = without_backend(context)
    return evaluate_row_derivatives(context, arrays, divergence, scale, upstream, wanted)


def by_function(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by a function of autograd."""
    options = partial(derivatives_in_order, context, divergence, scale, len(arrays), wanted)
    found = iter(TransformedDerivatives.apply(options, *arrays, *upstream))
    by_input, by_target = (next(found) if want else None for want in wanted)
    return by_input, by_target


def derivatives_in_order(
    context: Context,
    divergence: Divergence,
    scale: Scale,
    count: int,
    wanted: tuple[bool, bool],
    way: Any,
    *every: Array,
) -> Arrays:
    """The wanted derivatives alone, by a way to them."""
    arrays, upstream = every[:count], every[count:]
    function = plain if way is None else way.row_derivatives_of
    derivatives = function(context, arrays, divergence, scale, upstream, wanted)
    return tuple(one for one in derivatives if one is not None)


class TransformedDerivatives(torch.autograd.Function):
    """Derivatives where tensors lie; second derivatives by the plain expression."""

    @staticmethod
    def forward(options: partial[Arrays], *every: Array) -> Arrays:
        """The wanted derivatives."""
        return options(way_inside(every), *every)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Arrays) -> None:
        """Keep the operands, and nothing that was computed from them."""
        del output
        ctx.options, *every = inputs
        ctx.save_for_backward(*every)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], options: partial[Arrays], *every: Array
    ) -> tuple[Arrays, int]:
        """Derivatives of all rows of the batch."""
        first = mapped_first(info.batch_size, in_dims[1:], every)
        return TransformedDerivatives.apply(options, *first), 0

    @staticmethod
    def backward(ctx: Any, *upstream: Array) -> tuple[Array | None, ...]:
        """Second derivatives with respect to the operands that want them."""
        every = ctx.saved_tensors
        places = [place for place, want in enumerate(ctx.needs_input_grad[1:]) if want]
        function = partial(at_places, partial(ctx.options, None), every, places)
        _, pulled = torch.func.vjp(function, *(every[place] for place in places))
        found = dict(zip(places, pulled(upstream), strict=True))
        return None, *(found.get(place) for place in range(len(every)))


def at_places(
    function: Callable[..., Arrays], every: Arrays, places: list[int], *given: Array
) -> Arrays:
    """Result of a function of arrays, some of which are given."""
    arrays = list(every)
    for place, one in zip(places, given, strict=True):
        arrays[place] = one
    return function(*arrays)
