"""Teachers known at some indices, in torch tensors: one node with a closed derivative."""

from typing import Any

import torch

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.numpy import sparse as numpy_sparse
from kldiv_xp.backends.torch.internals import is_transformed
from kldiv_xp.backends.torch.numpy_views import (
    HOST,
    device_way,
    empty_tensor,
    is_differentiated,
    lent,
    memory_of,
    numpy_namespace,
    numpy_type,
    threads,
)
from kldiv_xp.backends.torch.saved_tensors import copied, keep, kept, savable
from kldiv_xp.backends.torch.storage import check_unchanged
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_sparse import plain_sparse_derivatives, plain_sparse_rows
from kldiv_xp.core.indices import BY_GATHER
from kldiv_xp.formula.sparse import SparseKL
from kldiv_xp.formula.sparse_student import Entries

NAMES = ("input", "indices", "target", "where")


def sparse_divergences(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergence of every row; in one node of the graph where a gradient is wanted."""
    place = memory_of(arrays, (), NAMES)
    arrays = savable(arrays) if place is not None else copied(arrays)
    if is_differentiated(*arrays) and not is_transformed():
        return SparseRows.apply(context.working, divergence, *arrays)
    return rows_of(context.working, divergence, arrays)


def sparse_gradient(
    context: Context,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives with respect to the wanted operands, each in the dtype of its operand."""
    place = memory_of(arrays, (upstream,), NAMES)
    arrays = savable(arrays) if place is not None else copied(arrays)
    return derivatives_of(context.working, divergence, arrays, upstream, wanted)


def sparse_with_gradient(
    context: Context, arrays: Arrays, divergence: SparseKL, upstream: Array
) -> Any:
    """Divergences of rows before both derivatives; those that are differentiated one by one."""
    place = memory_of(arrays, (upstream,), NAMES)
    if is_differentiated(*arrays, upstream):
        return NotImplemented
    arrays = savable(arrays) if place is not None else copied(arrays)
    working = context.working
    if place != HOST:
        known: list[Array] = []
        rows = rows_of(working, divergence, arrays, known)
        options = divergence, arrays, upstream, (True, True), known
        return rows, *derivatives_of(working, *options)
    tensors, memory = zip(
        empty_tensor(arrays[0].shape[:-1], working),
        *(empty_tensor(one.shape, one.dtype) for one in (arrays[0], arrays[2])),
        strict=True,
    )
    fill(working, divergence, arrays, (upstream,), numpy_sparse.SparseResults(*memory))
    return tensors


class SparseRows(torch.autograd.Function):
    """Divergences as one node that keeps the operands, and a few numbers of each row."""

    @staticmethod
    def forward(ctx: Any, working: DType, divergence: SparseKL, *arrays: Array) -> Array:
        """Divergence of every row."""
        keep(ctx, arrays)
        ctx.options, ctx.shapes = (working, divergence), [array.shape for array in arrays]
        ctx.known = []
        return rows_of(working, divergence, arrays, ctx.known)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression where they are differentiated."""
        arrays = kept(ctx)
        check_unchanged(arrays, ctx.shapes, NAMES)
        wanted = ctx.needs_input_grad[2], ctx.needs_input_grad[4]
        working, divergence = ctx.options
        upstream = upstream.unsqueeze(-1)
        by_input, by_target = derivatives_of(
            working, divergence, arrays, upstream, wanted, ctx.known
        )
        return None, None, by_input, None, by_target, *[None for _ in arrays[3:]]


def rows_of(
    working: DType, divergence: SparseKL, arrays: Arrays, known: list[Array] | None = None
) -> Array:
    """Divergence of every row, in the type that is computed in.

    Kernels add to `known` what the derivatives need of each row.
    """
    entries = entries_at(memory_of(arrays, (), NAMES), working, arrays, known)
    if entries is not None:
        return plain_sparse_rows(working, arrays, divergence, entries)
    rows, memory = empty_tensor(arrays[0].shape[:-1], working)
    fill(working, divergence, arrays, (), numpy_sparse.SparseResults(memory, None, None))
    return rows


def derivatives_of(
    working: DType,
    divergence: SparseKL,
    arrays: Arrays,
    upstream: Array,
    wanted: tuple[bool, bool],
    known: list[Array] | None = None,
) -> Gradient:
    """Derivatives with respect to input and target, if they are wanted."""
    place = memory_of(arrays, (upstream,), NAMES)
    if is_differentiated(*arrays, upstream):
        place = None
    entries = entries_at(place, working, arrays, known)
    if entries is not None:
        (upstream,) = copied((upstream,))
        return plain_sparse_derivatives(working, arrays, divergence, entries, upstream, wanted)
    by_input, by_target = (
        empty_tensor(operand.shape, operand.dtype) if want else (None, None)
        for operand, want in zip((arrays[0], arrays[2]), wanted, strict=True)
    )
    results = numpy_sparse.SparseResults(None, by_input[1], by_target[1])
    fill(working, divergence, arrays, (upstream,), results)
    return by_input[0], by_target[0]


def fill(
    working: DType,
    divergence: SparseKL,
    arrays: Arrays,
    upstream: Arrays,
    results: numpy_sparse.SparseResults,
) -> None:
    """Write results on the host."""
    xp, dtype = numpy_namespace(), numpy_type(working)
    memory, above = lent(*arrays), lent(*upstream)
    numpy_sparse.fill_sparse(xp, memory, divergence, above, results, dtype, threads)


def entries_at(
    place: str | None, working: DType, arrays: Arrays, known: list[Array] | None
) -> Entries | None:
    """Way to the entries at indices, by kernels where there are some; None on the host."""
    if place == HOST:
        return None
    way = device_way(place, arrays[:1])
    if way is None or way.compiler() is None:
        return BY_GATHER
    from kldiv_xp.backends.torch import cuda_sparse

    return cuda_sparse.device_entries(working, [] if known is None else known)
