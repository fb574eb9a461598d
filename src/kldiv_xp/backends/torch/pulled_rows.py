"""Pulled back derivatives of functions of rows, a block of rows at a time in host memory."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.internals import has_transforms
from kldiv_xp.backends.torch.numpy_views import HOST, memory_of
from kldiv_xp.core.evaluate import Arrays

# Rows that autograd keeps a dozen temporaries of: of more elements it takes longer, too.
BLOCK_ELEMENTS = 2**18


def pulled(
    function: Callable[..., Arrays], places: Sequence[int], count: int, *every: Array
) -> Arrays:
    """Cotangents of the operands in some places, from those of the results after the operands."""
    arrays, above = list(every[:count]), every[count:]
    if not has_transforms():
        return pulled_by_autograd(function, places, arrays, above)[1]
    given = [arrays[place] for place in places]
    _, pull = torch.func.vjp(partial(with_given, function, places, arrays), *given)
    found: Arrays = pull(above)
    return found


def pulled_at_first(
    quick: Callable[..., Arrays],
    function: Callable[..., Arrays],
    places: Sequence[int],
    count: int,
    *every: Array,
) -> Arrays:
    """The same in host memory, by a quick form of the function for rows of which it is finite."""
    results, found = pulled_by_autograd(quick, places, every[:count], every[count:])
    finite = [torch.isfinite(one).all(-1) for one in (*results, *found)]
    lacking = torch.stack(finite).all(0).logical_not()
    if not bool(lacking.any()):
        return found
    rest = pulled(function, places, count, *(one[lacking] for one in every))
    pairs = zip(found, rest, strict=True)
    return tuple(torch.index_put(one, (lacking,), part) for one, part in pairs)


def pulled_by_autograd(
    function: Callable[..., Arrays], places: Sequence[int], arrays: Sequence[Array], above: Arrays
) -> tuple[Arrays, Arrays]:
    """Results before cotangents; torch.func refuses to be within hooks of saved tensors."""
    is_recorded = torch.is_grad_enabled()
    with torch.enable_grad():
        given = [with_gradient(arrays[place]) for place in places]
        results = with_given(function, places, arrays, *given)
        options = {"create_graph": is_recorded, "allow_unused": True, "materialize_grads": True}
        found: Arrays = torch.autograd.grad(results, given, above, **options)
    return results, found


def with_gradient(array: Array) -> Array:
    """Tensor of the same memory that wants a gradient."""
    same = array.view_as(array)
    return same if same.requires_grad else same.requires_grad_()


def with_given(
    function: Callable[..., Arrays], places: Sequence[int], arrays: Sequence[Array], *given: Array
) -> Arrays:
    """Result of a function of arrays, some of which are replaced."""
    replaced = dict(zip(places, given, strict=True))
    return function(*(replaced.get(place, one) for place, one in enumerate(arrays)))


def in_blocks(
    function: Callable[..., Arrays], expression: Callable[..., Arrays], *every: Array
) -> Arrays:
    """Results of a function of rows in host memory, elsewhere of the expression for it."""
    if memory_of((), every, asked=has_transforms) != HOST:
        return expression(*every)
    shape = every[0].shape
    rows, at_once = shape[:-1].numel(), max(1, BLOCK_ELEMENTS // shape[-1])
    flat = [one.reshape(rows, one.shape[-1]) for one in every]
    results: list[Any] = []
    for first in range(0, max(1, rows), at_once):
        parts = function(*(one[first : first + at_once] for one in flat))
        results = results or [one.new_empty((rows, one.shape[-1])) for one in parts]
        for result, part in zip(results, parts, strict=True):
            result[first : first + at_once] = part
    return tuple(one.reshape(*shape[:-1], one.shape[-1]) for one in results)
