"""Blocks of logits made of hidden states in torch: divergences of their rows, and derivatives."""

import torch

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.torch import sparse
from kldiv_xp.backends.torch.eager_logits import row_derivatives
from kldiv_xp.backends.torch.row_ways import way_of
from kldiv_xp.core.context import Context, plain_context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_linear import (
    Heads,
    LinearDivergence,
    blocks,
    operands_of,
    selected_states,
)
from kldiv_xp.core.evaluate_rows import plain_derivatives, plain_rows
from kldiv_xp.core.evaluate_sparse import plain_sparse_derivatives, plain_sparse_rows
from kldiv_xp.core.indices import BY_GATHER
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.sparse import SparseKL

Derivatives = tuple[Array, Array, Array]


def derivatives_of(
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    by_states: bool,
    by_head: bool,
) -> Derivatives:
    """Derivatives with respect to input, weight and bias, each empty where it is not wanted."""
    unit = unit_of(heads, upstream)
    factors = upstream if unit is None else upstream / unit
    wide = wide_derivatives_of(heads, divergence, factors, by_states, by_head)
    return in_dtypes_of(heads, wide if unit is None else times(wide, unit))


def unit_of(heads: Heads, upstream: Array) -> Array | None:
    """Largest finite cotangent of a row, for float16 derivatives, else None.

    One over the number of tokens makes most of a gradient 0, a loss scale makes some infinite.
    """
    if torch.float16 not in (heads.input.dtype, heads.weight.dtype) or not upstream.numel():
        return None
    sizes = upstream if heads.where is None else upstream.where(heads.where[..., 0], 0.0)
    return sizes.abs().nan_to_num(0.0, 0.0).amax().clamp(torch.finfo(upstream.dtype).tiny)


def times(derivatives: Derivatives, factor: Array) -> Derivatives:
    """Derivatives times a number, which keeps its own type: 65536 is infinite in float16."""
    by_input, by_weight, by_bias = (one * factor for one in derivatives)
    return by_input, by_weight, by_bias


def in_dtypes_of(heads: Heads, derivatives: Derivatives) -> Derivatives:
    """Derivatives in the dtypes of input and weight."""
    by_input, *sums = derivatives
    return by_input.to(heads.input.dtype), *(one.to(heads.weight.dtype) for one in sums)


def wide_derivatives_of(
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    by_states: bool,
    by_head: bool,
    rows: Array | None = None,
) -> Derivatives:
    """The same; those by weight and bias, which are sums, in the type that is computed in.

    The divergence of every row is written into `rows`, if it is there.
    """
    context = context_of(heads)
    sums = empty_derivatives(heads, by_states, by_head, context.working)
    for block in blocks(heads, on_device=heads.input.is_cuda):
        written = None if rows is None else rows[block]
        places = sums[0][block] if by_states else None, *(sums[1:] if by_head else (None, None))
        add_derivatives(context, heads.cut(block), divergence, upstream[block], places, written)
    return sums


def empty_derivatives(heads: Heads, by_states: bool, by_head: bool, dtype: DType) -> Derivatives:
    """Tensors for the derivatives, without elements where they are not wanted."""
    size, width = heads.weight.shape if by_head else (0, 0)
    by_input = torch.empty_like(heads.input if by_states else heads.input[:0])
    by_weight = heads.weight.new_zeros((size, width), dtype=dtype)
    return by_input, by_weight, heads.weight.new_zeros((size,), dtype=dtype)


def add_derivatives(
    context: Context,
    block: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    places: tuple[Array | None, ...],
    rows: Array | None,
) -> None:
    """Write what belongs to a block of rows alone, and add what others have a part in.

    A function of its own, so that the logits are gone when those of the next block are made.
    """
    arrays = operands_of(context.xp, block)
    if rows is not None:
        rows.copy_(rows_of_block(context, arrays, divergence))
    derivative = derivatives_of_block(context, arrays, divergence, upstream.unsqueeze(-1))
    del arrays
    by_input, by_weight, by_bias = places
    if by_input is not None:
        torch.mm(derivative, block.weight, out=by_input)
    if by_weight is not None and by_bias is not None:
        add_product(by_weight, derivative.T, selected_states(context.xp, block))
        by_bias += derivative.sum(0, dtype=by_bias.dtype)


def add_product(result: Array, left: Array, right: Array) -> None:
    """Add a product of matrices, which may be narrower."""
    if result.dtype == left.dtype:
        result.addmm_(left, right)
    elif left.is_cuda and hasattr(torch.ops.aten.addmm, "dtype_out"):
        # In one pass 36 ms, and 41 with the product apart, for 128256 classes of 2048 bfloat16.
        torch.addmm(result, left, right, out_dtype=result.dtype, out=result)
    else:
        result += left @ right


def rows_of_block(context: Context, arrays: Arrays, divergence: LinearDivergence) -> Array:
    """Divergence of every row of a block."""
    if isinstance(divergence, SparseKL):
        return sparse.rows_of(context.working, divergence, arrays)
    way = way_of(arrays)
    if way is None:
        return plain_rows(context, arrays, divergence)
    rows: Array = way.divergences_of(context, divergence, *arrays)
    return rows


def derivatives_of_block(
    context: Context, arrays: Arrays, divergence: LinearDivergence, upstream: Array
) -> Array:
    """Derivatives with respect to the logits of a block, in their type."""
    wanted = True, False
    if isinstance(divergence, SparseKL):
        return sparse.derivatives_of(context.working, divergence, arrays, upstream, wanted)[0]
    return row_derivatives(context, arrays, divergence, Scale(), (upstream,), wanted)[0]


def context_of(heads: Heads) -> Context:
    """Context of logits and their target, told from their types."""
    return plain_context(heads.input[:0, :0], heads.target[:0, :0])


def plain_divergences(context: Context, heads: Heads, divergence: LinearDivergence) -> Array:
    """Divergence of every row, of all logits at once, by expressions that torch differentiates."""
    arrays = operands_of(context.xp, heads)
    if isinstance(divergence, SparseKL):
        return plain_sparse_rows(context.working, arrays, divergence, BY_GATHER)
    return plain_rows(context, arrays, divergence)


def plain_gradient(heads: Heads, divergence: LinearDivergence, upstream: Array) -> Derivatives:
    """The derivatives of all rows at once, by expressions that torch differentiates."""
    context = context_of(heads)
    arrays = operands_of(context.xp, heads)
    derivative = plain_derivative(context, arrays, divergence, upstream.unsqueeze(-1))
    states = selected_states(context.xp, heads)
    return derivative @ heads.weight, derivative.T @ states, derivative.sum(0)


def plain_derivative(
    context: Context, arrays: Arrays, divergence: LinearDivergence, upstream: Array
) -> Array:
    """Derivative with respect to all logits, by expressions that torch differentiates."""
    wanted = True, False
    if isinstance(divergence, SparseKL):
        options = divergence, BY_GATHER, upstream, wanted
        return plain_sparse_derivatives(context.working, arrays, *options)[0]
    return plain_derivatives(context, arrays, divergence, upstream, wanted)[0]
