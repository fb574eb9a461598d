"""Rows of logits: a cheap loop first, the general loop for rows whose result is not finite."""

from collections.abc import Callable, Iterable, Sequence
from ctypes import addressof, c_char
from functools import partial, reduce
from operator import or_
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.near_look import SEEN, looks_close
from kldiv_xp.fused.plans import Plan
from kldiv_xp.fused.running import share_jobs
from kldiv_xp.host.threads import Threads

Rows = Callable[[int, int], Array]
"""Function (begin, end) to an array with a flag for each row."""


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
        chosen = ~later
        for plan, table in zip(plans, tables, strict=True):
            for rows in runs_of_rows(begin, chosen):
                plan.run(addressof(table), *rows, *rest)
            if plan is plans[-1]:
                break
            chosen = later | is_missing(begin, end) if chosen.any() else later
            later = later & False


def runs_of_rows(begin: int, chosen: Array) -> list[tuple[int, int]]:
    """Bounds (first, past the last) of each run of consecutive chosen rows."""
    turns = (chosen[1:] != chosen[:-1]).nonzero()[0] + (begin + 1)
    bounds = [begin, *turns.tolist(), begin + len(chosen)]
    first = 0 if chosen[0] else 1
    return list(zip(bounds[first:-1:2], bounds[first + 1 :: 2], strict=True))


def close_rows(xp: Namespace, arrays: Sequence[Array], temperature: float, widest: float) -> Rows:
    """Function that flags rows by their first classes, however they lie in memory.

    None where all classes would be looked at, which takes as long as an attempt.
    """
    pair = arrays[:2]
    if not all(isinstance(one, xp.ndarray) for one in pair) or pair[0].shape[-1] <= SEEN:
        return no_rows(xp)
    pair = [one.reshape(-1, one.shape[-1]) if one.flags.c_contiguous else one for one in pair]

    def is_close(begin: int, end: int) -> Array:
        x, t = (first_classes(xp, one, begin, end) for one in pair)
        with xp.errstate(all="ignore"):  # inf - inf
            return looks_close(xp, x, t, temperature, widest)

    return is_close


def first_classes(xp: Namespace, array: Array, begin: int, end: int) -> Array:
    """Classes of some rows that are looked at."""
    seen = array[..., :SEEN]
    return seen[None] if seen.ndim == 1 else seen[numbered_rows(xp, seen, begin, end)]


def numbered_rows(xp: Namespace, array: Array, begin: int, end: int) -> Any:
    """Index of some rows of an array, which are numbered in row-major order."""
    shape = array.shape[:-1]
    return slice(begin, end) if len(shape) == 1 else xp.unravel_index(xp.arange(begin, end), shape)


def no_rows(xp: Namespace) -> Rows:
    """Function that flags none."""
    return lambda begin, end: xp.zeros(end - begin, dtype=bool)


def missing_rows(xp: Namespace, results: Sequence[Array]) -> Rows:
    """Function that flags rows that are not finite, by their first elements.

    Results may lie in memory in any way: as a matrix they might be copies, which are not written.
    """
    if results[0].ndim == 1:
        results = [one.reshape(1, one.shape[-1]) for one in results]

    def is_missing(begin: int, end: int) -> Array:
        rows = numbered_rows(xp, results[0], begin, end)
        return reduce(or_, (~(abs(one[..., 0][rows]) < float("inf")) for one in results))

    return is_missing
