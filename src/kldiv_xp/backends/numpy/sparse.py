"""Teachers known at some indices, in arrays of NumPy: block by block, of whole rows."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.backends.numpy.few_axes import with_few_axes
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_sparse import selected, sparse_derivatives, sparse_rows
from kldiv_xp.core.given_teachers import check_sums
from kldiv_xp.core.indices import check_indices
from kldiv_xp.formula.sparse import SparseKL
from kldiv_xp.formula.sparse_student import Entries, Rest
from kldiv_xp.host.block_loops import each_block
from kldiv_xp.host.blocks import cache_sized_blocks
from kldiv_xp.host.threads import thread_count

Threads = Callable[[], int]
BY_INPUT, BY_TARGET = False, True


def sparse_divergences(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergence of every row, in the type that is computed in."""
    rows = context.xp.empty(arrays[0].shape[:-1], dtype=context.working)
    results = SparseResults(rows, None, None)
    fill_sparse(context.xp, arrays, divergence, (), results, context.working, thread_count)
    return rows


def sparse_gradient(
    context: Context,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives with respect to the wanted operands, each in the dtype of its operand."""
    by_input, by_target = (
        context.xp.empty(operand.shape, dtype=native(operand.dtype)) if want else None
        for operand, want in zip((arrays[0], arrays[2]), wanted, strict=True)
    )
    options = divergence, (upstream,), SparseResults(None, by_input, by_target), context.working
    fill_sparse(context.xp, arrays, *options, thread_count)
    return by_input, by_target


def sparse_with_gradient(
    context: Context, arrays: Arrays, divergence: SparseKL, upstream: Array
) -> Arrays:
    """Divergences of rows before both derivatives."""
    xp, working = context.xp, context.working
    results = SparseResults(
        xp.empty(arrays[0].shape[:-1], dtype=working),
        *(xp.empty(one.shape, dtype=native(one.dtype)) for one in (arrays[0], arrays[2])),
    )
    fill_sparse(xp, arrays, divergence, (upstream,), results, working, thread_count)
    return results


class SparseResults(NamedTuple):
    """Memory of what is wanted: divergences of rows, and derivatives."""

    rows: Array | None
    by_input: Array | None
    by_target: Array | None


def fill_sparse(
    xp: Namespace,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Arrays,
    results: SparseResults,
    working: DType,
    threads: Threads,
) -> None:
    """Write results from one pass over the logits, whose indices are looked at first.

    Blocks of logits give a few numbers per row and the derivative with respect to input. The rest
    has the size of the teacher: done with each 8 rows of 32000, it took as long for 64 entries of a
    row as the logits.
    """
    joined = partial(with_few_axes, arrays[0].ndim)
    arrays, upstream, results = joined(arrays), joined(upstream), SparseResults(*joined(results))
    rows, by_input, by_target = results
    _, indices, target, *where = arrays
    shapes = target.shape, *[(*target.shape[:-1], 1)] * 2
    seen = [xp.empty(shape, dtype=working) for shape in shapes]
    function = partial(of_logits, divergence, len(upstream) if by_input is not None else 0)
    written = seen if by_input is None else [*seen, by_input]
    above = () if by_input is None else upstream
    in_blocks(xp, function, (*arrays[:3], *above, *where), written, working, threads)
    written = [one for one in (rows, by_target) if one is not None]
    above = () if by_target is None else upstream
    function = partial(of_teacher, divergence, rows is not None, len(above))
    operands = seen[0], indices, target, *seen[1:], *above, *where
    if written:
        in_blocks(xp, function, operands, written, working, threads)


def of_logits(divergence: SparseKL, count: int, xp: Namespace, *block: Array) -> list[Array]:
    """Logits at the indices, largest and total of the others, and the derivative if it is wanted.

    It is if there is a cotangent among the arrays.
    """
    logits, indices, target, *others = block
    above, where = others[:count], others[count:]
    mask = where[0] if where else None
    logits, places, _ = selected(divergence, xp, logits, indices, target, mask)
    if indices.size:
        check_indices(xp, places, logits.shape[-1])
        check_sums(xp, target, divergence, mask)
    rest = ENTRIES.rest(xp, put, logits, places, divergence.temperature)
    chosen = ENTRIES.take(xp, logits, places)
    operands = chosen, target, *above, *where
    derivatives = [
        sparse_derivatives(
            divergence, known(chosen, rest), BY_INPUT, xp, *operands, indices=indices
        )
        for _ in above
    ]
    return [chosen, rest.most, rest.total, *derivatives]


def of_teacher(
    divergence: SparseKL, with_rows: bool, count: int, xp: Namespace, *block: Array
) -> list[Array]:
    """Divergences of rows if wanted, and derivatives with respect to target given a cotangent."""
    chosen, indices, target, most, total, *others = block
    above, where = others[:count], others[count:]
    entries = known(chosen, Rest(most, total, partial(put, xp)))  # nothing is spread
    results = [
        sparse_derivatives(
            divergence, entries, BY_TARGET, xp, chosen, target, *above, *where, indices=indices
        )
        for _ in above
    ]
    if not with_rows:
        return results
    return [sparse_rows(divergence, entries, xp, chosen, target, *where, indices=indices), *results]


def known(chosen: Array, rest: Rest) -> Entries:
    """Entries of logits that have been read."""
    return Entries(put, lambda *_: chosen, lambda *_: rest)


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

    works = [([function], write)]
    each_block(xp, works, indices, operands, working, threads, whole_rows=True)


def put(xp: Namespace, array: Array, indices: Array, values: Array | float) -> Array:
    """Copy of an array with other values at the indices."""
    copy = xp.add(array, 0.0)
    xp.put_along_axis(copy, indices, values, axis=-1)
    return copy


ENTRIES = Entries(put)
