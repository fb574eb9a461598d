"""Numeric options, read without an array library."""

import math
from numbers import Real
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
    if not isinstance(text, str) and not hasattr(text, "__float__"):
        return None
    for read in (float, Fraction):
        try:
            return float(read(text))
        except (ValueError, TypeError, ArithmeticError):
            continue
    return None
