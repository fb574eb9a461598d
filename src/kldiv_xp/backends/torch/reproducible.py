"""Losses with the same bits, of torch tensors: one node with a closed derivative.

Automatic differentiation of what is rounded would give 0.
"""

from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch import compiled_reproducible
from kldiv_xp.backends.torch.host_reproducible import Asked, eager_derivatives, eager_value
from kldiv_xp.backends.torch.internals import is_transformed
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.backends.torch.saved_tensors import keep, kept
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.fused.lines_on_arrays import VectorFunctions

NOT_TWICE = (
    "A loss with reproducible=True has no second derivative, and no gradient has a derivative: "
    "call it with reproducible=False where they are wanted."
)
NOT_TRANSFORMED = (
    "A loss with reproducible=True goes through no transformation of torch.func, and through no "
    "forward mode: pass reproducible=False there, or call it outside, and backward() of it."
)


def value(arrays: Arrays, wanted: Asked, divisor: Any) -> Array:
    """Terms, or their sums over a number or an array of numbers, rounded once."""
    refuse_transformation()
    count = (divisor,) if isinstance(divisor, torch.Tensor) else ()
    parts = None if count else divisor
    if is_differentiated(*arrays):
        return Loss.apply(wanted, parts, len(arrays), *arrays, *count)
    return computed(arrays, wanted, divisor)


def derivatives(
    arrays: Arrays, wanted: Asked, divisor: Any, upstream: Any, places: tuple[bool, bool]
) -> Gradient:
    """Derivatives with respect to the operands in these places, times a cotangent."""
    refuse_transformation()
    tensors = (*arrays, *(one for one in (upstream,) if isinstance(one, torch.Tensor)))
    if torch.compiler.is_compiling():  # no graph is wrong without a word
        arrays = tuple(one.detach() for one in arrays)
        upstream = upstream.detach() if isinstance(upstream, torch.Tensor) else upstream
    elif is_differentiated(*tensors):
        function = partial(computed_derivatives, wanted=wanted, divisor=divisor, places=places)
        by_input, by_target = Derivatives.apply(function, upstream, *arrays)
        return by_input, by_target
    return computed_derivatives(arrays, upstream, wanted, divisor, places)


def refuse_transformation() -> None:
    """Refuse what differentiates or maps on the way."""
    if is_transformed():
        raise RuntimeError(NOT_TRANSFORMED)


class Loss(torch.autograd.Function):
    """The loss as one node that keeps its operands, and nothing that was computed from them."""

    @staticmethod
    def forward(ctx: Any, wanted: Asked, parts: int | None, count: int, *tensors: Array) -> Array:
        """Loss of the first tensors; another one is what it is divided by."""
        keep(ctx, tensors)
        ctx.options = wanted, parts, count
        return computed(tensors[:count], wanted, *(tensors[count:] or (parts,)))

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form."""
        tensors = kept(ctx)
        wanted, parts, count = ctx.options
        divisor = tensors[count] if len(tensors) > count else parts
        by_operands = derivatives(
            tensors[:count], wanted, divisor, upstream, ctx.needs_input_grad[3:5]
        )
        return None, None, None, *by_operands, *[None for _ in tensors[2:]]


class Derivatives(torch.autograd.Function):
    """Derivatives that have none of their own."""

    @staticmethod
    def forward(ctx: Any, function: Any, upstream: Any, *arrays: Array) -> Gradient:
        """Result of the function."""
        del ctx
        by_operands: Gradient = function(arrays, upstream)
        return by_operands

    @staticmethod
    def backward(ctx: Any, *upstream: Array) -> Any:
        """Say that there are none."""
        del ctx, upstream
        raise RuntimeError(NOT_TWICE)


def computed(arrays: Arrays, wanted: Asked, divisor: Any) -> Array:
    """The loss; under torch.compile by an operator, or by the formula in the graph."""
    if not torch.compiler.is_compiling():
        return eager_value(arrays, wanted, divisor)
    loss: Array = compiled_reproducible.value(arrays, wanted, divisor)
    if loss is NotImplemented:
        loss = wanted.value(divisor, functions_of(arrays), *arrays)
    return loss


def computed_derivatives(
    arrays: Arrays, upstream: Any, wanted: Asked, divisor: Any, places: tuple[bool, bool]
) -> Gradient:
    """The derivatives, by the same ways."""
    if not torch.compiler.is_compiling():
        return eager_derivatives(arrays, upstream, wanted, divisor, places)
    found = compiled_reproducible.derivatives(arrays, upstream, wanted, divisor, places)
    if found is NotImplemented:
        given = divisor, upstream, functions_of(arrays), *arrays
        found = tuple(
            wanted.derivative(place, *given) if want else None for place, want in enumerate(places)
        )
    by_input, by_target = found
    return by_input, by_target


def functions_of(tensors: Arrays) -> VectorFunctions:
    """Namespace in which a compiler makes vectors of logarithms and exponentials."""
    return VectorFunctions(
        namespace_of(tensors[0]), lambda x: x.view(torch.int64), lambda x: x.view(torch.float64)
    )
