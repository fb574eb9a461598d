"""Peers that are timed on NumPy arrays: the limit, textbook, SciPy, numexpr, and ours."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.operands import mask

Function = Callable[[], object]

WORTH_THREADS = 1 << 20


def reading(_: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Largest element of each operand, on as many threads as there are processors.

    To start them takes 0.1 ms, so that what is read faster is read on one thread.
    """
    if log_q.nbytes < WORTH_THREADS:
        return lambda: (np.max(log_q), np.max(target))
    threads = processors()
    parts = [
        part for array in (log_q, target) for part in np.array_split(array.reshape(-1), threads)
    ]
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(np.max, parts))


def writing(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Sum of both operands into fresh memory, on all threads; twice for two derivatives."""
    threads = processors()
    pool = ThreadPoolExecutor(threads)
    parts = [np.array_split(array.reshape(-1), threads) for array in (log_q, target)]

    def write() -> None:
        for _ in range(2 if case.gradients else 1):
            result = np.array_split(np.empty(log_q.size, log_q.dtype), threads)
            list(pool.map(np.add, *parts, result))

    return write


def processors() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def textbook(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The definition, written down."""
    log_q, target = typed(case, log_q, target)

    def terms() -> np.ndarray:
        if case.log_target:
            return np.exp(target) * (target - log_q)
        return target * (np.log(target) - log_q)

    return terms if case.reduction == "none" else lambda: terms().sum() / len(target)


def scipy_loss(_: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Sum of SciPy's relative entropies of probabilities."""
    from scipy.special import rel_entr

    q = np.exp(log_q)
    return lambda: rel_entr(target, q).sum() / len(q)


def numexpr_loss(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Terms by numexpr, added up by NumPy.

    `sum` inside of the expression uses one thread: 62 ms against 33 for 512 x 32000 float32.
    """
    import numexpr

    expression = "exp(p) * (p - x)" if case.log_target else "p * (log(p) - x)"
    arrays = {"p": target, "x": log_q}
    return lambda: numexpr.evaluate(expression, local_dict=arrays).sum() / len(target)


def ours(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours, on as many threads as it likes."""
    from kldiv_xp import kl_div, kl_div_gradient, kl_div_with_logits

    log_q, target = typed(case, log_q, target)
    if case.logits:
        return partial(kl_div_with_logits, log_q, target, reduction=case.reduction)
    if case.gradients:
        return partial(kl_div_gradient, log_q, target, reduction=case.reduction)
    options: dict[str, Any] = {"reduction": case.reduction, "log_target": case.log_target}
    if case.rows:
        options["axis"] = -1
    if case.masked:
        options["where"] = mask(case.shape)
    return partial(kl_div, log_q, target, **options)


def ours_alone(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours, on the thread that calls."""
    from kldiv_xp import thread_limit

    call = ours(case, log_q, target)

    def alone() -> object:
        with thread_limit(1):
            return call()

    return alone


def typed(case: Case, *arrays: np.ndarray) -> list[np.ndarray]:
    """Operands in the type of the case; no copy where they have it."""
    return [array.astype(case.dtype, copy=False, subok=True) for array in arrays]
