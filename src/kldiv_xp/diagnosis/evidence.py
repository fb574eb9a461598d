"""Evidence for the rules of a diagnosis."""

from collections.abc import Callable
from dataclasses import dataclass

from kldiv_xp._typing import Axes, Namespace
from kldiv_xp.checks.remedies import say_along
from kldiv_xp.diagnosis.report import Finding
from kldiv_xp.diagnosis.scan import Count, Inspection
from kldiv_xp.diagnosis.subject import Subject

# What is taken, of each operand: its exponential adds up to 1, or it does itself.
LOGS, PROBABILITIES = "sum of exp", "sum"


@dataclass(frozen=True)
class Evidence:
    """Input of the rules; `size` is the number of entries in a sample."""

    found: Inspection
    subject: Subject
    axes: Axes
    elsewhere: Callable[[str, str], Axes | None]
    xp: Namespace
    size: int = 2
    base: Callable[[str], int | None] = lambda _: None
    """Base, other than e, to which an operand holds logarithms of probabilities, or None."""

    @property
    def along(self) -> str:
        """The axes of a distribution, in words."""
        return f"axis {self.axes[0]}" if len(self.axes) == 1 else f"axes {self.axes}"

    def is_space(self, operand: str, kind: str) -> bool:
        """Whether every sample of an operand sums to 1: its entries, or their exponentials."""
        if not self.found.samples[operand] or self.found[f"{operand} {kind}"].number:
            return False
        if self.subject.generalized and self.size == 1:
            return False  # a mass may be 1, and its logarithm as well
        return kind == LOGS or not self.found[f"{operand} negative"].number

    def code(self, word: str, operand: str) -> str:
        """The library's code for an operation along the axes of a distribution."""
        return say_along(self.xp, word, operand, self.axes)

    @property
    def is_swapped(self) -> bool:
        """Whether the operands look swapped."""
        if self.subject.divergence is not None or self.subject.log_input == self.subject.log_target:
            return False
        kinds = (PROBABILITIES, LOGS) if self.subject.log_input else (LOGS, PROBABILITIES)
        return all(map(self.is_space, ("input", "target"), kinds))


def finding(code: str, operand: str, count: Count, message: str) -> Finding:
    """Finding from the count of one kind of element."""
    return Finding(code, operand, count.index, count.value, count.number, message)


def entries_in_words(count: int) -> str:
    """Number of entries in words, e.g. "1 entry" or "3 entries"."""
    return "1 entry" if count == 1 else f"{count} entries"
