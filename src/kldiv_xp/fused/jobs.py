"""How work is cut into jobs: by the layout of arrays alone, whoever does them."""

import math
from typing import NamedTuple

from kldiv_xp.tracing.layouts import Layout

JOB_ELEMENTS = 1 << 16
"""Elements of a job, more or less: 256 KiB of float32 stay in a cache of a processor."""


class Jobs(NamedTuple):
    """Jobs of rows, or of pieces of a row."""

    rows: int
    groups: int
    columns: int
    rows_of_job: int
    groups_of_job: int
    columns_of_job: int
    pieces: int
    """Jobs of a row, 1 where a job has whole rows."""

    @property
    def number(self) -> int:
        """How many jobs there are."""
        return math.ceil(self.rows / self.rows_of_job) * self.pieces

    def arguments(self, job: int) -> tuple[int, ...]:
        """The rows, the groups and the columns of a job, and which piece of its rows it is."""
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
    """Jobs of a layout; those that need whole rows get them, however long they are."""
    rows, groups, columns = layout.rows, layout.groups, layout.columns
    size = groups * columns
    if whole_rows or size <= JOB_ELEMENTS:
        return Jobs(rows, groups, columns, max(1, JOB_ELEMENTS // max(1, size)), groups, columns, 1)
    if groups > 1:
        several = max(1, JOB_ELEMENTS // max(1, columns))
        return Jobs(rows, groups, columns, 1, several, columns, math.ceil(groups / several))
    return Jobs(rows, groups, columns, 1, 1, JOB_ELEMENTS, math.ceil(columns / JOB_ELEMENTS))
