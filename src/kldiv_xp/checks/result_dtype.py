"""Checks of the `dtype` option."""

from kldiv_xp._typing import DType, Namespace
from kldiv_xp.checks.arrays import is_float
from kldiv_xp.checks.remedies import module_of
from kldiv_xp.core.dtypes import native


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
            f"`input`; got {dtype!r}: pass {module_of(xp)}.float32."
        )
        raise TypeError(message)
    if type(dtype) is type(xp.float32) and not isinstance(dtype, type):
        return dtype
    return native(xp.empty((0,), dtype=dtype).dtype)  # a class of numbers may stand for it


def is_float_of(xp: Namespace, dtype: object) -> bool:
    """Whether an object is a real floating-point dtype of the library."""
    try:
        return is_float(xp, dtype)
    except (TypeError, ValueError, AttributeError):
        return False
