"""How a function of arrays is run: quietly, on their device, chunk by chunk where there are chunks.

Knows nothing of KL.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from kldiv_xp._array_api import cast, namespace_of
from kldiv_xp._backends import Facts, facts_about
from kldiv_xp._typing import Array, DType


def elementwise(
    function: Callable[..., Array], *arrays: Array, dtype: DType, result_dtype: DType
) -> Array:
    """Array of ``function(xp, *arrays)``, computed in `dtype` and rounded once, at the end.

    The function maps elements to elements; the first array gives the shape, the others have the
    same shape or are 0-d.
    """
    on_arrays = partial(run, function, dtype, result_dtype)
    if facts_about(namespace_of(arrays[0])).defers_chunks:
        from kldiv_xp import _dask

        return _dask.elementwise(on_arrays, *arrays, dtype=result_dtype)
    return on_arrays(*arrays)


def total(array: Array) -> Array:
    """Sum over all axes, in the array's own dtype."""
    if facts_about(namespace_of(array)).defers_chunks:
        from kldiv_xp import _dask

        return _dask.total(array, sum_over)
    return sum_over(array)


def run(function: Callable[..., Array], dtype: DType, result_dtype: DType, *arrays: Array) -> Array:
    """Result of a function on arrays cast to `dtype`, itself cast to `result_dtype`."""
    xp = namespace_of(arrays[0])
    facts = facts_about(xp)
    with quiet(facts, arrays[0]):
        result = cast(xp, function(xp, *[cast(xp, array, dtype) for array in arrays]), result_dtype)
        return xp.asarray(result) if facts.zero_dimensional_is_scalar else result


def sum_over(array: Array, axis: tuple[int, ...] | None = None, keepdims: bool = False) -> Array:
    """Sum over some axes, in the array's own dtype."""
    xp = namespace_of(array)
    with quiet(facts_about(xp), array):
        return xp.sum(array, axis=axis, keepdims=keepdims)


def quiet(facts: Facts, array: Array) -> AbstractContextManager[object]:
    """Context to work in: the device of `array`, or silence for NumPy's warnings."""
    if facts.needs_device_context:
        device: AbstractContextManager[object] = array.device
        return device
    numpy = sys.modules.get("numpy") if facts.computes_with_numpy else None
    return nullcontext() if numpy is None else numpy.errstate(all="ignore")
