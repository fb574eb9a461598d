"""Times of NumPy's functions in the cache and on fresh memory: bounds of loops made of them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.clock import timed
from benchmarks.peers_numpy import processors

# The block and the row that kldiv_xp works in.
BLOCK_BYTES = 1 << 20
ROW = 4096


def kernels(case: Case, log_q: np.ndarray, target: np.ndarray) -> Callable[[], Any]:
    """Function that measures each of them, in blocks of 1 MiB, on one thread."""
    elements = BLOCK_BYTES // log_q.itemsize
    x, p = (np.resize(array, elements) for array in (log_q, target))
    out = np.empty_like(x)
    rows = x.reshape(-1, ROW), p.reshape(-1, ROW)
    found = {
        "np.log": lambda: np.log(p, out=out),
        "np.subtract": lambda: np.subtract(out, x, out=out),
        "np.multiply": lambda: np.multiply(out, p, out=out),
        "np.vecdot": lambda: np.vecdot(*rows),
        "fresh memory": fresh_memory(log_q),
        "by hand, one thread": by_hand(log_q, target, 1),
        "by hand": by_hand(log_q, target, processors()),
        "terms by hand": terms_by_hand(log_q, target, processors()),
    }

    def measure() -> dict[str, Any]:
        return {name: timed(kernel, case.budget) for name, kernel in found.items()}

    return measure


def fresh_memory(array: np.ndarray) -> Callable[[], object]:
    """Function that has the system clear memory of this size, on all threads."""
    threads = processors()
    pool = ThreadPoolExecutor(threads)

    def touch(part: np.ndarray) -> None:
        part[::1024] = 0

    def clear() -> None:
        list(pool.map(touch, np.array_split(np.empty(array.size, array.dtype), threads)))

    return clear


def by_hand(log_q: np.ndarray, target: np.ndarray, threads: int) -> Callable[[], object]:
    """Function that adds up the loss by the three functions, block by block, and does no more.

    Its threads and its memory are there before; nobody looks at what comes out.
    """
    blocks = list(zip(*map(in_blocks, (log_q, target)), strict=True))
    buffers = np.empty((threads, blocks[0][0].size), log_q.dtype)
    pool = ThreadPoolExecutor(threads)

    def add(place: int) -> float:
        out, total = buffers[place], 0.0
        for x, p in blocks[place::threads]:
            np.log(p, out=out)
            np.subtract(out, x, out=out)
            total += float(np.vecdot(p.reshape(-1, ROW), out.reshape(-1, ROW)).sum())
        return total

    return lambda: sum(pool.map(add, range(threads)))


def terms_by_hand(log_q: np.ndarray, target: np.ndarray, threads: int) -> Callable[[], object]:
    """Function that writes the terms of 'none' into fresh memory in the same way."""
    operands = [in_blocks(array) for array in (log_q, target)]
    pool = ThreadPoolExecutor(threads)

    def write() -> np.ndarray:
        result = np.empty_like(log_q)
        blocks = list(zip(*operands, in_blocks(result), strict=True))

        def fill(place: int) -> None:
            for x, p, out in blocks[place::threads]:
                np.log(p, out=out)
                np.subtract(out, x, out=out)
                np.multiply(out, p, out=out)

        list(pool.map(fill, range(threads)))
        return result

    return write


def in_blocks(array: np.ndarray) -> np.ndarray:
    """Array as rows of 1 MiB, or as one row where it has less; whole pieces of ROW only."""
    elements = BLOCK_BYTES // array.itemsize
    whole = array.size // elements * elements or array.size // ROW * ROW
    return array.reshape(-1)[:whole].reshape(-1, min(elements, whole))
