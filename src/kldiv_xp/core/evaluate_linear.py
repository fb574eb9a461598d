"""Divergences of logits that are made of hidden states block by block, and never are all there."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, by_backend
from kldiv_xp.core.evaluate_rows import evaluate_divergences
from kldiv_xp.core.evaluate_sparse import evaluate_sparse
from kldiv_xp.core.run import quiet
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.sparse import SparseKL

# Of the logits of one block: the student's, the teacher's, and a derivative.
BYTES_OF_LOGITS = 8 << 20

# The same on a device: of 8 MiB, 4096 rows of 32000 took 51 ms on an H100, all at once 4.6.
BYTES_ON_DEVICE = 128 << 20

# A block on a device has at least one row for each so many features, since every block adds to the
# whole gradient with respect to the weight. 4096 rows of 2048 bfloat16 features and 128256 classes
# took 36 ms on an H100 in blocks of 261 rows, and 25 ms in blocks of 522, with the same memory.
FEATURES_OF_ROW = 4


# What has a row for each sample.
OF_SAMPLES = ("input", "target", "where", "indices")

LinearDivergence = Divergence | SparseKL

# Of the divergence of every row and of the mask, one number; equal to another of the same options.
LossOfRows = Callable[[Array, Array | None], Array]

# Of hidden states and a weight.
Product = Callable[[Array, Array], Array]


class Heads(NamedTuple):
    """Rows of hidden states with what makes logits of them, what they are compared with, a mask.

    With `indices`, `target` is a teacher that is known there alone.
    """

    input: Array
    weight: Array
    target: Array
    bias: Array | None = None
    target_weight: Array | None = None
    target_bias: Array | None = None
    where: Array | None = None
    indices: Array | None = None

    def named(self) -> dict[str, Array]:
        """Operands that there are, by their names."""
        return {name: one for name, one in self.by_name().items() if one is not None}

    def changed(self, **changes: Array) -> "Heads":
        """The same with other operands in the place of some."""
        return Heads(**{**self.by_name(), **changes})

    def by_name(self) -> dict[str, Array]:
        """Every operand, or None, by its name."""
        # Before torch 2.9, torch.compile reads no _asdict, and no _replace.
        return {name: getattr(self, name) for name in FIELDS}

    def cut(self, rows: slice) -> "Heads":
        """The same with some of the rows."""
        return self.mapped(lambda array: array[rows, :])

    def mapped(self, function: Callable[[Array], Array]) -> "Heads":
        """The same with a function of every array that has a row for each sample."""
        arrays = {name: getattr(self, name) for name in OF_SAMPLES}
        some = {name: function(one) for name, one in arrays.items() if one is not None}
        return self.changed(**some)


FIELDS = Heads._fields


def evaluate_linear(context: Context, heads: Heads, divergence: LinearDivergence) -> Array:
    """Divergence of every row, 0 where the mask is False, in the type that is computed in."""
    with quiet(context.facts, heads.input):
        rows = by_backend("linear_divergences", context, heads, divergence)
        if rows is not NotImplemented:
            return rows
        on_device = context.facts.has_memory_of_devices
        return rows_in_blocks(context, heads, divergence, evaluate_block, on_device=on_device)


def evaluate_block(context: Context, arrays: Arrays, divergence: LinearDivergence) -> Array:
    """Divergence of every row of logits that are there."""
    if isinstance(divergence, SparseKL):
        return evaluate_sparse(context, arrays, divergence)
    return evaluate_divergences(context, arrays, divergence)


def rows_in_blocks(
    context: Context,
    heads: Heads,
    divergence: LinearDivergence,
    evaluate: Callable[[Context, Arrays, LinearDivergence], Array],
    *,
    on_device: bool = False,
) -> Array:
    """Divergences of one block of rows after the other."""
    xp = context.xp
    every = [
        evaluate(context, operands_of(xp, heads.cut(rows)), divergence)
        for rows in blocks(heads, on_device=on_device)
    ]
    return every[0] if len(every) == 1 else xp.concat(every)


def blocks(heads: Heads, *, on_device: bool = False) -> Iterator[slice]:
    """Slices of rows, at least one; all of them where a size is symbolic, or not known yet."""
    count, size = heads.input.shape[0], heads.weight.shape[0]
    if not isinstance(count, int) or not isinstance(size, int):
        yield slice(None)
        return
    width = heads.weight.shape[1]
    step = rows_on_device(size, width) if on_device else rows_of_block(size)
    for start in range(0, max(count, 1), step):
        yield slice(start, min(start + step, count))


def rows_of_block(size: int) -> int:
    """Rows whose float32 logits are a block."""
    return max(1, BYTES_OF_LOGITS // (4 * size))


def rows_on_device(size: int, width: int) -> int:
    """The same on a device, for hidden states of a width."""
    return max(1, BYTES_ON_DEVICE // (4 * size), width // FEATURES_OF_ROW)


def operands_of(xp: Namespace, heads: Heads, product: Product | None = None) -> Arrays:
    """Logits of the student, and those of the teacher or what is given in their place; the mask.

    Before a teacher that is known in part stand its indices.
    """
    target = heads.target
    if heads.target_weight is not None:
        target = logits_of(xp, target, heads.target_weight, heads.target_bias, product)
    logits = logits_of(xp, selected_states(xp, heads), heads.weight, heads.bias, product)
    arrays = logits, heads.indices, target, heads.where
    return tuple(one for one in arrays if one is not None)


def selected_states(xp: Namespace, heads: Heads) -> Array:
    """Hidden states of the student, 0 where the mask is False: 0 times NaN is NaN."""
    return heads.input if heads.where is None else xp.where(heads.where, heads.input, 0.0)


def logits_of(
    xp: Namespace,
    hidden: Array,
    weight: Array,
    bias: Array | None,
    product: Product | None = None,
) -> Array:
    """Hidden states times the weight, by a product of the library's own, plus the bias."""
    logits = xp.matmul(hidden, weight.T) if product is None else product(hidden, weight)
    return logits if bias is None else xp.add(logits, bias[None, :])
