"""What NumPy's functions take in the cache: the bounds of anything that is made of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.clock import timed

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
        "np.vecdot": lambda: np.vecdot(*rows),
    }

    def measure() -> dict[str, Any]:
        return {name: timed(kernel, case.budget) for name, kernel in found.items()}

    return measure
