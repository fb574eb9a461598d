"""Divergences of logits that are made of hidden states block by block, and never are all there."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, by_backend
from kldiv_xp.core.evaluate_rows import evaluate_divergences
from kldiv_xp.core.run import quiet
from kldiv_xp.formula.logits import Divergence

# Of the logits of one block, of which there are those of the student, of the teacher, and a slope.
BYTES_OF_LOGITS = 8 << 20


class Heads(NamedTuple):
    """Rows of hidden states with what makes logits of them, what they are compared with, a mask."""

    input: Array
    weight: Array
    target: Array
    bias: Array | None = None
    target_weight: Array | None = None
    target_bias: Array | None = None
    where: Array | None = None

    def cut(self, rows: slice) -> "Heads":
        """The same with some of the rows."""
        where = None if self.where is None else self.where[rows, :]
        return self._replace(input=self.input[rows, :], target=self.target[rows, :], where=where)


def evaluate_linear(context: Context, heads: Heads, divergence: Divergence) -> Array:
    """Divergence of every row, 0 where the mask is False, in the type that is computed in."""
    with quiet(context.facts, heads.input):
        rows = by_backend("linear_divergences", context, heads, divergence)
        if rows is not NotImplemented:
            return rows
        return rows_in_blocks(context, heads, divergence, evaluate_divergences)


def rows_in_blocks(
    context: Context,
    heads: Heads,
    divergence: Divergence,
    evaluate: Callable[[Context, Arrays, Divergence], Array],
) -> Array:
    """Divergences of one block of rows after the other."""
    xp = context.xp
    every = [
        evaluate(context, operands_of(xp, heads.cut(rows)), divergence) for rows in blocks(heads)
    ]
    return every[0] if len(every) == 1 else xp.concat(every)


def blocks(heads: Heads) -> Iterator[slice]:
    """Slices of rows, at least one."""
    count, step = heads.input.shape[0], rows_of_block(heads.weight.shape[0])
    for start in range(0, max(count, 1), step):
        yield slice(start, min(start + step, count))


def rows_of_block(size: int) -> int:
    """Rows whose float32 logits are a block."""
    return max(1, BYTES_OF_LOGITS // (4 * size))


def operands_of(xp: Namespace, heads: Heads) -> Arrays:
    """Logits of the student, and those of the teacher or what is given in their place; the mask."""
    target = heads.target
    if heads.target_weight is not None:
        target = logits_of(xp, target, heads.target_weight, heads.target_bias)
    logits = logits_of(xp, heads.input, heads.weight, heads.bias)
    return (logits, target) if heads.where is None else (logits, target, heads.where)


def logits_of(xp: Namespace, hidden: Array, weight: Array, bias: Array | None) -> Array:
    """Hidden states times the weight, plus the bias, if there is one."""
    logits = xp.matmul(hidden, weight.T)
    return logits if bias is None else xp.add(logits, bias)
