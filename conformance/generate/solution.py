"""Expected results of a vector, and the conventions of other libraries that differ from them."""

import math
from dataclasses import dataclass

from kldiv_conformance._formats import FORMATS, Format, spacing

Floats = list[float]


@dataclass(frozen=True)
class Solution:
    """Expected values of each result, how far each may be off, and the conventions if any differ.

    `traces` are the magnitudes that an implementation may meet on its way.
    """

    expected: dict[str, Floats]
    error_bound: dict[str, Floats]
    conventions: dict[str, dict[str, Floats]]
    traces: list[float]


def settled(values: Floats, expected: Floats, bound: Floats, form: Format) -> Floats:
    """Values of a convention; those that differ by rounding alone are the expected ones.

    Two ulp are rounding alone in 16 bits, where torch rounds a sum before it divides it.
    """
    slack = 2 if form.precision < FORMATS["float32"].precision else 0
    return [
        target if is_close(value, target, max(reach, slack * ulp(target, form))) else value
        for value, target, reach in zip(values, expected, bound, strict=True)
    ]


def ulp(value: float, form: Format) -> float:
    """One ulp of a finite number."""
    return spacing(value, form) if math.isfinite(value) and value else 0.0


def is_close(value: float, expected: float, reach: float) -> bool:
    """Whether two numbers are the same up to `reach`; zeros of different sign are not."""
    if math.isnan(value) or math.isnan(expected):
        return math.isnan(value) and math.isnan(expected)
    if value == expected:
        return math.copysign(1.0, value) == math.copysign(1.0, expected)
    return abs(value - expected) <= reach


def differing(
    expected: dict[str, Floats], named: dict[str, dict[str, Floats]]
) -> dict[str, dict[str, Floats]]:
    """All conventions if one of them differs from the contract, otherwise none."""
    same = all(repr(values) == repr(expected) for values in named.values())
    return {} if same else {"kldiv_xp": expected} | named
