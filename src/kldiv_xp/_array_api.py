"""The only door to array-api-compat, and what the array API standard leaves to be asked."""

from importlib import import_module

import array_api_compat

from kldiv_xp._backends import FACTS, full_name
from kldiv_xp._typing import Array, DType, Namespace

# The arrays of these types, and not those of a subclass, are what their library computes with.
PLAIN_TYPES = {
    ("numpy", "ndarray"): "numpy",
    ("numpy", "memmap"): "numpy",
    ("torch", "Tensor"): "torch",
    ("torch.nn.parameter", "Parameter"): "torch",
}

SUBCLASSES_OF_TENSORS = FACTS["torch"].bridges_of_subclasses

_plain_namespaces: dict[type, Namespace] = {}


def plain_namespace(kind: type) -> Namespace:
    """Namespace of arrays of this type, or None if it is not one of the plain types."""
    if kind not in _plain_namespaces:
        library = plain_library(kind)
        xp = import_module(f"array_api_compat.{library}") if library else None
        _plain_namespaces[kind] = xp
    return _plain_namespaces[kind]


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


def known_shape(array: Array) -> tuple[int | None, ...]:
    """Shape of an array, with None for a size that a lazy library does not know yet.

    The standard says None for such a size; Dask says float("nan").
    """
    return tuple(None if isinstance(size, float) else size for size in array.shape)


def working_dtype(xp: Namespace, dtype: DType) -> DType:
    """Type to compute and accumulate in: float32 for 16-bit floats, otherwise the type itself."""
    return xp.float32 if xp.finfo(dtype).bits < xp.finfo(xp.float32).bits else dtype


def promoted_dtype(xp: Namespace, left: DType, right: DType) -> DType:
    """Type that two floating-point types promote to.

    By `promote_types` where a library has it: for torch's 16-bit types array_api_compat's
    `result_type` makes tensors to ask, which torch.compile refuses ("torch.* op returned
    non-Tensor").
    """
    promote = xp.promote_types if hasattr(xp, "promote_types") else xp.result_type
    return promote(left, right)


def is_autocast(xp: Namespace, array: Array) -> bool:
    """Whether torch computes losses of 16-bit tensors on this device in float32 here.

    Of "meta", torch says "unknown device type for autocast".
    """
    device = array.device.type
    return device != "meta" and bool(xp.is_autocast_enabled(device))


def cast(xp: Namespace, array: Array, dtype: DType) -> Array:
    """Array of another type, or the array itself: MLX's `astype` does not know ``copy=False``."""
    return array if array.dtype == dtype else xp.astype(array, dtype)
