"""Rows of logits: a cheap loop first, the general loop for rows whose result is not finite."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import addressof, c_char
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.near_look import looks_close
from kldiv_xp.fused.plans import Plan
from kldiv_xp.fused.running import share_jobs
from kldiv_xp.host.threads import Threads

Look = Callable[[int, int], list[bool]]
"""Function (begin, end) to a flag per row: True where the cheap loop is not worth a try."""


def run_in_attempts(
    plans: Sequence[Plan],
    addresses: Sequence[int],
    numbers: Sequence[float],
    result: Array,
    look: Look,
    threads: Threads,
) -> None:
    """Run all jobs by the first plan, and rows whose result is not finite by the last."""
    tables = [plan.table(addresses, numbers) for plan in plans]
    share_jobs(partial(do_jobs, plans, tables, result, look), plans[0].jobs.number, threads)


def do_jobs(
    plans: Sequence[Plan],
    tables: Sequence[Any],
    result: Array,
    look: Look,
    jobs: Iterable[int],
) -> None:
    """Run some jobs."""
    first, last = plans
    memory = (c_char * max(first.memory, last.memory))()
    one, other = map(addressof, tables)
    for job in jobs:
        begin, end, *rest = first.jobs.arguments(job)
        left = look(begin, end)
        for rows in runs_of_rows(begin, [not close for close in left]):
            first.run(one, *rows, *rest, addressof(memory))
        found = ~(abs(result[begin:end]) < float("inf"))
        left = [close or missing for close, missing in zip(left, found.tolist(), strict=True)]
        for rows in runs_of_rows(begin, left):
            last.run(other, *rows, *rest, addressof(memory))


def runs_of_rows(begin: int, chosen: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Bounds (first, past the last) of each run of consecutive chosen rows."""
    start = None
    for row, one in enumerate([*chosen, False], begin):
        if one and start is None:
            start = row
        if not one and start is not None:
            yield start, row
            start = None


def look_at(xp: Namespace, arrays: Sequence[Array], temperature: float) -> Look:
    """Function that flags rows by their first classes; none where arrays are not contiguous."""
    x, t = arrays[:2]
    if not all(isinstance(one, xp.ndarray) and one.flags.c_contiguous for one in (x, t)):
        return lambda begin, end: [False] * (end - begin)
    x, t = (one.reshape(-1, one.shape[-1]) for one in (x, t))

    def look(begin: int, end: int) -> list[bool]:
        with xp.errstate(all="ignore"):  # inf - inf
            close = looks_close(xp, x[begin:end], t[begin:end], temperature)
        return list(close.tolist())

    return look
