"""One pass over two operands: counts and first index of each kind of entry.

Values are read, so that a computation on a device is waited for.
"""

import math
from dataclasses import dataclass, field

from kldiv_xp._typing import Array, Axes
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.run import quiet
from kldiv_xp.diagnosis.entries import entry_of_zero, events
from kldiv_xp.diagnosis.sample_blocks import SampleBlock, in_memory, sample_blocks
from kldiv_xp.diagnosis.subject import Subject


@dataclass
class Count:
    """Number of elements of one kind, and the index and value of the first."""

    number: int = 0
    index: Axes = ()
    value: float = math.nan

    @property
    def at(self) -> str:
        """Place of the first in words; "" if there is one entry or sample alone."""
        return f" at {self.index}" if self.index else ""


@dataclass
class Inspection:
    """Counts of elements by kind, and the numbers of samples whose sums were checked.

    A sum fails if abs(sum - 1) > tolerance; an entry counts as positive if it exceeds the
    tolerance.
    """

    tolerance: float
    counts: dict[str, Count] = field(default_factory=dict)
    samples: dict[str, int] = field(default_factory=lambda: {"input": 0, "target": 0})
    selected: int | None = None
    """Number of entries that a mask selects; None without one."""

    def __getitem__(self, name: str) -> Count:
        """Count of one kind of element, 0 if there is none."""
        return self.counts.get(name, Count())

    def count(self, name: str, part: SampleBlock, found: Array, values: Array, axes: int) -> None:
        """Count where `found` is true, and keep the first index."""
        xp = part.xp
        number = int(read_scalar(xp.sum(xp.astype(found, xp.int32))))
        if not number:
            return
        count = self.counts.setdefault(name, Count())
        if not count.number:
            flat = int(read_scalar(xp.argmax(xp.astype(found, xp.int32))))
            count.index, count.value = part.place(flat, axes), read_scalar(values[flat])
        count.number += number


def inspect(
    context: Context,
    arrays: Arrays,
    axes: Axes,
    *,
    subject: Subject,
    tiny: float,
    tolerance: float,
) -> Inspection:
    """Scan of input, target and any mask, all of one shape.

    Targets below `tiny` are too small for their type.
    """
    found = Inspection(tolerance)
    size = math.prod(arrays[0].shape[axis] for axis in axes)
    carried: list[Array] = []
    for part in sample_blocks(context, arrays, axes):
        with quiet(context.facts, part.matrices[0]):
            count_entries(found, part, subject, tiny)
            sums = sample_sums(part, subject)
            if carried:
                sums = [one + other for one, other in zip(sums, carried, strict=True)]
            carried = [] if part.ends else sums
            if part.ends and axes:
                kept = len(part.order) - len(axes)
                count_samples(found, part, sums, size, kept, at_most=subject.is_partial)
    return found


def count_entries(found: Inspection, part: SampleBlock, subject: Subject, tiny: float) -> None:
    """Count each kind of entry in a block."""
    xp = part.xp
    where = part.matrices[2:]
    x, t = part.matrices[:2]
    if where and math.prod(where[0].shape):
        selected = int(read_scalar(xp.sum(xp.astype(where[0], xp.int32))))
        found.selected = (found.selected or 0) + selected
    for name, mask, values in events(xp, x, t, subject, tiny, found.tolerance):
        selected = mask & where[0] if where else mask
        flat, shown = (xp.reshape(one, (-1,)) for one in (selected, values))
        found.count(name, part, flat, shown, len(part.order))


def sample_sums(part: SampleBlock, subject: Subject) -> list[Array]:
    """Per row and operand: sum, sum of exp, number of nonzero probabilities; number selected."""
    xp = part.xp
    x, t, where = (*part.matrices, None)[:3]
    added = [
        one
        for name, values in (("input", x), ("target", t))
        for one in (
            values,
            xp.exp(values),
            xp.astype(values != entry_of_zero(subject, name), x.dtype),
        )
    ]
    if where is not None:
        added = [xp.where(where, one, 0.0) for one in added]
    ones = xp.ones_like(x) if where is None else xp.astype(where, x.dtype)
    return [xp.sum(one, axis=1) for one in (*added, ones)]


def count_samples(
    found: Inspection, part: SampleBlock, sums: list[Array], size: int, kept: int, *, at_most: bool
) -> None:
    """Count samples whose sum is not 1, among those unmasked, without NaN and not empty.

    Those of the target may be `at_most` 1.
    """
    xp = part.xp
    *added, selected = sums
    for name, (entries, exponentials, full) in {"input": added[:3], "target": added[3:]}.items():
        whole = (selected == size) & (exponentials == exponentials)  # noqa: PLR0124
        found.count(f"{name} empty", part, whole & (full == 0), entries, kept)
        whole = whole & (full > 0)
        found.samples[name] += int(read_scalar(xp.sum(xp.astype(whole, xp.int32))))
        for kind, values in (("sum", entries), ("sum of exp", exponentials)):
            right = xp.abs(values - 1) <= found.tolerance
            if at_most and name == "target":
                right = right | ((values > 0) & (values < 1))
            off = whole & ~right
            found.count(f"{name} {kind}", part, off, values, kept)


def read_scalar(scalar: Array) -> float:
    """Value of a 0-d array.

    Raises
    ------
    TypeError
        If there is none to read.
    """
    try:
        return float(in_memory(scalar))
    except Exception as error:
        message = (
            f"A diagnosis reads values, and {type(scalar).__name__} has none to read: call it on "
            "arrays that hold values, outside of what is traced or transformed."
        )
        raise TypeError(message) from error
