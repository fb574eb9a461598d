"""Labels of a plot of divergences: findings at their samples."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kldiv_xp._typing import Axes
from kldiv_xp.diagnosis.report import Finding, Report

# So many findings are named in a picture.
MOST = 8

# Labels that are nearer to each other than this share of the picture's width are written as one.
NEAR_LABELS = 0.04


@dataclass(frozen=True)
class Mark:
    """A finding, and the index of its first sample."""

    finding: Finding
    sample: Axes


def marks_of(report: Report) -> list[Mark]:
    """Marks of the findings that have an index."""
    made = [one for one in report.findings if one.index is not None]
    return [Mark(one, sample_of(one.index or (), report)) for one in made]


def sample_of(where: Axes, report: Report) -> Axes:
    """Index of the sample that an index of an entry or a sample belongs to."""
    if len(where) < len(report.shape):
        return where
    return tuple(place for axis, place in enumerate(where) if axis not in report.axis)


def sample_number(sample: Axes, shape: Axes) -> int:
    """Position of a sample in row-major order."""
    place = 0
    for index, size in zip(sample, shape, strict=True):
        place = place * size + index
    return place


def index_of(place: float, shape: Axes) -> str:
    """Index of the sample at a row-major position, as text; "" outside the range."""
    rest = round(place)
    if rest != place or not 0 <= rest < math.prod(shape):
        return ""
    index: list[int] = []
    for size in reversed(shape):
        index.insert(0, rest % size)
        rest //= size
    return str(index[0]) if len(index) == 1 else str(tuple(index))


def header(
    values: Sequence[float],
    marks: Sequence[Mark],
    names: Sequence[str],
    is_negative: Callable[[float], bool],
) -> list[str]:
    """Title lines of a plot: files, number of samples, and findings."""
    kinds = {
        "negative": sum(map(is_negative, values)),
        "infinite": sum(map(math.isinf, values)),
        "NaN": sum(map(math.isnan, values)),
    }
    wrong = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    files = [" against ".join(names)] if names else []
    size = f"{count_in_words(len(values), 'sample')}{f', {wrong} (red)' if wrong else ''}"
    named = [named_mark(number, mark) for number, mark in enumerate(marks[:MOST], 1)]
    rest = [f"and {len(marks) - MOST} more"] if len(marks) > MOST else []
    return [*files, size, *named, *rest]


def named_mark(number: int, mark: Mark) -> str:
    """Title line of a finding."""
    one = mark.finding
    times = "once" if one.count == 1 else f"{one.count} times"
    where = one.index or ()
    place = where[0] if len(where) == 1 else where
    return f"{number}  {one.code}, in {one.operand} at {place}, {times}"


def count_in_words(count: int, word: str) -> str:
    """Count with its noun, e.g. "1 sample" or "3 samples"."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def mark_findings(points: Any, marks: Sequence[Mark], samples: Any, color: str) -> None:
    """Draw a vertical line at each finding's sample, with the finding's number on top."""
    places: dict[int, list[str]] = {}
    for number, mark in enumerate(marks[:MOST], 1):
        places.setdefault(sample_number(mark.sample, samples.shape), []).append(str(number))
    for place, numbers in merged_marks(places, NEAR_LABELS * len(samples.values)).items():
        points.axvline(place, color=color, linewidth=0.8, alpha=0.6, zorder=0)
        points.annotate(
            ", ".join(numbers), (place, 1), xycoords=("data", "axes fraction"), ha="center",
            va="bottom", textcoords="offset points", xytext=(0, 6), color=color,
        )  # fmt: skip


def merged_marks(places: dict[int, list[str]], near: float) -> dict[int, list[str]]:
    """Labels by position, with those nearer than `near` merged at the first position."""
    found: dict[int, list[str]] = {}
    for place in sorted(places):
        last = next(reversed(found), None)
        if last is not None and place - last < near:
            found[last] += places[place]
        else:
            found[place] = [*places[place]]
    return found
