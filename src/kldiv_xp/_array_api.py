"""The only door to array-api-compat, and what the array API standard leaves to be asked."""

from array_api_compat import array_namespace, device, is_array_api_obj

from kldiv_xp._typing import Array, DType, Namespace

__all__ = ["array_namespace", "device", "is_array_api_obj", "known_shape", "working_dtype"]


def known_shape(array: Array) -> tuple[int | None, ...]:
    """Shape of an array, with None for a size that a lazy library does not know yet.

    The standard says None for such a size; Dask says float("nan").
    """
    return tuple(None if isinstance(size, float) else size for size in array.shape)


def working_dtype(xp: Namespace, dtype: DType) -> DType:
    """Type to compute and accumulate in: float32 for 16-bit floats, otherwise the type itself."""
    return xp.float32 if xp.finfo(dtype).bits < xp.finfo(xp.float32).bits else dtype
