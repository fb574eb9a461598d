"""Operations on blocks of rows of NumPy's arrays, with the bits of the formula's."""

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.numpy_reproducible_functions import LEAST_K, powers_of_parts
from kldiv_xp.backends.numpy_reproducible_terms import SHIFT
from kldiv_xp.formula.reproducible_functions import (
    BEYOND,
    EXPONENT_GRID,
    LN2_OF_PARTS,
    LOG2_E,
    LOG_OF_LARGEST,
    LOG_OF_TINY,
    PARTS,
    THIRD_POWER,
)
from kldiv_xp.formula.reproducible_rows import Operations
from kldiv_xp.formula.reproducible_sums import Sums, row_steps, total_of


class InBlocks(Operations):
    """Operations with powers from a table, and integers from the last bits of shifted numbers."""

    def exp(self, array: Array) -> Array:
        """As of the formula, in place where it can be."""
        xp = self.xp
        value = xp.clip(array, LOG_OF_TINY, LOG_OF_LARGEST)
        k = value * (PARTS * LOG2_E)
        xp.rint(k, out=k)
        # No index is that of a NaN, around which "wrap" would go for minutes.
        place = xp.fmax(k, float(LEAST_K)).astype(xp.intp)
        value -= xp.multiply(k, LN2_OF_PARTS, out=k)
        value *= EXPONENT_GRID * THIRD_POWER
        xp.rint(value, out=value)
        xp.multiply(value, value, out=k)
        k *= 0.5 / EXPONENT_GRID
        value += k
        value += EXPONENT_GRID
        value *= powers_of_parts(xp).take(place, mode="wrap", out=k)
        value[array < LOG_OF_TINY] = 0.0
        value[array > LOG_OF_LARGEST] = BEYOND
        return value

    def row_sum(self, array: Array) -> Array:
        """As of the formula, unless there are infinities or NaN."""
        xp = self.xp
        most = xp.maximum(array.max(axis=-1, keepdims=True), -array.min(axis=-1, keepdims=True))
        steps = row_steps(xp, most, array.shape[-1])
        if not (xp.isfinite(most).all() and steps.units.all()):
            return super().row_sum(array)
        whole = SHIFT * (steps.power / steps.units)
        part = whole / steps.units
        shifted = array + whole
        high = last_bits(xp, shifted, whole)
        shifted -= whole
        xp.subtract(array, shifted, out=shifted)
        shifted += part
        low = last_bits(xp, shifted, part)
        return total_of(xp, Sums(high[..., None], low[..., None], xp.zeros_like(most)), steps)


def last_bits(xp: Namespace, shifted: Array, shift: Array) -> Array:
    """Sums of rows of integers that were shifted, modulo 2^64."""
    bits = shifted.view("int64").sum(axis=-1)
    return bits - shift.view("int64")[..., 0] * shifted.shape[-1]
