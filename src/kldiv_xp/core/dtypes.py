"""Dtypes: their kinds and limits, the one to compute in, and the one that two promote to."""

from dataclasses import dataclass
from typing import Any

from kldiv_xp._typing import Array, DType, Namespace


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a floating-point dtype, as in `finfo`."""

    bits: int
    eps: float
    smallest_normal: float


# Floating-point types that others have added to NumPy, which does not call them floating.
ADDED = {"bfloat16": Limits(bits=16, eps=2.0**-7, smallest_normal=2.0**-126)}


def limits(xp: Namespace, dtype: DType) -> Any:
    """`finfo` of a type, also of one that is added to NumPy."""
    added = added_limits(dtype)
    return xp.finfo(dtype) if added is None else added


def is_kind(xp: Namespace, dtype: DType, kind: str) -> bool:
    """Whether a type is of a kind of numbers, also one that is added to NumPy.

    Of some, NumPy says that they are no dtype at all.
    """
    if kind == "real floating" and added_limits(dtype) is not None:
        return True
    try:
        return bool(xp.isdtype(dtype, kind))
    except TypeError:
        return False


def added_limits(dtype: DType) -> Limits | None:
    """Limits of a type that is added to NumPy: a type of bytes without fields, with a name."""
    return ADDED.get(dtype.name) if getattr(dtype, "kind", "") == "V" else None


def native(dtype: DType) -> DType:
    """Type in the order of bytes of this machine."""
    return dtype if getattr(dtype, "isnative", True) else dtype.newbyteorder("=")


def working_dtype(xp: Namespace, dtype: DType) -> DType:
    """Type to compute and accumulate in: float32 for 16-bit floats, otherwise the type itself."""
    return xp.float32 if limits(xp, dtype).bits < xp.finfo(xp.float32).bits else dtype


def promoted_dtype(xp: Namespace, left: DType, right: DType) -> DType:
    """Type that two floating-point types promote to.

    By `promote_types` where a library has it: for torch's 16-bit types array_api_compat's
    `result_type` makes tensors to ask, which torch.compile refuses ("torch.* op returned
    non-Tensor").
    """
    promote = xp.promote_types if hasattr(xp, "promote_types") else xp.result_type
    try:
        return promote(left, right)
    except TypeError:  # of float16 and bfloat16 NumPy says "could not be promoted"
        return xp.float32


def cast(xp: Namespace, array: Array, dtype: DType) -> Array:
    """Array of another type, or the array itself: MLX's `astype` does not know ``copy=False``."""
    return array if array.dtype == dtype else xp.astype(array, dtype)
