"""Checks of the `dtype` option."""

from kldiv_xp._typing import DType, Namespace
from kldiv_xp.checks.arrays import is_float
from kldiv_xp.checks.remedies import module_of
from kldiv_xp.core.dtypes import native

# Names of real floats beside their own.
SPELLINGS = {
    "float16": ("half", "fp16", "f16", "f2", "e"),
    "bfloat16": ("bf16",),
    "float32": ("single", "fp32", "f32", "f4"),
    "float64": ("double", "fp64", "f64", "f8", "d", "float"),
}


def result_dtype(xp: Namespace, dtype: object) -> DType:
    """The library's dtype for the option; refuse all but its real floats.

    Raises
    ------
    TypeError
        If it is not a real floating-point dtype of at least 16 bits.
    """
    if isinstance(dtype, str) or not is_float_of(xp, dtype):
        message = (
            "`dtype` must be a real floating-point dtype of at least 16 bits, of the library of "
            f"`input`; got {dtype!r}: pass {meant(xp, dtype)}."
        )
        raise TypeError(message)
    if type(dtype) is type(xp.float32) and not isinstance(dtype, type):
        return dtype
    return native(xp.empty((0,), dtype=dtype).dtype)  # a class of numbers may stand for it


def is_float_of(xp: Namespace, dtype: object) -> bool:
    """Whether an object is a real float of the library, or a class of its numbers."""
    try:
        if isinstance(dtype, type):
            dtype = xp.empty((0,), dtype=dtype).dtype
        return is_float(xp, dtype)
    except (TypeError, ValueError, AttributeError):
        return False


def meant(xp: Namespace, dtype: object) -> str:
    """Code for the library's float that a name or another library's dtype means, else float32."""
    named = getattr(dtype, "__name__", None) or getattr(dtype, "name", None) or str(dtype)
    name = str(named).rpartition(".")[2].lstrip("<>=|").lower()
    if isinstance(dtype, str) and name == "float" and hasattr(xp, name):
        name = "float32"  # torch's
    full = next((full for full, short in SPELLINGS.items() if name in (full, *short)), "float32")
    return f"{module_of(xp)}.{full if hasattr(xp, full) else 'float32'}"
