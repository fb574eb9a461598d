"""Derivatives of rows of logits that are themselves differentiated: a function of autograd."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.internals import is_forward, is_watched, refuses_functions
from kldiv_xp.backends.torch.mapped_rows import as_rows, mapped_first
from kldiv_xp.backends.torch.pulled_rows import in_blocks, pulled, pulled_at_first
from kldiv_xp.backends.torch.row_ways import way_inside
from kldiv_xp.backends.torch.widened_derivatives import widened_derivatives
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
    if refuses_rows():
        return by_expression(context, arrays, divergence, scale, upstream, wanted)
    return by_function(context, arrays, divergence, scale, upstream, wanted)


def refuses_rows() -> bool:
    """Whether functions of rows are not taken apart here, down to their memory."""
    return is_watched() or is_forward() or refuses_functions()


def by_expression(
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
    choice = partial(derivatives_in_order, context, divergence, scale, len(arrays), wanted)
    every = as_rows((*arrays, *upstream))
    quick = widened_derivatives(context, divergence, scale, len(arrays), wanted)
    functions = partial(choice, way_inside), partial(choice, no_way), quick
    found = iter(FunctionOfRows.apply(*functions, *every))
    by_input, by_target = (next(found) if want else None for want in wanted)
    return by_input, by_target


def derivatives_in_order(
    context: Context,
    divergence: Divergence,
    scale: Scale,
    count: int,
    wanted: tuple[bool, bool],
    choose: Callable[[Arrays, Arrays], Any],
    *every: Array,
) -> Arrays:
    """The wanted derivatives alone, by the way that is chosen for the operands, if one is."""
    arrays, upstream = every[:count], every[count:]
    way = choose(arrays, upstream)
    function = by_expression if way is None else way.row_derivatives_of
    derivatives = function(context, arrays, divergence, scale, upstream, wanted)
    return tuple(one for one in derivatives if one is not None)


def no_way(arrays: Arrays, upstream: Arrays) -> None:
    """Choice of the plain expression."""
    del arrays, upstream


class FunctionOfRows(torch.autograd.Function):
    """A function of rows that is computed where tensors lie; derivatives are those of another."""

    @staticmethod
    def forward(
        function: Callable[..., Arrays],
        expression: Callable[..., Arrays],
        quick: Callable[..., Arrays] | None,
        *every: Array,
    ) -> Arrays:
        """Results of the function, each with as many rows as the operands."""
        del expression, quick
        return function(*every)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Arrays) -> None:
        """Keep the operands, and nothing that was computed from them."""
        del output
        _, ctx.expression, ctx.quick, *every = inputs
        ctx.save_for_backward(*every)

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        function: Callable[..., Arrays],
        expression: Callable[..., Arrays],
        quick: Callable[..., Arrays] | None,
        *every: Array,
    ) -> tuple[Arrays, int]:
        """Results for all rows of the batch."""
        first = mapped_first(info.batch_size, in_dims[3:], every)
        return FunctionOfRows.apply(function, expression, quick, *first), 0

    @staticmethod
    def backward(ctx: Any, *upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives of the expression with respect to the operands that want them."""
        every, wanted = ctx.saved_tensors, ctx.needs_input_grad[3:]
        places = [place for place, want in enumerate(wanted) if want]
        options = ctx.expression, places, len(every)
        expression = function = partial(pulled, *options)
        if ctx.quick is not None:
            function = partial(pulled_at_first, ctx.quick, *options)
        if refuses_rows():
            found = expression(*every, *upstream)
        else:
            function = partial(in_blocks, function, expression)
            found = FunctionOfRows.apply(function, expression, None, *every, *upstream)
        by_place = dict(zip(places, found, strict=True))
        return None, None, None, *map(by_place.get, range(len(every)))
