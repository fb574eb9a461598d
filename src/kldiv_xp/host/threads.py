"""The number of threads for computations on host memory."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from kldiv_xp._scopes import Scope

Threads = Callable[[], int]
"""Function that returns the number of threads, called only if there is work for several."""

THREADS_VARIABLE = "KLDIV_XP_NUM_THREADS"

# A thread that needs every guard holds 3.75 MiB: four of them stay below 16.
MOST_BY_DEFAULT = 4

# os.environ itself takes 1 us to find nothing, this takes 0.02, and a small loss 25.
ENVIRONMENT: Mapping[Any, Any] = getattr(os.environ, "_data", os.environ)
THREADS_KEY = (
    THREADS_VARIABLE if ENVIRONMENT is os.environ else os.environ.encodekey(THREADS_VARIABLE)
)

_limit = Scope[int]("kldiv_xp_thread_limit")


@contextmanager
def thread_limit(limit: int) -> Iterator[None]:
    """Limit the threads that a loss uses, within the ``with`` block.

    A loss of NumPy arrays, or of eager torch tensors in host memory, is computed by as many
    threads as the process has processors, at most 4, or as many as the environment variable
    ``KLDIV_XP_NUM_THREADS`` says.  They live as long as the call.  The result is the same, bit
    for bit, for any number of them.

    Parameters
    ----------
    limit : int
        At least 1, which computes in the thread that calls.

    Raises
    ------
    TypeError
        If `limit` is not an int.
    ValueError
        If `limit` is less than 1.

    Notes
    -----
    The limit belongs to the code within the block, to what that calls, and to tasks and contexts
    that are started there.  A generator, or an asynchronous one, that waits at a ``yield`` within
    the block does not limit whoever uses it; only where the ``yield`` stands for the body of a
    block itself, in a function that ``contextlib.contextmanager`` decorates and in a fixture of
    pytest, what comes in that body is limited.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import kl_div, thread_limit
    >>> log_q, p = np.log([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
    >>> with thread_limit(1):
    ...     round(float(kl_div(log_q, p, reduction="batchmean")), 7)
    0.143841
    """
    if not isinstance(limit, int) or isinstance(limit, bool):
        message = f"`limit` must be an int; got {limit!r}: pass the number of threads."
        raise TypeError(message)
    if limit < 1:
        message = f"`limit` must be at least 1; got {limit}: 1 computes in the calling thread."
        raise ValueError(message)
    with _limit.during(limit):
        yield


def thread_count() -> int:
    """Number of threads allowed by the context, else by the environment, else by the processors."""
    limit = _limit.value()
    if limit is not None:
        return limit
    setting = os.environ.get(THREADS_VARIABLE)
    return min(processors(), MOST_BY_DEFAULT) if setting is None else parse(setting)


def check_setting() -> None:
    """Refuse an invalid environment variable, even in calls that use one thread."""
    if THREADS_KEY in ENVIRONMENT and _limit.value() is None:
        thread_count()


def processors() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache
def parse(setting: str) -> int:
    """Value of the environment variable."""
    if setting.isascii() and setting.isdigit() and int(setting) > 0:
        return int(setting)
    message = (
        f"The environment variable {THREADS_VARIABLE} must be a whole number of at least 1; got "
        f"{setting!r}: correct it or unset it."
    )
    raise ValueError(message)
