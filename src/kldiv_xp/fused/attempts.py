"""Rows of logits: each by a cheap loop, and by the one for all rows where that is not enough."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import addressof, c_char
from functools import partial
from math import prod
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.near_look import looks_close
from kldiv_xp.fused.buffers import Buffer, Shape
from kldiv_xp.fused.memory import BYTES
from kldiv_xp.fused.plans import Plan
from kldiv_xp.fused.running import JOBS_WORTH_A_THREAD, Threads
from kldiv_xp.host.sharing import share
from kldiv_xp.host.threads import check_setting

EXPONENT_OF_BFLOAT16 = 0x7F80
"""Its bits: all are 1 in infinities and NaN."""

Look = Callable[[int, int], list[bool]]
"""Which of some rows need no attempt by the cheap loop."""


def do_in_attempts(
    plans: Sequence[Plan],
    addresses: Sequence[int],
    numbers: Sequence[float],
    samples: Sequence[Array],
    look: Look,
    threads: Threads,
) -> None:
    """Do all jobs of the first plan, and those rows by the last that it left without a result.

    Of a row that it is not enough for, the first makes nothing finite: the elements of `samples`,
    one of each row, tell.
    """
    check_setting()
    tables = [plan.table(addresses, numbers) for plan in plans]
    count = plans[0].jobs.number
    work = partial(do_jobs, plans, tables, samples, look)
    share(work, count, threads() if count > JOBS_WORTH_A_THREAD else 1)


def do_jobs(
    plans: Sequence[Plan],
    tables: Sequence[Any],
    samples: Sequence[Array],
    look: Look,
    jobs: Iterable[int],
) -> None:
    """Do some jobs."""
    first, last = plans
    memory = (c_char * max(first.memory, last.memory))()
    one, other = map(addressof, tables)
    for job in jobs:
        begin, end, *rest = first.jobs.arguments(job)
        left = look(begin, end)
        for rows in runs(begin, [not close for close in left]):
            first.run(one, *rows, *rest, addressof(memory))
        for sample in samples:
            found = is_missing(sample[begin:end])
            left = [close or missing for close, missing in zip(left, found, strict=True)]
        for rows in runs(begin, left):
            last.run(other, *rows, *rest, addressof(memory))


def runs(begin: int, chosen: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First row, and the one after the last, of each run of rows that are chosen."""
    start = None
    for row, one in enumerate([*chosen, False], begin):
        if one and start is None:
            start = row
        if not one and start is not None:
            yield start, row
            start = None


def is_missing(sample: Array) -> list[bool]:
    """Whether elements are infinite or NaN."""
    if sample.dtype.kind == "u":
        found = sample & EXPONENT_OF_BFLOAT16 == EXPONENT_OF_BFLOAT16
    else:
        found = ~(abs(sample) < float("inf"))
    return list(found.tolist())


def look_at(xp: Namespace, arrays: Sequence[Array], temperature: float) -> Look:
    """Look at the first classes of rows, where they lie in the order of their rows."""
    x, t = arrays[:2]
    if not all(isinstance(one, xp.ndarray) and one.flags.c_contiguous for one in (x, t)):
        return lambda begin, end: [False] * (end - begin)
    x, t = (one.reshape(-1, one.shape[-1]) for one in (x, t))

    def look(begin: int, end: int) -> list[bool]:
        with xp.errstate(all="ignore"):  # inf - inf
            close = looks_close(xp, x[begin:end], t[begin:end], temperature)
        return list(close.tolist())

    return look


def is_in_order(buffer: Buffer, shape: Shape) -> bool:
    """Whether the elements of an array lie side by side, row after row."""
    size = BYTES[buffer.lying.dtype]
    wanted = [size * prod(shape[place + 1 :]) for place in range(len(shape))]
    strides = zip(shape, buffer.lying.strides, wanted, strict=True)
    return all(step == one for length, step, one in strides if length > 1)


def sample_of(xp: Namespace, buffer: Buffer, rows: int, columns: int) -> Array:
    """The first element of each row of a new array; of bfloat16 its bits."""
    name = buffer.lying.dtype
    size = BYTES[name]
    memory = (c_char * (rows * columns * size)).from_address(buffer.address)
    dtype = "uint16" if name == "bfloat16" else name
    return xp.ndarray((rows,), dtype=dtype, buffer=memory, strides=(columns * size,))
