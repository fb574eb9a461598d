"""How a function of arrays is run: on their device, quietly, chunk by chunk where they have chunks.

Knows nothing of KL.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from kldiv_xp._array_api import namespace_of
from kldiv_xp._backends import Facts, facts_about
from kldiv_xp._typing import Array, DType, Namespace


def quiet(facts: Facts, array: Array) -> AbstractContextManager[object]:
    """Context in which to work: the device of `array`, or silence for NumPy's warnings."""
    if facts.needs_device_context:
        device: AbstractContextManager[object] = array.device
        return device
    numpy = sys.modules.get("numpy") if facts.computes_with_numpy else None
    return nullcontext() if numpy is None else numpy.errstate(all="ignore")


def run(function: Callable[..., Array], *arrays: Array, dtype: DType) -> Array:
    """Call ``function(xp, *arrays)`` on arrays cast to `dtype`, in their context."""
    xp = namespace_of(arrays[0])
    with quiet(facts_about(xp), arrays[0]):
        return function(xp, *(xp.astype(array, dtype, copy=False) for array in arrays))


def elementwise(function: Callable[..., Array], *arrays: Array, dtype: DType) -> Array:
    """Array of the same shape, computed in `dtype` by ``function(xp, *arrays)``."""
    if facts_about(namespace_of(arrays[0])).defers_chunks:
        from kldiv_xp import _dask

        return _dask.elementwise(partial(run, function, dtype=dtype), *arrays, dtype=dtype)
    return run(function, *arrays, dtype=dtype)


def total(array: Array) -> Array:
    """Sum over all axes, in the array's own dtype."""
    if facts_about(namespace_of(array)).defers_chunks:
        from kldiv_xp import _dask

        return _dask.total(array, sum_over)
    return sum_over(array)


def sum_over(array: Array, axis: tuple[int, ...] | None = None, keepdims: bool = False) -> Array:
    """Sum over some axes, in the array's own dtype and context."""
    xp = namespace_of(array)
    with quiet(facts_about(xp), array):
        return xp.sum(array, axis=axis, keepdims=keepdims)


def as_array(xp: Namespace, value: Array, dtype: DType) -> Array:
    """Value rounded to `dtype`, as an array also where the library made a scalar of it."""
    rounded = xp.astype(value, dtype, copy=False)
    return xp.asarray(rounded) if facts_about(xp).zero_dimensional_is_scalar else rounded
