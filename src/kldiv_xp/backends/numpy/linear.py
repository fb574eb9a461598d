"""Derivatives of divergences from hidden states in arrays of NumPy: added up where they stand."""

from kldiv_xp._typing import Array
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate_linear import BYTES_OF_LOGITS, Heads, LinearDivergence, blocks
from kldiv_xp.core.evaluate_linear_gradient import LinearGradient, block_gradient


def linear_gradient(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    upstream: Array,
    with_rows: bool,
) -> LinearGradient:
    """Derivatives of one block of rows after the other, and their rows if they are wanted."""
    xp, working = context.xp, context.working
    by_input = xp.empty(heads.input.shape, dtype=heads.input.dtype)
    by_weight = xp.zeros(heads.weight.shape, dtype=working)
    by_bias = None if heads.bias is None else xp.zeros(heads.bias.shape, dtype=working)
    rows = xp.empty(len(heads.input), dtype=working) if with_rows else None
    for block in blocks(heads):
        found, derivative, states = block_gradient(
            context, heads.cut(block), divergence, upstream[block, :], with_rows
        )
        if rows is not None:
            rows[block] = found
        xp.matmul(derivative, heads.weight, out=by_input[block])
        add_in_parts(by_weight, derivative, states)
        if by_bias is not None:
            by_bias += xp.sum(derivative, axis=0)
        del derivative  # before the next logits are made
    return LinearGradient(by_input, by_weight, by_bias, rows)


def add_in_parts(total: Array, derivative: Array, states: Array) -> None:
    """Add derivative.T @ states, for some classes after the other.

    Of a weight of 32000 x 512 the product is 62 MiB for each block of rows.
    """
    classes, width = total.shape
    size = max(1, BYTES_OF_LOGITS // max(1, width * total.itemsize))
    for start in range(0, classes, size):
        part = slice(start, start + size)
        total[part] += derivative[:, part].T @ states
