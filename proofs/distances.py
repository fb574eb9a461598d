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
    """Every integer that a mantissa may be multiplied by."""
    return np.arange(int(functions.STEPS / 1.5), int(functions.STEPS / 0.75) + 2.0)


def parts() -> np.ndarray:
    """Every integer k for which 2^(k / 2^8) is a number of float32, or nearly."""
    least = math.floor(functions.LOG_OF_TINY / functions.LN2_OF_PARTS)
    return np.arange(least - 1.0, 2.0**15 + 1)


def exact_type() -> type:
    """A wider type than float64, in which 64 bits are exact enough."""
    if np.finfo(np.longdouble).nmant < BITS_OF_LONGDOUBLE:
        message = "The proof needs NumPy's longdouble of 80 bits: run it on an x86 processor."
        raise SystemExit(message)
    return np.longdouble


def logarithms() -> dict[str, float]:
    """Distance of log(q / 2^15) / (q / 2^15 - 1) to the next tie, and the largest wrong guess."""
    q, wide = steps(), exact_type()
    ratio = q[q != functions.STEPS] / functions.STEPS
    exact = np.log(ratio.astype(wide)) / (ratio - 1).astype(wide)
    unit = np.spacing(np.abs(np.log(ratio))) / np.abs(ratio - 1)
    # The logarithm, and the division.
    guess = TRUSTED_ULPS * float(unit.max()) * UNIT + 1.0
    products = np.abs(q - functions.STEPS).max() * exact.max() * wide(functions.RATIO_GRID)
    return {
        "distance": distance(exact, functions.RATIO_GRID),
        "guess": guess,
        "bits of products": max(math.log2(products), bits_of_squares()),
    }


def bits_of_squares() -> float:
    """How many bits the square of m q - 2^15 may have, whose last is at least 2^-48."""
    m = mantissas()
    g = np.abs(m * np.rint(functions.STEPS / m) - functions.STEPS)
    last = np.where(m < 1, 2.0**-24, 2.0**-23)
    return 2 * math.log2(float((g / last).max()))


def exponentials() -> dict[str, float]:
    """The same of 2^(k / 2^8), for the k from which all others are made."""
    wide = exact_type()
    k = np.arange(-functions.PARTS / 2, functions.PARTS / 2 + 1)
    exact = np.exp2(k.astype(wide) / wide(functions.PARTS))
    # The rounding of the exponent, twice, and the exponential.
    guess = TRUSTED_ULPS * float(np.spacing(exact.astype("float64")).max()) * UNIT + 1.0
    largest = functions.EXPONENT_GRID * functions.LN2_OF_PARTS / 2 * (1 + 2.0**-20)
    return {
        "distance": distance(exact[k != 0], functions.EXP_GRID),
        "guess": guess,
        "bits of products": 2 * math.log2(largest * functions.THIRD_POWER),
    }


def distance(exact: np.ndarray, grid: float) -> float:
    """Of the number that is nearest to a tie."""
    scaled = exact * np.longdouble(grid)
    away = np.abs(scaled - np.floor(scaled) - np.longdouble(0.5))
    return float(away.min() * UNIT / grid)
