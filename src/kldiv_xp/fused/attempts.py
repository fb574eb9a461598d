"""Rows of logits: a cheap loop first, the general loop for rows whose result is not finite."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import addressof, c_char
from functools import partial, reduce
from operator import or_
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.near_look import looks_close
from kldiv_xp.fused.plans import Plan
from kldiv_xp.fused.running import share_jobs
from kldiv_xp.host.threads import Threads

Rows = Callable[[int, int], list[bool]]
"""Function (begin, end) to a flag per row."""


def run_in_attempts(
    plans: Sequence[Plan],
    addresses: Sequence[int],
    numbers: Sequence[float],
    is_close: Rows,
    is_missing: Rows,
    threads: Threads,
) -> None:
    """Run all jobs by the first plan, and rows whose results are missing by the next ones.

    Close rows are not worth a try of the first.
    """
    tables = [plan.table(addresses, numbers) for plan in plans]
    share_jobs(partial(do_jobs, plans, tables, is_close, is_missing), plans[0].jobs.number, threads)


def do_jobs(
    plans: Sequence[Plan],
    tables: Sequence[Any],
    is_close: Rows,
    is_missing: Rows,
    jobs: Iterable[int],
) -> None:
    """Run some jobs."""
    memory = (c_char * max(plan.memory for plan in plans))()
    for job in jobs:
        begin, end, *rest = plans[0].jobs.arguments(job)
        rest.append(addressof(memory))
        later = is_close(begin, end)
        chosen = [not one for one in later]
        for plan, table in zip(plans, tables, strict=True):
            for rows in runs_of_rows(begin, chosen):
                plan.run(addressof(table), *rows, *rest)
            if plan is plans[-1]:
                break
            missing = is_missing(begin, end) if any(chosen) else later
            chosen = [one or other for one, other in zip(later, missing, strict=True)]
            later = no_rows(begin, end)
            if not any(chosen):
                break


def runs_of_rows(begin: int, chosen: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Bounds (first, past the last) of each run of consecutive chosen rows."""
    start = None
    for row, one in enumerate([*chosen, False], begin):
        if one and start is None:
            start = row
        if not one and start is not None:
            yield start, row
            start = None


def close_rows(xp: Namespace, arrays: Sequence[Array], temperature: float, widest: float) -> Rows:
    """Function that flags rows by their first classes; none where arrays are not contiguous."""
    x, t = arrays[:2]
    if not all(isinstance(one, xp.ndarray) and one.flags.c_contiguous for one in (x, t)):
        return no_rows
    x, t = (one.reshape(-1, one.shape[-1]) for one in (x, t))

    def is_close(begin: int, end: int) -> list[bool]:
        with xp.errstate(all="ignore"):  # inf - inf
            close = looks_close(xp, x[begin:end], t[begin:end], temperature, widest)
        return list(close.tolist())

    return is_close


def no_rows(begin: int, end: int) -> list[bool]:
    """Flag none."""
    return [False] * (end - begin)


def missing_rows(results: Sequence[Array]) -> Rows:
    """Function that flags rows that are not finite, by their first elements."""
    columns = [one.reshape(-1, one.shape[-1]) for one in results]

    def is_missing(begin: int, end: int) -> list[bool]:
        found = (~(abs(one[begin:end, 0]) < float("inf")) for one in columns)
        return list(reduce(or_, found).tolist())

    return is_missing
