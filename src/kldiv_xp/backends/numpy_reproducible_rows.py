"""Rows of logits with the same bits, of arrays of NumPy, and of memory that others lend."""

from collections.abc import Callable, Mapping
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.numpy_reproducible_blocks import Threads, cut
from kldiv_xp.backends.numpy_reproducible_functions import LEAST_K, powers_of_parts
from kldiv_xp.backends.numpy_reproducible_terms import SHIFT
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import cotangent_of
from kldiv_xp.core.evaluate_reproducible_rows import (
    WantedRows,
    completed_rows,
    rows,
    scaled_row_slope,
)
from kldiv_xp.formula.reproducible_functions import (
    BEYOND,
    EXPONENT_GRID,
    LN2_OF_PARTS,
    LOG2_E,
    LOG_OF_LARGEST,
    LOG_OF_TINY,
    PARTS,
    THIRD_POWER,
    Rounding,
)
from kldiv_xp.formula.reproducible_rows import Operations
from kldiv_xp.formula.reproducible_sums import Sums, row_steps, total_of
from kldiv_xp.host.blocks import Index, blocks
from kldiv_xp.host.sharing import share
from kldiv_xp.host.threads import check_setting

# Elements of a block, unless a row has more.
BLOCK = 1 << 14


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


def value(
    xp: Namespace, arrays: Arrays, wanted: WantedRows, divisor: Any, threads: Threads
) -> Array:
    """Divergences, or their sum over a number, rounded once."""
    found = xp.empty(tuple(arrays[0].shape[:-1]), dtype=xp.float64)

    def write(index: Index, *operands: Array) -> None:
        found[index] = rows(wanted.divergence, InBlocks(xp), *operands)

    each(xp, write, arrays, threads)
    with xp.errstate(all="ignore"):
        return xp.asarray(completed_rows(wanted, divisor, xp, found))


def fill_slopes(
    xp: Namespace,
    arrays: Arrays,
    ask: tuple[WantedRows, Any, Any],
    outputs: Mapping[int, tuple[Rounding, Any]],
    threads: Threads,
) -> None:
    """Write the derivatives with respect to operands, each with its rounding, into arrays."""
    wanted, divisor, upstream = ask
    with xp.errstate(all="ignore"):
        factor = cotangent_of(xp, xp.empty(0), divisor, upstream)

    def write(index: Index, *operands: Array) -> None:
        here = factor[index] if factor.ndim else factor
        for place, (rounding, result) in outputs.items():
            ask = place, wanted.divergence, rounding, InBlocks(xp)
            result[index] = scaled_row_slope(*ask, *operands, here)

    each(xp, write, arrays, threads)


def last_bits(xp: Namespace, shifted: Array, shift: Array) -> Array:
    """Sums of rows of integers that were shifted, modulo 2^64."""
    bits = shifted.view("int64").sum(axis=-1)
    return bits - shift.view("int64")[..., 0] * shifted.shape[-1]


def each(xp: Namespace, function: Callable[..., None], arrays: Arrays, threads: Threads) -> None:
    """Call a function of every block of rows, in threads."""
    check_setting()
    *shape, size = arrays[0].shape
    indices = blocks(shape, max(1, BLOCK // max(1, size)))

    def work(jobs: Any) -> None:
        with xp.errstate(all="ignore"):
            for job in jobs:
                function((*indices[job], ...), *cut(arrays, indices[job]))

    share(work, len(indices), threads() if len(indices) > 1 else 1)
