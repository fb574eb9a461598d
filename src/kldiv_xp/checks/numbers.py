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
