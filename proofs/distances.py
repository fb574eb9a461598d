"""How far every number that comes in question is from a tie of the grid it is rounded to.

Distances are in units of 2^-53. A guess that is off by less is rounded to the same number.
"""

import math

import numpy as np

from kldiv_xp.formula import reproducible_functions as functions

# What a library's float64 logarithm and exponential may be off by, in units in the last place.
TRUSTED_ULPS = 2.0
UNIT = 2.0**53
BITS_OF_LONGDOUBLE = 63


def mantissas() -> np.ndarray:
    """Every m in [0.75, 1.5) with which a float32 is m times a power of two."""
    below = np.arange(3 << 22, 1 << 24, dtype=np.int64) * 2.0**-24
    above = np.arange(1 << 23, 3 << 22, dtype=np.int64) * 2.0**-23
    return np.concatenate([below, above])


def steps() -> np.ndarray:
    """Every number whose exponential the library is asked for."""
    most = math.ceil(math.log(2) / 2 * functions.EXP_STEP) + 1
    return np.arange(-most, most + 1) / functions.EXP_STEP


def exact_type() -> type:
    """A wider type than float64, in which 64 bits are exact enough."""
    if np.finfo(np.longdouble).nmant < BITS_OF_LONGDOUBLE:
        message = "The proof needs NumPy's longdouble of 80 bits: run it on an x86 processor."
        raise SystemExit(message)
    return np.longdouble


def logarithms() -> dict[str, float]:
    """Distance of log(m) / (m - 1) to the next tie, and what a guess may be off by."""
    m = mantissas()
    m = m[m != 1]
    wide = exact_type()
    exact = np.log(m.astype(wide)) / (m - functions.BELOW_ONE).astype(wide)
    shifted = exact * wide(functions.RATIO_GRID) + wide(functions.RATIO_SHIFT)
    distance = np.abs(shifted - np.rint(shifted)).min() * UNIT / functions.RATIO_GRID
    unit = np.spacing(np.abs(np.log(m))) / np.abs(m - 1)
    # The logarithm, the division, and the sum with the shift.
    guess = TRUSTED_ULPS * float(unit.max()) * UNIT + 1.0 + 1.0
    # Of mantissas below 1 the last place is half as large.
    difference = np.abs(m - 1) * np.where(m < 1, 2.0**24, 2.0**23)
    product = (np.floor(shifted) * difference.astype(wide)).max()
    return {
        "distance": float(distance),
        "guess": guess,
        "bits of the product": math.log2(product),
    }


def exponentials() -> dict[str, float]:
    """The same of exp(k / 2^12)."""
    k, wide = steps(), exact_type()
    exact = np.exp(k.astype(wide))
    scaled = exact * wide(functions.EXP_GRID)
    away = np.abs(scaled - np.floor(scaled) - wide(0.5))[k != 0]
    guess = TRUSTED_ULPS * float(np.spacing(exact.astype("float64")).max()) * UNIT
    return {"distance": float(away.min() * UNIT / functions.EXP_GRID), "guess": guess}
