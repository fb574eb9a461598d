"""What NumPy's functions take in the cache, and fresh memory: bounds of what is made of them."""

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
