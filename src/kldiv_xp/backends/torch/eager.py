"""Eager torch tensors, in host memory or on a CUDA device: one autograd function over our loops."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array, Axes
from kldiv_xp.backends.numpy.with_derivatives import is_faster
from kldiv_xp.backends.torch import host
from kldiv_xp.backends.torch.eager_logits import (
    divergences,
    row_derivatives,
    rows_with_derivatives,
    sum_of_divergences,
)
from kldiv_xp.backends.torch.internals import node_of_plain
from kldiv_xp.backends.torch.learned_numbers import divergences_at_arrays
from kldiv_xp.backends.torch.linear import linear_divergences
from kldiv_xp.backends.torch.linear_gradient import linear_gradient
from kldiv_xp.backends.torch.linear_loss import linear_loss
from kldiv_xp.backends.torch.logits_at_tensors import is_learned, number_at_hand
from kldiv_xp.backends.torch.numpy_views import HOST, device_way, is_differentiated, memory_of
from kldiv_xp.backends.torch.saved_tensors import copied, expanded_to_terms, savable
from kldiv_xp.backends.torch.sparse import (
    sparse_divergences,
    sparse_gradient,
    sparse_with_gradient,
)
from kldiv_xp.backends.torch.storage import SHAPE, check_unchanged
from kldiv_xp.core.context import Context, without_backend
from kldiv_xp.core.evaluate import (
    Arrays,
    evaluate_derivatives,
    evaluate_loss,
    evaluate_samples,
    evaluate_terms,
)
from kldiv_xp.core.run import run
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form

__all__ = [
    "apply_to_rows",
    "check_memory",
    "divergences",
    "divergences_at_arrays",
    "gradient",
    "is_learned",
    "linear_divergences",
    "linear_gradient",
    "linear_loss",
    "loss",
    "number_at_hand",
    "row_derivatives",
    "rows_with_derivatives",
    "samples",
    "sparse_divergences",
    "sparse_gradient",
    "sparse_with_gradient",
    "sum_of_divergences",
    "terms",
    "with_derivatives",
]


def check_memory(context: Context, arrays: dict[str, Array]) -> None:
    """Refuse tensors without their memory, where torch itself is about to read them."""
    del context
    memory_of(tuple(arrays.values()), (), tuple(arrays))


def apply_to_rows(context: Context, function: Callable[..., Array], arrays: Arrays) -> Array:
    """Result of a function of tensors, by torch itself."""
    return run(function, context.working, context.working, *copied(arrays))


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Every term; in one node of the graph where a gradient is wanted."""
    place = memory_of(arrays)
    way = host if place == HOST else device_way(place, arrays)
    if way is None:
        return evaluate_terms(without_backend(context), copied(arrays), form)
    return one_node(partial(way.terms_of, context, form), arrays)


def samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes; in one node of the graph where a gradient is wanted."""
    place = memory_of(arrays)
    way = host if place == HOST else device_way(place, arrays)
    if way is None:
        return evaluate_samples(without_backend(context), copied(arrays), form, axis)
    return one_node(partial(way.samples_of, context, form, axis=axis), arrays)


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor; in one node of the graph where a gradient is wanted."""
    place = memory_of(arrays)
    way = host if place == HOST else device_way(place, arrays)
    if way is None:
        return evaluate_loss(without_backend(context), copied(arrays), form, parts)
    return one_node(partial(way.loss_of, context, form, parts=parts), arrays)


def gradient(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Gradients with respect to the wanted operands, each written in one pass."""
    place = memory_of(arrays, upstream)
    way = host if place == HOST else device_way(place, (*arrays, *upstream))
    if way is not None and not is_differentiated(*arrays, *upstream):
        return way.derivatives_of(context, arrays, form, scale, upstream, wanted)
    arrays, upstream, context = copied(arrays), copied(upstream), without_backend(context)
    return evaluate_derivatives(context, arrays, form, scale, upstream, wanted)


def with_derivatives(
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    parts: int | None,
    scale: Scale,
    upstream: Arrays,
) -> Any:
    """Loss before both derivatives; where nothing is gained, one by one."""
    every = (*arrays, *upstream)
    place = memory_of(arrays, upstream)
    if is_differentiated(*every) or (place == HOST and not is_faster(form, arrays[0].shape, axis)):
        return NotImplemented
    way = host if place == HOST else device_way(place, every)
    options = form, axis, parts, scale, upstream
    return NotImplemented if way is None else way.with_derivatives_of(context, arrays, *options)


def one_node(function: partial[Array], arrays: Arrays) -> Array:
    """Result of a function of tensors that are only memory."""
    if is_differentiated(*arrays):
        return NODE(function, *savable(arrays))
    return function(*arrays)


class Loss(torch.autograd.Function):
    """The loss as one node that keeps its operands, and nothing that was computed from them."""

    @staticmethod
    def forward(ctx: Any, function: partial[Array], *arrays: Array) -> Array:
        """Result of the function."""
        ctx.save_for_backward(*arrays)
        ctx.function, ctx.shapes = function, list(map(SHAPE, arrays))
        return function(*arrays)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression where they are differentiated."""
        arrays = ctx.saved_tensors
        if list(map(SHAPE, arrays)) != ctx.shapes:
            check_unchanged(arrays, ctx.shapes)
        context, form = ctx.function.args
        options = ctx.function.keywords
        if options.get("axis"):
            memory_of((), (upstream,))  # raises where `expand` would meet freed memory
            upstream = expanded_to_terms(upstream, arrays[0].shape, options["axis"])
        scale, wanted = Scale(None, options.get("parts")), ctx.needs_input_grad[1:3]
        derivatives = gradient(context, arrays, form, scale, (upstream,), wanted)
        return None, *derivatives, *(None,) * len(arrays[2:])


NODE = node_of_plain(Loss)
