"""Remedies for operands of two libraries: code that converts one of them."""

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.checks.remedies import say, words_of
from kldiv_xp.core.dtypes import added_limits, native
from kldiv_xp.core.namespaces import namespace_of


def for_other_library(first: tuple[str, Array], second: tuple[str, Array]) -> str:
    """Remedy for operands of two libraries: convert the one of NumPy, or else the second."""
    (kept, left), (moved, right) = first, second
    if words_of(namespace_of(left)).yields:
        (kept, left), (moved, right) = second, first
    into, words = namespace_of(left), words_of(namespace_of(right))
    word = "from_numpy" if words.exports_numpy else "from_other"
    return f"convert one of them, {say(into, word, exported(into, moved, right), y=kept)}"


def exported(into: Namespace, name: str, array: Array) -> str:
    """Code that exports an array so that another library accepts it."""
    xp = namespace_of(array)
    words, code = words_of(xp), words_of(xp).exported.format(x=name)
    if words.exports_numpy:
        return exported_of_numpy(into, code, array)
    if str(array.dtype).endswith("bfloat16") and not hasattr(into, "bfloat16"):
        code = say(xp, "as_float", code)
    if words_of(into).takes_compact_memory and not is_compact(array):
        code = f"{code}{words.compact}"
    return code


def exported_of_numpy(into: Namespace, code: str, array: Array) -> str:
    """Code that prepares a NumPy array whose dtype or memory another library does not accept."""
    words = words_of(into)
    if words.exports_numpy:
        return code
    name = taken_type(into, array.dtype)
    if name != array.dtype.name or native(array.dtype) != array.dtype:
        return f'numpy.asarray({code}, dtype="{name}")'
    if not words.shares_memory_of_numpy or not hasattr(array, "strides"):
        return code
    if not hasattr(array, "__setitem__"):  # a scalar of NumPy
        return f"numpy.asarray({code})"
    return code if is_lendable(array) else f"{code}.copy()"


def taken_type(into: Namespace, dtype: DType) -> str:
    """Name of a NumPy dtype, or of the nearest one that another library has."""
    if added_limits(dtype) and words_of(into).shares_memory_of_numpy:
        return "float32"
    name: str = native(dtype).name
    if hasattr(into, name) or dtype.kind not in "fV":
        return name
    return "float64" if dtype.char == "g" else "float32"


def is_compact(array: Array) -> bool:
    """Whether a tensor is contiguous; True for other arrays."""
    return not hasattr(array, "is_contiguous") or bool(array.is_contiguous())


def is_lendable(array: Array) -> bool:
    """Whether another library can share a NumPy array's memory."""
    size = array.dtype.itemsize
    return bool(array.flags.writeable) and all(
        step >= 0 and step % size == 0 for step in array.strides
    )
