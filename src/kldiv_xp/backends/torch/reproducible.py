"""Losses with the same bits, of torch tensors: one node with a closed derivative.

Automatic differentiation of what is rounded would give 0.
"""

from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.numpy.reproducible import backend as numpy_way
from kldiv_xp.backends.numpy.reproducible import fill as numpy_reproducible_fill
from kldiv_xp.backends.numpy.reproducible import rows as numpy_reproducible_rows
from kldiv_xp.backends.torch.internals import is_transformed
from kldiv_xp.backends.torch.numpy_views import (
    HOST,
    empty_tensor,
    is_differentiated,
    lent,
    memory_of,
    numpy_namespace,
    threads,
)
from kldiv_xp.backends.torch.saved_tensors import keep, kept
from kldiv_xp.core import evaluate_reproducible
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_reproducible import Wanted, rounding_to
from kldiv_xp.core.evaluate_reproducible_rows import WantedRows
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.fused.lines_on_arrays import VectorFunctions

Asked = Wanted | WantedRows

NOT_TWICE = (
    "A loss with reproducible=True has no second derivative, and no gradient has a derivative: "
    "call it with reproducible=False where they are wanted."
)
NOT_TRANSFORMED = (
    "A loss with reproducible=True goes through no transformation of torch.func, and through no "
    "forward mode: call backward() of it, or kl_div_gradient."
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
    """The loss: by the loops of NumPy in memory of the host, elsewhere by torch itself."""
    if torch.compiler.is_compiling():
        loss: Array = wanted.value(divisor, functions_of(arrays), *arrays)
        return loss
    if memory_of(arrays) != HOST:
        return evaluate_reproducible.value(arrays, wanted, divisor)
    xp, memory, dtype = numpy_namespace(), lent(*arrays), wanted.rounding.dtype
    by = divisor.numpy() if isinstance(divisor, torch.Tensor) else divisor
    # The type of NumPy that holds the numbers of torch's.
    held = wanted.rounding._replace(dtype=xp.float32)
    if isinstance(wanted, WantedRows):
        rows = wanted._replace(rounding=held)
        loss = numpy_reproducible_rows.value(xp, memory, rows, by, threads)
        return torch.from_numpy(loss).to(dtype)
    terms = wanted._replace(rounding=held)
    if terms.axis == ():
        result, places = empty_tensor(arrays[0].shape, dtype)
        numpy_reproducible_fill.fill_terms(xp, memory, terms, places, threads)
        return result
    sums = numpy_way.sums_over(xp, memory, terms, by, threads)
    return torch.from_numpy(xp.asarray(sums)).to(dtype)


def computed_derivatives(
    arrays: Arrays, upstream: Any, wanted: Asked, divisor: Any, places: tuple[bool, bool]
) -> Gradient:
    """The derivatives, by the same ways."""
    if torch.compiler.is_compiling():
        given = divisor, upstream, functions_of(arrays), *arrays
        by_input, by_target = (
            wanted.derivative(place, *given) if want else None for place, want in enumerate(places)
        )
        return by_input, by_target
    tensors = (upstream,) if isinstance(upstream, torch.Tensor) else ()
    if memory_of(arrays, tensors) != HOST:
        return evaluate_reproducible.derivatives(arrays, wanted, divisor, upstream, places)
    xp, torch_xp = numpy_namespace(), namespace_of(arrays[0])
    memory, results = lent(*arrays), [None, None]
    by = divisor.numpy() if isinstance(divisor, torch.Tensor) else divisor
    above = upstream.detach().to(torch.float64).numpy() if tensors else upstream
    outputs = {}
    for place in (0, 1):
        if places[place]:
            rounding = rounding_to(torch_xp, arrays[place].dtype)
            results[place], result = empty_tensor(arrays[place].shape, rounding.dtype)
            outputs[place] = rounding._replace(dtype=xp.float32), result
    way = numpy_reproducible_rows if isinstance(wanted, WantedRows) else numpy_reproducible_fill
    way.fill_derivatives(xp, memory, (wanted, by, above), outputs, threads)
    return results[0], results[1]


def functions_of(tensors: Arrays) -> VectorFunctions:
    """Namespace in which a compiler makes vectors of logarithms and exponentials."""
    return VectorFunctions(
        namespace_of(tensors[0]), lambda x: x.view(torch.int64), lambda x: x.view(torch.float64)
    )
