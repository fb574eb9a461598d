"""Numeric options, read without an array library."""

import math
from numbers import Integral, Real
from typing import Any

# The first two are what torch.compile knows of numbers whose value it keeps open. A tuple, for
# before torch 2.9 it reads no union.
NUMBER_TYPES = (int, float, Real)


def is_number(value: object) -> bool:
    """Whether a value is a real number of Python or a NumPy scalar, but no bool."""
    return isinstance(value, NUMBER_TYPES) and not isinstance(value, bool)


def nearest_float(number: Any) -> float:
    """The number as a float; infinite if it overflows."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def number_meant(value: Any) -> float | None:
    """The number that text, a number of another type, or a container of one says, or None."""
    if isinstance(value, list | tuple | set | frozenset) and len(value) == 1:
        return number_meant(next(iter(value)))
    if isinstance(value, bool | type):
        return None
    from fractions import Fraction  # which reads "1/2", and takes long to import

    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    # The value of an array is not read.
    if not isinstance(text, str) and (hasattr(text, "shape") or not hasattr(text, "__float__")):
        return float(text) if is_number(text) else None
    for read in (float, Fraction):
        try:
            return float(read(text))
        except (ValueError, TypeError, ArithmeticError):
            continue
    return None


def whole_number(value: Any) -> int | None:
    """A value as an int, if it is one or says one; None if not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):
        return int(value)
    number = nearest_float(value) if is_number(value) else number_meant(value)
    return int(number) if number is not None and number.is_integer() else None
