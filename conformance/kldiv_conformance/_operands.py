"""Whether the operands of a call are what they were before it."""

import warnings
from collections.abc import Mapping
from typing import Any

from kldiv_conformance._adapter import Adapter

Snapshot = tuple[Any, ...] | None
CHANGED = "the call changed "


class ChangedOperandError(Exception):
    """A call has overwritten an operand."""


def snapshots(operands: Mapping[str, Any], adapter: Adapter) -> dict[str, Snapshot]:
    """Shape, dtype and numbers of each operand."""
    return {name: snapshot(operand, adapter) for name, operand in operands.items()}


def snapshot(operand: Any, adapter: Adapter) -> Snapshot:
    """Shape, dtype and numbers of an array, or the elements of a list; None if unreadable.

    NaN is equal to NaN here, and the two zeros differ.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(operand, list):
                return tuple(map(repr, operand))
            numbers = tuple(number.hex() for number in adapter.numbers(operand))
            return tuple(operand.shape), str(operand.dtype), numbers
    except Exception:  # noqa: BLE001 - complex numbers have no floats, a deleted array has nothing
        return None


def changed(
    before: Mapping[str, Snapshot], operands: Mapping[str, Any], adapter: Adapter
) -> str | None:
    """Sentence on the operands that a call has overwritten."""
    after = snapshots(operands, adapter)
    names = [name for name in before if before[name] != after[name]]
    return accusation(*names) if names else None


def accusation(*names: str) -> str:
    """Sentence on operands by their names."""
    return f"{CHANGED}{' and '.join(names)}, which must stay as it was."
