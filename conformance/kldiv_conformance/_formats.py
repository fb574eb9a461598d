"""The floating-point formats that vectors use, and distances between their numbers."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A binary format of IEEE 754, or bfloat16.

    Attributes
    ----------
    name : str
        Name of the dtype.
    precision : int
        Bits of the significand, the implicit one included.
    emin, emax : int
        Exponents of the smallest and of the largest normal number.
    """

    name: str
    precision: int
    emin: int
    emax: int

    @property
    def eps(self) -> float:
        """Distance from 1 to the next number."""
        return 2.0 ** (1 - self.precision)

    @property
    def smallest_normal(self) -> float:
        """Smallest positive number of full precision."""
        return math.ldexp(1.0, self.emin)

    @property
    def smallest_subnormal(self) -> float:
        """Smallest positive number."""
        return math.ldexp(1.0, self.emin - self.precision + 1)

    @property
    def largest(self) -> float:
        """Largest finite number."""
        return math.ldexp(2.0 - self.eps, self.emax)


FORMATS = {
    form.name: form
    for form in (
        Format("float16", 11, -14, 15),
        Format("bfloat16", 8, -126, 127),
        Format("float32", 24, -126, 127),
        Format("float64", 53, -1022, 1023),
    )
}


def spacing(value: float, form: Format) -> float:
    """Distance from a finite number to the next one away from zero: one ulp."""
    exponent = max(math.frexp(value)[1] - 1, form.emin) if value else form.emin
    return math.ldexp(1.0, exponent - form.precision + 1)


def is_representable(value: float, form: Format) -> bool:
    """Whether a Python float is a number of the format."""
    if math.isnan(value) or math.isinf(value):
        return True
    return abs(value) <= form.largest and (value / spacing(value, form)).is_integer()


def ordinal(value: float, form: Format) -> int:
    """Position of a number that is not NaN among all numbers of the format; both zeros are 0."""
    if math.isinf(value):
        position = 1 + ordinal(form.largest, form)
    else:
        exponent = max(math.frexp(value)[1] - 1, form.emin)
        normals = (exponent - form.emin) << (form.precision - 1)
        position = normals + int(abs(value) / spacing(value, form)) if value else 0
    return -position if value < 0 else position


def ulp_distance(left: float, right: float, form: Format) -> int:
    """How many steps from number to number lead from one to the other; infinity is a number."""
    return abs(ordinal(left, form) - ordinal(right, form))
