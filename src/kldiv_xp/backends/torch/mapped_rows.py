"""Rows of logits that torch.func.vmap maps over: they are more rows."""

from collections.abc import Sequence

from kldiv_xp._typing import Array
from kldiv_xp.core.evaluate import Arrays


def mapped_first(size: int, axes: Sequence[int | None], arrays: Arrays) -> Arrays:
    """Operands that all have the mapped axis, of this size, first, and the axes of the logits."""
    moved = [at_front(size, axis, one) for axis, one in zip(axes, arrays, strict=True)]
    return tuple(repeated_for(moved[0].shape[:-1], one) for one in moved)


def as_rows(arrays: Arrays) -> Arrays:
    """Operands that all have the axes of the logits, which come first."""
    rows = arrays[0].shape[:-1]
    return tuple(one.expand(*rows, one.shape[-1] if one.ndim else 1) for one in arrays)


def at_front(size: int, axis: int | None, array: Array) -> Array:
    """Array with the mapped axis first; repeated along it, without a copy, if it has none."""
    return array.expand(size, *array.shape) if axis is None else array.movedim(axis, 0)


def repeated_for(rows: Sequence[int], array: Array) -> Array:
    """Mask, logits or upstream derivative of so many rows, which it may have fewer axes for."""
    first, *others = array.shape
    missing = len(rows) + 1 - array.ndim
    full = array.reshape(first, *[1] * missing, *others)
    return full.expand(*rows, full.shape[-1])
