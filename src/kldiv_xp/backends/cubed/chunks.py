"""A namespace for formulas of Cubed arrays: each function is one task per chunk."""

from collections.abc import Callable
from functools import partial
from typing import Any

import cubed.array_api
from cubed.backend_array_api import namespace as of_chunks
from cubed.core.ops import blockwise

from kldiv_xp._typing import Array, DType
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.core.run import quiet, run

CHUNK_REDUCTIONS = ("max", "sum")


class Chunks:
    """Namespace for formulas of lazy arrays, with Cubed's own reductions."""

    finfo = staticmethod(cubed.array_api.finfo)

    def __getattr__(self, name: str) -> Callable[..., Array]:
        if name in CHUNK_REDUCTIONS:
            function: Callable[..., Array] = getattr(cubed.array_api, name)
            return function
        return partial(on_chunks, name)


CHUNKS = Chunks()


def on_chunks(name: str, *operands: Any) -> Array:
    """Lazy result of a function of the chunks' library, for arrays and numbers."""
    arrays = [one for one in operands if isinstance(one, cubed.Array)]
    numbers = {place: one for place, one in enumerate(operands) if not isinstance(one, cubed.Array)}
    function = partial(call_quietly, name, numbers)
    single = function(*map(one_element, arrays))
    axes = tuple(range(single.ndim))
    pairs = [part for one in arrays for part in (one, axes[: one.ndim])]
    return blockwise(function, axes, *pairs, dtype=single.dtype)


def one_element(array: Array) -> Array:
    """A chunk with one element, of the array's dtype."""
    return of_chunks.ones((1,) * array.ndim, dtype=array.dtype)


def call_quietly(name: str, numbers: dict[int, Any], *chunks: Array) -> Array:
    """Result of the library's function of that name for chunks and numbers, without warnings."""
    xp, remaining = namespace_of(chunks[0]), iter(chunks)
    count = len(chunks) + len(numbers)
    operands = [numbers[place] if place in numbers else next(remaining) for place in range(count)]
    with quiet(facts_about(xp), chunks[0]):
        return getattr(xp, name)(*operands)


def cast_chunks(array: Array, dtype: DType) -> Array:
    """The array cast to a dtype, lazily."""
    return array if array.dtype == dtype else on_chunks("astype", array, dtype)


def elementwise(
    function: Callable[..., Array], working: DType, dtype: DType, *arrays: Array
) -> Array:
    """Lazy result of ``function(xp, *chunks)``, computed in one dtype and rounded to another."""
    return chunkwise(partial(run, function, working, dtype), *arrays, dtype=dtype)


def chunkwise(
    function: Callable[..., Array], *arrays: Array, dtype: DType, **options: object
) -> Array:
    """Lazy result of ``function(*chunks)``; 0-d arrays go to every chunk of the others."""
    axes = tuple(range(arrays[0].ndim))
    pairs = [part for array in arrays for part in (array, axes[: array.ndim])]
    return blockwise(function, axes, *pairs, dtype=dtype, **options)
