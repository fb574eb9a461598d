"""Rows of logits with the same bits, of arrays of NumPy, and of memory that others lend."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.numpy.reproducible.blocks import Threads, cut
from kldiv_xp.backends.numpy.reproducible.operations import InBlocks
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import cotangent_of
from kldiv_xp.core.evaluate_reproducible_rows import (
    Divergence,
    WantedRows,
    completed_rows,
    rows,
    scaled_row_derivatives,
    without_tiny,
)
from kldiv_xp.formula.reproducible_functions import Rounding
from kldiv_xp.fused.choice import engine_for
from kldiv_xp.host.blocks import Index, block_indices
from kldiv_xp.host.sharing import share
from kldiv_xp.host.threads import check_setting

# Elements of a block, unless a row has more: in blocks of 1 << 14 a divergence takes 1.5 times
# as long, and in blocks of 1 << 17 a Jensen-Shannon divergence 2.4 times.
BLOCK = 1 << 16

Outputs = Mapping[int, tuple[Rounding, Any]]


def value(
    xp: Namespace, arrays: Arrays, wanted: WantedRows, divisor: Any, threads: Threads
) -> Array:
    """Divergences, or their sum over a number, rounded once."""
    found = xp.empty(tuple(arrays[0].shape[:-1]), dtype=xp.float64)

    def write(loops: Any, index: Index, *operands: Array) -> None:
        found[index] = rows_of_block(xp, loops, wanted.divergence, operands)

    each(xp, write, arrays, threads)
    with xp.errstate(all="ignore"):
        return xp.asarray(completed_rows(wanted, divisor, xp, found))


def rows_of_block(xp: Namespace, loops: Any, divergence: Divergence, operands: Arrays) -> Array:
    """Divergence of every row: by the loops, and of those that are not ordinary without."""
    found = None if loops is None else loops.divergences(xp, divergence, operands[:2])
    if found is None:
        return rows(divergence, InBlocks(xp, divergence.temperature), *widened(operands))
    for mask in operands[2:]:
        xp.copyto(found, 0.0, where=~mask[..., 0])
    is_odd = xp.isnan(found)
    if is_odd.any():
        odd = (one[is_odd] for one in widened(operands))
        found[is_odd] = rows(divergence, InBlocks(xp, divergence.temperature), *odd)
    return without_tiny(xp, found)


def fill_derivatives(
    xp: Namespace,
    arrays: Arrays,
    ask: tuple[WantedRows, Any, Any],
    outputs: Outputs,
    threads: Threads,
) -> None:
    """Write the derivatives with respect to operands, each with its rounding, into arrays."""
    wanted, divisor, upstream = ask
    with xp.errstate(all="ignore"):
        # An array, whose memory lasts as long as it does: that of a number of NumPy does not.
        factor = xp.asarray(cotangent_of(xp, xp.empty(0), divisor, upstream))

    def write(loops: Any, index: Index, *operands: Array) -> None:
        here = factor[index][..., None] if factor.ndim else factor
        roundings = {place: rounding for place, (rounding, _) in outputs.items()}
        found = derivatives_of_block(xp, loops, wanted.divergence, roundings, operands, here)
        for place, (_, result) in outputs.items():
            result[index] = found[place]

    each(xp, write, arrays, threads)


def derivatives_of_block(
    xp: Namespace,
    loops: Any,
    divergence: Divergence,
    roundings: Mapping[int, Rounding],
    operands: Arrays,
    factor: Array,
) -> Mapping[int, Array]:
    """Derivatives in float32, by the same ways."""
    found = {}
    if loops is not None:
        shape = tuple(operands[0].shape)
        found = {place: xp.empty(shape, dtype=xp.float32) for place in roundings}
        results = {place: (one, found[place]) for place, one in roundings.items()}
        found = found if loops.fill_derivatives(divergence, operands[:2], factor, results) else {}
    if not found:
        of = InBlocks(xp, divergence.temperature)
        return scaled_row_derivatives(divergence, roundings, of, *widened(operands), factor)
    for mask in operands[2:]:
        for one in found.values():
            xp.copyto(one, 0.0, where=~mask)
    is_odd = xp.isnan(sum(one.max(axis=-1) for one in found.values()))
    if is_odd.any():
        odd = [one[is_odd] for one in widened(operands)]
        here = factor[is_odd] if factor.ndim else factor
        of = InBlocks(xp, divergence.temperature)
        of_odd = scaled_row_derivatives(divergence, roundings, of, *odd, here)
        for place, one in of_odd.items():
            found[place][is_odd] = one
    return found


def widened(operands: Sequence[Array]) -> list[Array]:
    """Arrays of NumPy, where there are tensors of 16 bits."""
    return [one[...] if hasattr(one, "lent") else one for one in operands]


def each(xp: Namespace, function: Callable[..., None], arrays: Arrays, threads: Threads) -> None:
    """Call a function (loops, index, *blocks) of every block of rows, in threads."""
    check_setting()
    *shape, size = arrays[0].shape
    engine = engine_for(math.prod(shape) * size)
    loops = None if engine is None else engine.same_bits_row_loops
    indices = block_indices(shape, max(1, BLOCK // max(1, size)))

    def work(jobs: Any) -> None:
        with xp.errstate(all="ignore"):
            for job in jobs:
                index = indices[job]
                block = cut(arrays, index, is_for_loops=loops is not None)
                function(loops, (*index, ...), *block)

    share(work, len(indices), threads() if len(indices) > 1 else 1)
