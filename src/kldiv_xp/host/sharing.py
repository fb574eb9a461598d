"""Sharing jobs among threads that end with the call."""

import sys
from _thread import allocate_lock, start_new_thread
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from weakref import ref

# How long a thread waits for another, in seconds, before it looks whether that is still there.
LONGEST_WAIT = 0.1


def share(work: Callable[[Iterator[int]], None], jobs: int, threads: int) -> None:
    """Call `work` in each thread with an iterator over the jobs that remain.

    The threads end with the call, so that a fork finds none; what one of them raises is raised
    here, after the others have stopped at their next job.
    """
    if min(jobs, threads) <= 1:
        work(iter(range(jobs)))
        return
    left = deque(range(jobs))
    own, *others = helpers = [Helper(work, left) for _ in range(min(jobs, threads))]
    try:
        start(others)
        own.run()
    finally:
        try:
            finish(left, others)
        finally:  # also where an interrupt has cut the waiting short
            finish(left, others)
    for helper in helpers:
        if helper.failure is not None:
            raise helper.failure


def jobs_left(left: deque[int]) -> Iterator[int]:
    """Iterator over the jobs that no thread has taken yet."""
    with suppress(IndexError):
        while True:
            yield left.popleft()


class Sign:
    """Marker held by a thread alone: it is freed when the thread ends."""


class Helper:
    """A worker thread and its outcome.

    Not a Thread of `threading`, whose `start` waits until the thread says that it runs: for ever
    where that dies of a MemoryError before it can.
    """

    def __init__(self, work: Callable[[Iterator[int]], None], left: deque[int]) -> None:
        self.work, self.left = work, left
        self.failure: BaseException | None = None
        self.lost = MemoryError("A thread of a loss has ended in the middle of its work.")
        self.sign: Callable[[], Sign | None] = no_sign
        self.is_over = False
        self.ended = allocate_lock()
        self.ended.acquire()

    def run(self, sign: Sign | None = None) -> None:
        """Run jobs until none is left; the first failure stops all threads."""
        del sign  # a failure would keep it, with this frame
        self.failure = self.lost
        try:
            self.work(jobs_left(self.left))
            self.failure = None
        except BaseException as failure:
            self.failure = failure
            self.left.clear()
        finally:
            self.is_over = True

    def start(self) -> None:
        """Start the thread; only its sign tells whether it runs."""
        sign = Sign()
        try:
            self.sign = ref(sign, lambda _: self.ended.release())
            start_new_thread(self.run, (sign,))
        finally:
            del sign

    def wait(self) -> None:
        """Wait until the thread has ended in any way."""
        while self.sign() is not None:
            self.ended.acquire(True, LONGEST_WAIT)  # noqa: FBT003 - has no keyword
            if self.is_over:  # who watches threads may hold their signs
                return


def no_sign() -> None:
    """Sign of a thread that never started: None."""


def start(helpers: list[Helper]) -> None:
    """Start as many threads as the system grants."""
    if sys.is_finalizing():  # they would stop at their first step, and never end
        return
    # "can't start new thread", also while the interpreter shuts down
    with suppress(RuntimeError, MemoryError):
        for helper in helpers:
            helper.start()


def finish(left: deque[int], helpers: list[Helper]) -> None:
    """Clear the remaining jobs and wait for the threads to end."""
    left.clear()
    for helper in helpers:
        helper.wait()
