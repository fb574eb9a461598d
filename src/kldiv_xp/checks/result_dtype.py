"""Checks of the `dtype` option."""

from kldiv_xp._typing import DType, Namespace
from kldiv_xp._warnings import warn
from kldiv_xp.checks.arrays import is_float
from kldiv_xp.checks.remedies import module_of
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.facts import facts_about

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
    made = native(made_dtype(xp, dtype))
    if facts_about(xp).may_lack_float64 and made != xp.dtype(dtype):
        message = (
            f"dtype={module_of(xp)}.float64 gives {made} while jax_enable_x64 is off: call "
            'jax.config.update("jax_enable_x64", True) at the start of the program, or pass '
            f"{module_of(xp)}.{made}."
        )
        warn(message, UserWarning)
    return made


def made_dtype(xp: Namespace, dtype: object) -> DType:
    """The library's dtype for one of its own or a class of numbers; no warning is given here."""
    if not facts_about(xp).may_lack_float64:
        return xp.empty((0,), dtype=dtype).dtype
    asked, default = xp.dtype(dtype), xp.asarray(0.0).dtype
    return default if asked == xp.dtype("float64") else asked


def is_float_of(xp: Namespace, dtype: object) -> bool:
    """Whether an object is a real float of the library, or a class of its numbers."""
    try:
        if isinstance(dtype, type):
            dtype = made_dtype(xp, dtype)
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
