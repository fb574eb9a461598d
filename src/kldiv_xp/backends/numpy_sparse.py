"""Teachers known at some indices, in arrays of NumPy: block by block, of whole rows."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_sparse import (
    selected,
    selected_indices,
    sparse_derivatives,
    sparse_rows,
)
from kldiv_xp.core.indices import check_indices
from kldiv_xp.formula.sparse import SparseKL
from kldiv_xp.formula.sparse_student import Entries, Rest
from kldiv_xp.host.block_loops import each_block
from kldiv_xp.host.blocks import cache_sized_blocks
from kldiv_xp.host.threads import thread_count

Threads = Callable[[], int]


def sparse_divergences(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergence of every row, in the type that is computed in."""
    rows = context.xp.empty(arrays[0].shape[:-1], dtype=context.working)
    fill_rows(context.xp, arrays, divergence, rows, context.working, thread_count)
    return rows


def sparse_gradient(
    context: Context,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives with respect to the wanted operands, each in the dtype of its operand."""
    results = [
        context.xp.empty(operand.shape, dtype=native(operand.dtype)) if want else None
        for operand, want in zip((arrays[0], arrays[2]), wanted, strict=True)
    ]
    options = divergence, upstream, results, context.working
    fill_derivatives(context.xp, arrays, *options, thread_count)
    return results[0], results[1]


def fill_rows(
    xp: Namespace,
    arrays: Arrays,
    divergence: SparseKL,
    rows: Array,
    working: DType,
    threads: Threads,
) -> None:
    """Write the divergence of every row, whose indices are looked at first.

    Blocks of logits give a few numbers of each row, and what is left has the size of the teacher:
    done with each 8 rows of 32000, it took as long for 64 entries of a row as the logits.
    """

    def seen(xp: Namespace, *block: Array) -> list[Array]:
        logits, indices, target, *where = block
        if indices.size:
            looked_at = selected_indices(xp, indices, where[0]) if where else indices
            check_indices(xp, looked_at, logits.shape[-1])
        mask = where[0] if where else None
        logits, indices, _ = selected(divergence, xp, logits, indices, target, mask)
        rest = ENTRIES.rest(xp, put, logits, indices, divergence.temperature)
        return [ENTRIES.take(xp, logits, indices), rest.most, rest.total]

    def function(xp: Namespace, *block: Array) -> list[Array]:
        chosen, indices, target, most, total, *where = block
        rest = Rest(most, total, partial(put, xp))  # only derivatives are spread
        entries = Entries(put, lambda *_: chosen, lambda *_: rest)
        return [sparse_rows(divergence, entries, xp, chosen, target, *where, indices=indices)]

    _, indices, target, *where = arrays
    shapes = target.shape, *[(*rows.shape, 1)] * 2
    chosen, *rest = [xp.empty(shape, dtype=working) for shape in shapes]
    in_blocks(xp, seen, arrays, [chosen, *rest], working, threads)
    in_blocks(xp, function, (chosen, indices, target, *rest, *where), [rows], working, threads)


def fill_derivatives(
    xp: Namespace,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Array,
    derivatives: list[Array | None],
    working: DType,
    threads: Threads,
) -> None:
    """Write the derivatives with respect to input and target, those that are not None."""

    def function(xp: Namespace, *block: Array) -> list[Array]:
        logits, indices, target, upstream, *where = block
        operands = logits, target, upstream, *where
        derivative = partial(sparse_derivatives, divergence, ENTRIES)
        return [
            derivative(place == 1, xp, *operands, indices=indices)
            for place, result in enumerate(derivatives)
            if result is not None
        ]

    operands = *arrays[:3], upstream, *arrays[3:]
    wanted = [result for result in derivatives if result is not None]
    in_blocks(xp, function, operands, wanted, working, threads)


def in_blocks(
    xp: Namespace,
    function: Callable[..., list[Array]],
    operands: Arrays,
    results: list[Array],
    working: DType,
    threads: Threads,
) -> None:
    """Write what a function of rows returns, for as many as fill a block of the first operand."""
    shape = operands[0].shape
    indices = cache_sized_blocks(xp, shape, working, len(shape) - 1)

    def write(job: int, values: list[Array]) -> bool:
        for result, value in zip(results, values, strict=True):
            result[(*indices[job], ...)] = value
        return True

    each_block(xp, [([function], write)], indices, operands, working, threads)


def put(xp: Namespace, array: Array, indices: Array, values: Array | float) -> Array:
    """Copy of an array with other values at the indices."""
    copy = xp.add(array, 0.0)
    xp.put_along_axis(copy, indices, values, axis=-1)
    return copy


ENTRIES = Entries(put)
