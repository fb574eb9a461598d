"""Arrays computed on access: logits of hidden states, and repeated masks of samples."""

from dataclasses import dataclass
from typing import Any

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.calls.linear_heads import matrix_of
from kldiv_xp.core.evaluate_linear import Heads, blocks, logits_of
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.indices import gathered
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.diagnosis.sample_blocks import in_memory
from kldiv_xp.formula.sparse_student import taken_along_axis


@dataclass(frozen=True)
class MadeLogits:
    """Lazy logits, hidden @ weight.T + bias: indexing computes one block."""

    xp: Namespace
    hidden: Array
    weight: Array
    bias: Array | None

    @property
    def shape(self) -> Axes:
        """Shape of the samples, and the size of the vocabulary."""
        return (*self.hidden.shape[:-1], self.weight.shape[0])

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def dtype(self) -> DType:
        """Dtype of the hidden states."""
        return self.hidden.dtype

    def __getitem__(self, index: tuple[Any, ...]) -> Array:
        *rows, words = [one for one in index if one is not Ellipsis]
        bias = None if self.bias is None else self.bias[words]
        hidden = self.hidden[(*rows, slice(None))]
        return logits_of(self.xp, hidden, self.weight[words, :], bias)

    def at(self, indices: Array) -> Array:
        """The logits at indices of the vocabulary, computed block by block."""
        xp = self.xp
        hidden, rows = (matrix_of(xp.reshape, one) for one in (self.hidden, indices))
        heads = Heads(hidden, self.weight, rows, self.bias)
        found = [
            taken_in_memory(logits_of(xp, hidden[block, :], self.weight, self.bias), rows[block, :])
            for block in blocks(heads)
        ]
        xp = namespace_of(found[0])
        return xp.reshape(xp.concat(found), indices.shape)


def logits_at(logits: Array, indices: Array) -> Array:
    """Logits at indices along the last axis; of lazy arrays block by block."""
    xp = namespace_of(logits)
    if hasattr(xp, "take_along_axis"):
        return taken_in_memory(logits, indices)
    logits, rows = (matrix_of(xp.reshape, one) for one in (logits, indices))
    heads = Heads(logits, logits.T, rows)
    found = [taken_in_memory(logits[block, :], rows[block, :]) for block in blocks(heads)]
    xp = namespace_of(found[0])
    return xp.reshape(xp.concat(found), indices.shape)


def taken_in_memory(logits: Array, indices: Array) -> Array:
    """Logits at indices along the last axis, both loaded into memory."""
    at_hand = in_memory(logits)
    xp = namespace_of(at_hand)
    take = gathered if facts_about(xp).has_gather else taken_along_axis
    return take(xp, at_hand, in_memory(indices))


@dataclass(frozen=True)
class RepeatedMask:
    """A mask of samples, of size 1 in the last axis, broadcast to `size` entries on access."""

    xp: Namespace
    mask: Array
    size: int

    @property
    def shape(self) -> Axes:
        """Shape of the operands."""
        return (*self.mask.shape[:-1], self.size)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def __getitem__(self, index: tuple[Any, ...]) -> Array:
        *rows, words = [one for one in index if one is not Ellipsis]
        mask = self.mask[(*rows, slice(None))]
        count = len(range(*words.indices(self.size)))
        return self.xp.broadcast_to(mask, (*mask.shape[:-1], count))
