"""Dask: one task per chunk, run with the namespace and the context of the chunk's own library."""

from collections.abc import Callable

import dask.array as da

from kldiv_xp._typing import Array, DType


def elementwise(function: Callable[..., Array], *arrays: Array, dtype: DType) -> Array:
    """Lazy array of ``function(*chunks)``."""
    meta = arrays[0]._meta.astype(dtype)
    return da.map_blocks(function, *arrays, dtype=dtype, meta=meta)


def total(array: Array, sum_of_chunk: Callable[..., Array]) -> Array:
    """Lazy 0-d sum: chunks first, then their partial sums along a tree."""
    return da.reduction(array, sum_of_chunk, sum_of_chunk, dtype=array.dtype)
