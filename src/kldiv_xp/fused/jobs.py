"""Cutting work into jobs by the layout alone, for any number of threads."""

import math
from typing import NamedTuple

from kldiv_xp.fused.tiles import rows_of_tile
from kldiv_xp.tracing.layouts import Layout

JOB_ELEMENTS = 1 << 16
"""Elements of a job, approximately: 256 KiB of float32 fit the cache."""

LARGEST_JOB, JOBS_ENOUGH = 1 << 18, 32
"""Elements of a job of whole rows, each of which costs 15 µs of Python, if jobs stay so many."""


class Jobs(NamedTuple):
    """Jobs of several rows each, or of pieces of a row."""

    rows: int
    groups: int
    columns: int
    rows_of_job: int
    groups_of_job: int
    columns_of_job: int
    pieces: int
    """Jobs per row; 1 where a job has whole rows."""

    @property
    def number(self) -> int:
        """Number of jobs."""
        return math.ceil(self.rows / self.rows_of_job) * self.pieces

    def arguments(self, job: int) -> tuple[int, ...]:
        """Bounds of the rows, groups and columns of a job, and the index of its piece."""
        place, piece = divmod(job, self.pieces)
        first = place * self.rows_of_job
        rows = first, min(first + self.rows_of_job, self.rows)
        if self.columns_of_job < self.columns:
            begin = piece * self.columns_of_job
            columns = begin, min(begin + self.columns_of_job, self.columns)
            return *rows, 0, self.groups, *columns, piece
        first = piece * self.groups_of_job
        groups = first, min(first + self.groups_of_job, self.groups)
        return *rows, *groups, 0, self.columns, piece


def jobs_of(layout: Layout, *, whole_rows: bool = False) -> Jobs:
    """Jobs of a layout; with `whole_rows`, no row is split."""
    rows, groups, columns = layout.rows, layout.groups, layout.columns
    size = groups * columns
    several = max(1, JOB_ELEMENTS // max(1, size))
    if whole_rows:
        many = max(1, LARGEST_JOB // max(1, size))
        several = max(several, min(many, rows // JOBS_ENOUGH))
    if any(layout.rows_are_nearer):
        tile = rows_of_tile(columns)
        several = tile * math.ceil(several / tile)
    if whole_rows or size <= JOB_ELEMENTS:
        return Jobs(rows, groups, columns, several, groups, columns, 1)
    if groups > 1:
        several = max(1, JOB_ELEMENTS // max(1, columns))
        return Jobs(rows, groups, columns, 1, several, columns, math.ceil(groups / several))
    return Jobs(rows, groups, columns, 1, 1, JOB_ELEMENTS, math.ceil(columns / JOB_ELEMENTS))
