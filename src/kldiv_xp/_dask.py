"""Dask: one task per chunk, run with the namespace and the context of the chunk's own library."""

from collections.abc import Callable

import dask.array as da

from kldiv_xp._typing import Array, DType


def elementwise(function: Callable[..., Array], *arrays: Array, dtype: DType) -> Array:
    """Lazy array of ``function(*chunks)``; 0-d arrays go with every chunk of the others."""
    axes = tuple(range(arrays[0].ndim))
    operands = [part for array in arrays for part in (array, axes[: array.ndim])]
    meta = arrays[0]._meta.astype(dtype)
    # Not map_blocks, which leaves chunks that differ as they are: "Shapes do not align".
    return da.blockwise(function, axes, *operands, dtype=dtype, meta=meta, align_arrays=True)


def total(array: Array, sum_over: Callable[..., Array]) -> Array:
    """Lazy 0-d sum: of every chunk, then of their sums along a tree."""
    return da.reduction(array, sum_over, sum_over, dtype=array.dtype)
