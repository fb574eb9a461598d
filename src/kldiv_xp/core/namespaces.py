"""The only door to array-api-compat, and what the array API standard leaves to be asked."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import array_api_compat

from kldiv_xp._typing import Array, Axes, DType, Namespace, Shape
from kldiv_xp.core.facts import FACTS, full_name

# The arrays of these types, and not those of a subclass, are what their library computes with.
PLAIN_TYPES = {
    ("numpy", "ndarray"): "numpy",
    ("numpy", "memmap"): "numpy",
    ("torch", "Tensor"): "torch",
    ("torch.nn.parameter", "Parameter"): "torch",
}

SUBCLASSES_OF_TENSORS = FACTS["torch"].backends_of_subclasses

_plain_namespaces: dict[str, Namespace] = {}


def plain_namespace(kind: type) -> Namespace:
    """Namespace of arrays of this type, or None if it is not one of the plain types."""
    library = plain_library(kind)
    if library is None:
        return None
    if library not in _plain_namespaces:
        _plain_namespaces[library] = import_module(f"array_api_compat.{library}")
    return _plain_namespaces[library]


def plain_library(kind: type) -> str | None:
    """Name of the library of a plain type, or None."""
    return PLAIN_TYPES.get((kind.__module__, kind.__qualname__))


def is_array(operand: object) -> bool:
    """Whether some array library made this."""
    return is_torch_tensor(operand) or array_api_compat.is_array_api_obj(operand)


def namespace_of(array: Array) -> Namespace:
    """Array API namespace of the library that made the array."""
    if is_torch_tensor(array):
        import array_api_compat.torch as xp

        return xp
    return array_api_compat.array_namespace(array)


def is_torch_tensor(operand: object) -> bool:
    """Whether this is a tensor, told by the names of its types alone.

    array_api_compat caches its look-up, and of each such cache torch.compile warns "Dynamo
    detected a call to a `functools.lru_cache`-wrapped function": 18 warnings for one kl_div.
    """
    kind = type(operand)
    library = plain_library(kind)
    if library is not None:
        return library == "torch"
    # Dynamo cannot iterate over the types of an int ("missing tp_iter").
    if isinstance(operand, int | float):
        return False
    return full_name(kind) in SUBCLASSES_OF_TENSORS or "torch" in map(plain_library, kind.__mro__)


def is_being_compiled(operand: object) -> bool:
    """Whether torch.compile is reading this very code, which keeps nothing that it remembers."""
    return is_torch_tensor(operand) and namespace_of(operand).compiler.is_compiling()


def traced(operand: Array, number: object) -> Any:
    """Number as it is, or as a tensor where torch.compile traces it as an array of NumPy."""
    if is_being_compiled(operand) and type(number).__module__ == "numpy":
        return namespace_of(operand).asarray(number)
    return number


def known_shape(array: Array) -> tuple[int | None, ...]:
    """Shape of an array, with None for a size that a lazy library does not know yet.

    The standard says None for such a size; Dask says float("nan").
    """
    return tuple(None if isinstance(size, float) else size for size in array.shape)


def sample_mask_shape(shape: Shape, axes: Axes) -> Shape:
    """Shape of a mask of samples: size 1 in the axes of a sample."""
    return tuple(1 if place in axes else size for place, size in enumerate(shape))


@dataclass(frozen=True, slots=True)
class Limits:
    """What `finfo` tells of a floating-point type."""

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
    return dtype.newbyteorder("=") if hasattr(dtype, "newbyteorder") else dtype


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


def is_autocast(xp: Namespace, array: Array) -> bool:
    """Whether torch computes losses of 16-bit tensors on this device in float32 here.

    Of "meta", torch says "unknown device type for autocast".
    """
    device = array.device.type
    return device != "meta" and bool(xp.is_autocast_enabled(device))


def cast(xp: Namespace, array: Array, dtype: DType) -> Array:
    """Array of another type, or the array itself: MLX's `astype` does not know ``copy=False``."""
    return array if array.dtype == dtype else xp.astype(array, dtype)
