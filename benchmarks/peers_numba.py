"""Peers that are timed with numba: a loop, as one writes it."""

from collections.abc import Callable

import numba
import numpy as np

from benchmarks.cases import Case


@numba.njit(parallel=True)
def of_probabilities(log_q: np.ndarray, p: np.ndarray) -> float:
    """Sum of all terms."""
    total = 0.0
    for i in numba.prange(log_q.shape[0]):
        for j in range(log_q.shape[1]):
            if p[i, j] > 0:
                total += p[i, j] * (np.log(p[i, j]) - log_q[i, j])
    return total


@numba.njit(parallel=True)
def of_logarithms(log_q: np.ndarray, log_p: np.ndarray) -> float:
    """Sum of all terms of a target in log space."""
    total = 0.0
    for i in numba.prange(log_q.shape[0]):
        for j in range(log_q.shape[1]):
            total += np.exp(log_p[i, j]) * (log_p[i, j] - log_q[i, j])
    return total


def numba_loss(case: Case, log_q: np.ndarray, target: np.ndarray) -> Callable[[], object]:
    """The loop for this kind of target."""
    loop = of_logarithms if case.log_target else of_probabilities
    return lambda: loop(log_q, target) / len(target)
