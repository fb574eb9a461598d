"""Divergences from teachers known at some indices, by the way that their library allows.

`arrays` are input, indices, target and, if there is one, a mask with one element for every row.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, Gradient, by_backend
from kldiv_xp.core.evaluate_logits import evaluated
from kldiv_xp.core.facts import library_name
from kldiv_xp.core.indices import counted, entries_of
from kldiv_xp.core.run import constant, quiet, run
from kldiv_xp.formula.softmax import softened
from kldiv_xp.formula.sparse import SparseKL
from kldiv_xp.formula.sparse_student import Entries


def evaluate_sparse_samples(
    context: Context, arrays: Arrays, divergence: SparseKL, *, scaled: bool
) -> Array:
    """Divergence of every row at a temperature that may be an array, times its square if wanted."""
    temperature = divergence.temperature
    if isinstance(temperature, float):
        return evaluate_sparse(context, arrays, divergence)
    rows = evaluate_sparse(context, *softer(context, arrays, divergence))
    where = (one[..., 0] for one in arrays[3:])
    return evaluated(context, times_square, rows, temperature, *where) if scaled else rows


def softer(context: Context, arrays: Arrays, divergence: SparseKL) -> tuple[Arrays, SparseKL]:
    """Operands whose logits are divided by a temperature that is an array, for one of 1."""
    logits, indices, target, *where = arrays
    function = partial(softened, constant=partial(constant, context.facts))
    logits, target = (
        evaluated(context, function, array, divergence.temperature, *where) if divided else array
        for array, divided in zip((logits, target), divergence.of_logits, strict=True)
    )
    return (logits, indices, target, *where), replace(divergence, temperature=1.0)


def evaluate_sparse(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergence of every row, 0 where the mask is False, in the type that is computed in."""
    with quiet(context.facts, arrays[0]):
        rows = by_backend("sparse_divergences", context, arrays, divergence)
    if rows is not NotImplemented:
        return rows
    return plain_sparse_rows(context.working, arrays, divergence, entries_at_hand(context))


def entries_at_hand(context: Context) -> Entries:
    """Way to the entries at indices; refuse a library that has none."""
    if not hasattr(context.xp, "take_along_axis"):
        message = (
            f"{library_name(context.xp)} has no take_along_axis, by which logits are read at "
            "`indices`: pass a target for the whole vocabulary to kl_div_with_logits, or the "
            "arrays of another library."
        )
        raise NotImplementedError(message)
    entries: Entries = getattr(context.backend, "ENTRIES", entries_of(context))
    return entries


def plain_sparse_rows(
    working: DType, arrays: Arrays, divergence: SparseKL, entries: Entries
) -> Array:
    """Divergence of every row, by one expression of the whole arrays."""
    logits, indices, *others = arrays
    function = partial(sparse_rows, divergence, entries, indices=indices)
    return run_with(entries, function, working, working, logits, *others)


def plain_sparse_derivatives(
    working: DType,
    arrays: Arrays,
    divergence: SparseKL,
    entries: Entries,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, by one expression of whole arrays."""
    logits, indices, target, *where = arrays
    by_input, by_target = (
        run_with(
            entries,
            partial(sparse_derivatives, divergence, entries, place == 1, indices=indices),
            working,
            operand.dtype,
            logits,
            target,
            upstream,
            *where,
        )
        if want
        else None
        for place, (operand, want) in enumerate(zip((logits, target), wanted, strict=True))
    )
    return by_input, by_target


def run_with(
    entries: Entries,
    function: Callable[..., Array],
    working: DType,
    result_dtype: DType,
    logits: Array,
    *others: Array,
) -> Array:
    """Result of a function of logits and others, which are widened unless the entries do that."""
    if not entries.widens:
        return run(function, working, result_dtype, logits, *others)

    def of_others(xp: Namespace, *others: Array) -> Array:
        return function(xp, logits, *others)

    return run(of_others, working, result_dtype, *others)


def sparse_rows(
    divergence: SparseKL,
    entries: Entries,
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
    *,
    indices: Array,
) -> Array:
    """Divergence of every row, 0 where the mask is False."""
    operands = selected(divergence, xp, input, indices, target, where)
    rows = divergence.rows(xp, *operands, entries=entries)
    return rows if where is None else xp.where(where[..., 0], rows, 0.0)


def sparse_derivatives(
    divergence: SparseKL,
    entries: Entries,
    by_target: bool,
    xp: Namespace,
    input: Array,
    target: Array,
    upstream: Array,
    where: Array | None = None,
    *,
    indices: Array,
) -> Array:
    """Derivative of the divergences by one operand, times that of something by them."""
    operands = selected(divergence, xp, input, indices, target, where)
    derivative = divergence.gradient(xp, *operands, upstream, entries, by_target=by_target)
    return derivative if where is None else xp.where(where, derivative, 0.0)


def selected(
    divergence: SparseKL,
    xp: Namespace,
    input: Array,
    indices: Array,
    target: Array,
    where: Array | None,
) -> tuple[Array, Array, Array]:
    """Operands, with rows that make no NaN where the mask is False."""
    if where is None:
        return input, indices, target
    indices = selected_indices(xp, indices, where)
    return xp.where(where, input, 0.0), indices, xp.where(where, target, divergence.something)


def times_square(xp: Namespace, rows: Array, temperature: Array, *where: Array) -> Array:
    """Divergences times its square; masked ones have no gradient with respect to it."""
    rows = xp.multiply(xp.multiply(rows, temperature), temperature)
    return xp.where(*where, rows, 0.0) if where else rows


def selected_indices(xp: Namespace, indices: Array, where: Array) -> Array:
    """Indices, and the first of a row where the mask is False."""
    return xp.where(where, indices, counted(xp, indices.shape[-1], indices))
