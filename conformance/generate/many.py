"""Operands of many elements with few values: each pair of values, and how often it occurs."""

from collections import Counter
from collections.abc import Iterable, Iterator

from mpmath import mpf

from generate.draft import Draft

Pair = tuple[float, float]
Counts = Counter[Pair]


def selected(draft: Draft) -> list[bool]:
    """Mask in the shape of the operands; one that is smaller is for samples along the last axis."""
    size, width = len(draft.input), draft.shapes[0][-1]
    if draft.where is None:
        return [True] * size
    repeats = size // len(draft.where)
    if repeats not in {1, width}:
        message = f"a mask of {len(draft.where)} elements is for neither elements nor samples."
        raise ValueError(message)
    return [chosen for chosen in draft.where for _ in range(repeats)]


def rows(draft: Draft) -> Iterator[Counts]:
    """Pairs that are selected of each sample along the last axis, or of each element."""
    chosen = selected(draft)
    pairs = list(zip(draft.input, draft.target, strict=True))
    width = 1 if draft.axis is None else draft.shapes[0][-1]
    if draft.axis not in {None, -1}:
        message = f"many elements have samples along the last axis; got {draft.axis!r}."
        raise ValueError(message)
    for start in range(0, len(pairs), width):
        part = slice(start, start + width)
        yield counted(pairs[part], chosen[part])


def whole(draft: Draft) -> Counts:
    """Pairs that are selected of all elements."""
    return counted(zip(draft.input, draft.target, strict=True), selected(draft))


def counted(pairs: Iterable[Pair], chosen: list[bool]) -> Counts:
    """How often each pair is there that a mask selects."""
    return Counter(pair for pair, is_chosen in zip(pairs, chosen, strict=True) if is_chosen)


def divisor(draft: Draft) -> mpf:
    """Samples with anything selected for 'mean', size of the first axis for 'batchmean'."""
    kept = draft.shapes[0] if draft.axis is None else draft.shapes[0][:-1]
    if draft.reduction == "mean":
        return mpf(sum(selected(draft)) if draft.axis is None else sum(map(bool, rows(draft))))
    return mpf(kept[0] if draft.reduction == "batchmean" and kept else 1)
