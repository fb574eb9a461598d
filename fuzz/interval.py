"""Interval of the right results: all that round from within the bound of the exact number."""

import math
from dataclasses import dataclass

import numpy as np
from mpmath import mp, mpf

from generate.rounding import rounded
from kldiv_conformance._formats import Format


@dataclass(frozen=True)
class Interval:
    """Exact number, and how far a correct result may be off before it is rounded."""

    exact: mpf
    bound: mpf

    def holds(self, value: float, form: Format, *, flushed: bool) -> bool:
        """Whether a number of the format is a correct result; `flushed` where subnormals are 0."""
        if flushed and value == 0 and abs(self.exact) - self.bound < form.smallest_normal:
            return True
        if mp.isnan(self.exact):
            return math.isnan(value)
        if not mp.isfinite(self.exact) or self.bound == 0:
            return value == rounded(self.exact, form)
        edges = (rounded(self.exact + move, form) for move in (-self.bound, self.bound))
        low, high = edges
        return low <= value <= high


def differences(
    found: np.ndarray, expected: np.ndarray, form: Format, *, flushed: bool
) -> list[str]:
    """Errors of a result, element by element."""
    assert found.shape == expected.shape, f"shape {found.shape} instead of {expected.shape}"
    return [
        f"{place}: got {float(found[place])!r}, exactly {mp.nstr(interval.exact, 20)}, "
        f"within {mp.nstr(interval.bound, 5)}"
        for place, interval in np.ndenumerate(expected)
        if not interval.holds(float(found[place]), form, flushed=flushed)
    ]
