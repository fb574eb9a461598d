"""Whether the operands of a call are what they were before it."""

import math
import warnings
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from kldiv_conformance._adapter import Adapter

Snapshot = tuple[Any, ...] | None
CHANGED = "the call changed "
STAY = ", which must stay as it was."
STUDENT_ALONE = "the gradient by the input was judged alone, and is right"


IN_TURN = "right in a call of its own, wrong where"
KEPT = "right when it is asked again, wrong at first, so that it depends on the calls before it"
# Results of two ways to compute, which may well be rounded differently.
SAME = 0.02


class WrongCallError(Exception):
    """A call has done what no right one does, whatever its results are."""


class ConstantTargetError(NotImplementedError):
    """A loss refuses to be differentiated by its target; `by_input` is the other derivative."""

    def __init__(self, refusal: object, by_input: Any) -> None:
        super().__init__(refusal)
        self.by_input = by_input


class ChangedOperandError(WrongCallError):
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
            return tuple(operand.shape), str(operand.dtype), packed(adapter.numbers(operand))
    except Exception:
        return None


def packed(numbers: list[float]) -> bytes:
    """Bytes of numbers, the same for every NaN."""
    if math.isnan(sum(numbers)):  # one of them is, or there are infinities of both signs
        numbers = [math.nan if math.isnan(number) else number for number in numbers]
    return array("d", numbers).tobytes()


def changed(
    before: Mapping[str, Snapshot], operands: Mapping[str, Any], adapter: Adapter
) -> str | None:
    """Sentence on the operands that a call has overwritten."""
    after = snapshots(operands, adapter)
    names = [name for name in before if before[name] != after[name]]
    return accusation(*names) if names else None


def accusation(*names: str) -> str:
    """Sentence on operands by their names."""
    return f"{CHANGED}{' and '.join(names)}{STAY}"


def accuses(detail: str) -> tuple[bool, bool]:
    """Whether a detail says that operands were overwritten, and nothing else."""
    changed = detail.startswith(CHANGED)
    return changed, changed and detail.endswith(STAY)


def refuse_another(
    name: str, where: str, right: Sequence[float], found: Sequence[float], but: str = IN_TURN
) -> None:
    """Raise WrongCallError unless finite numbers are those of another call, but for rounding."""
    most = SAME * max(map(abs, right), default=0.0)
    pairs = zip(right, found, strict=False)
    if len(right) != len(found) or any(not abs(a - b) <= most for a, b in pairs):
        message = f"{but} {where}: {name} is another one."
        raise WrongCallError(message)
