"""Derivatives of divergences from hidden states, of logits that are made block by block."""

from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast, limits
from kldiv_xp.core.evaluate import by_backend
from kldiv_xp.core.evaluate_linear import (
    Heads,
    LinearDivergence,
    blocks,
    evaluate_block,
    operands_of,
    selected_states,
)
from kldiv_xp.core.evaluate_row_derivatives import evaluate_row_derivatives
from kldiv_xp.core.evaluate_sparse_gradient import evaluate_sparse_derivatives
from kldiv_xp.core.run import quiet
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.sparse import SparseKL

BY_LOGITS = (True, False)


class LinearGradient(NamedTuple):
    """Derivatives with respect to hidden states, weight and bias, and the rows, if wanted."""

    by_input: Array
    by_weight: Array
    by_bias: Array | None
    rows: Array | None = None


def evaluate_linear_gradient(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    *,
    with_rows: bool,
) -> LinearGradient:
    """Derivatives of all rows times the cotangent of each, a matrix with one column."""
    with quiet(context.facts, heads.input):
        found = by_backend("linear_gradient", context, heads, divergence, upstream, with_rows)
        if found is not NotImplemented:
            return LinearGradient(*found)
        unit = unit_of_rows(context, heads, upstream)
        factor = upstream if unit is None else upstream / unit
        plain = gradient_in_blocks(context, heads, divergence, factor, with_rows)
        if unit is None:
            return plain
        by_bias = None if plain.by_bias is None else times_unit(context, plain.by_bias, unit)
        sums = times_unit(context, plain.by_input, unit), times_unit(context, plain.by_weight, unit)
        return LinearGradient(*sums, by_bias, plain.rows)


def unit_of_rows(context: Context, heads: Heads, upstream: Array) -> Array | None:
    """Largest finite cotangent of a selected row, where logits have 16 bits, else None.

    Over the number of tokens most of a derivative would be 0 there.
    """
    xp = context.xp
    if limits(xp, heads.input.dtype).bits >= limits(xp, context.working).bits:
        return None
    counted = xp.isfinite(upstream)
    if heads.where is not None:
        counted = xp.logical_and(counted, heads.where)
    sizes = xp.where(counted, xp.abs(upstream), 0.0)
    every = by_backend("in_every_process", context, sizes)
    largest = xp.max(sizes if every is NotImplemented else every)
    return xp.where(largest == 0, 1.0, largest)


def times_unit(context: Context, derivative: Array, unit: Array) -> Array:
    """Derivative times a number, in the type that is computed in."""
    return cast(context.xp, derivative, context.working) * unit


def gradient_in_blocks(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    with_rows: bool,
) -> LinearGradient:
    """Derivatives of one block of rows after the other, concatenated or added up."""
    xp, working = context.xp, context.working
    found = []
    sums: list[Array] = []
    for block in blocks(heads, on_device=context.facts.has_memory_of_devices):
        rows, derivative, states = block_gradient(
            context, heads.cut(block), divergence, upstream[block, :], with_rows
        )
        found.append((xp.matmul(derivative, heads.weight), rows))
        product = xp.matmul(derivative.T, states)
        parts = cast(xp, product, working), xp.sum(cast(xp, derivative, working), axis=0)
        sums = [one + part for one, part in zip(sums, parts, strict=True)] if sums else [*parts]
        del derivative, states, product, parts
    by_input, rows = (joined_blocks(xp, one) for one in zip(*found, strict=True))
    return LinearGradient(by_input, sums[0], None if heads.bias is None else sums[1], rows)


def block_gradient(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    with_rows: bool,
) -> tuple[Array | None, Array, Array]:
    """Rows of a block, if wanted; the derivatives with respect to its logits; hidden states."""
    arrays = operands_of(context.xp, heads)
    rows = evaluate_block(context, arrays, divergence) if with_rows else None
    states = selected_states(context.xp, heads)
    if isinstance(divergence, SparseKL):
        derivative, _ = evaluate_sparse_derivatives(
            context, arrays, divergence, upstream, BY_LOGITS
        )
    else:
        options = context, arrays, divergence, Scale(), (upstream,), BY_LOGITS
        derivative, _ = evaluate_row_derivatives(*options)
    return rows, derivative, states


def joined_blocks(xp: Namespace, parts: tuple[Array | None, ...]) -> Array | None:
    """Arrays of blocks one after the other, None of what there is not."""
    if parts[0] is None:
        return None
    return parts[0] if len(parts) == 1 else xp.concat(parts)
