"""The operands of a case: softmax pairs or logits, with zeros and memory layouts as it asks."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.cases import Case

# Rows beyond these repeat them: the time of drawing 10^8 numbers would be that of a whole round.
DISTINCT_ROWS = 16


def operands(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities and target, or logits twice.

    They are float32 where NumPy or the peer makes the 16-bit type itself, and in one piece unless
    the layout says otherwise.
    """
    rng = np.random.default_rng(0)
    shape = (min(case.shape[0], DISTINCT_ROWS), case.shape[1])
    log_q, target = (2 * rng.standard_normal(shape) for _ in range(2))
    if case.lacking:
        log_q[:, ::7] = target[:, ::7] = -np.inf
    if not case.logits:
        log_q, log_p = log_softmax(log_q), log_softmax(target)
        target = log_p if case.log_target else with_zeros(rng, np.exp(log_p), case.zeros)
    dtype = np.float64 if case.dtype == "float64" else np.float32
    repeated = np.arange(case.shape[0]) % DISTINCT_ROWS
    return tuple(laid_out(array.astype(dtype)[repeated], case.layout) for array in (log_q, target))


def mask(shape: tuple[int, int]) -> np.ndarray:
    """Half of the terms, drawn one by one."""
    rows = np.random.default_rng(1).integers(2, size=(DISTINCT_ROWS, shape[1]))
    return np.resize(rows == 1, shape)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logarithms of probabilities that add up to 1 in each row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def with_zeros(rng: np.random.Generator, p: np.ndarray, zeros: str) -> np.ndarray:
    """Distributions with no zeros, half of them, or all but one."""
    if zeros == "no":
        return p
    if zeros == "one-hot":
        places = rng.integers(p.shape[1], size=len(p))
        return np.eye(1, p.shape[1], dtype=p.dtype)[0][(np.arange(p.shape[1]) - places[:, None])]
    kept = np.where(rng.integers(2, size=p.shape), 0, p)
    return kept / kept.sum(axis=1, keepdims=True)


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """The same values, or the first row of them for 'broadcast', in another place."""
    if layout == "strided":
        return np.repeat(array, 2, axis=1)[:, ::2]
    if layout == "broadcast":
        return np.broadcast_to(array[0], array.shape)
    if layout == "memmap":
        path = Path(tempfile.mkstemp(suffix=".npy")[1])
        np.save(path, array)
        mapped = np.load(path, mmap_mode="r")
        path.unlink()  # the mapping keeps the file until it ends
        return mapped
    return array
