"""Sharing work among threads loses nothing, leaves nothing, and never waits for a dead thread."""

import _thread
import dis
import signal
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from conftest import working_threads

from kldiv_xp.host.sharing import share

# More jobs than a thread can do before it learns that another has failed.
MANY = 3_000_000

COMBINATIONS = [(jobs, threads) for jobs in (0, 1, 2, 3, 7, 20) for threads in (1, 2, 3, 5, 9)]
START = "kldiv_xp.host.sharing.start_new_thread"


@pytest.fixture
def kernel_threads():
    """Threads of this process that are ours, which is none before and after each test."""
    assert working_threads() == 0
    yield
    assert working_threads() == 0


@pytest.mark.usefixtures("kernel_threads")
@pytest.mark.parametrize(("jobs", "threads"), COMBINATIONS)
def test_every_job_is_done_once(jobs, threads):
    done, workers = [], []

    def work(mine):
        workers.append(threading.get_ident())
        done.extend(mine)

    share(work, jobs, threads)
    assert sorted(done) == list(range(jobs))
    # Not how many identities: a thread that begins late may have that of one that has ended.
    assert len(workers) == max(1, min(jobs, threads))


@pytest.mark.parametrize(("jobs", "threads"), COMBINATIONS)
def test_each_thread_has_its_jobs_in_order(jobs, threads):
    shares = []
    share(lambda mine: shares.append(list(mine)), jobs, threads)
    assert all(jobs == sorted(jobs) for jobs in shares)


def test_who_is_free_takes_the_next_job():
    done, rest = Counting(), threading.Event()

    def work(mine):
        for job in mine:
            if job == 0:
                assert rest.wait(timeout=60)
            done.add()
            if sum(done.jobs.values()) == 9:
                rest.set()

    share(work, 10, 2)
    assert sorted(done.jobs.values()) == [1, 9]


def test_calling_thread_works_too():
    workers, everybody = [], threading.Barrier(3)

    def work(mine):
        workers.append(threading.get_ident())
        for _ in mine:
            everybody.wait()

    share(work, 3, 3)
    assert threading.get_ident() in workers
    assert len(set(workers)) == 3


@pytest.mark.parametrize("error", [RuntimeError, MemoryError])
def test_caller_does_what_a_thread_that_the_system_refuses_would_have_done(monkeypatch, error):
    granted = []

    def refuse_the_second(function, arguments):
        if granted:
            raise error("can't start new thread")
        granted.append(function)
        _thread.start_new_thread(function, arguments)

    monkeypatch.setattr(START, refuse_the_second)
    done = []
    share(done.extend, 20, 5)
    assert sorted(done) == list(range(20))
    assert len(granted) == 1


def test_one_thread_is_the_calling_thread(monkeypatch):
    monkeypatch.setattr(START, None)
    share(list, 5, 1)
    share(list, 1, 5)
    share(list, 0, 5)
    with pytest.raises(TypeError, match="not callable"):
        share(list, 2, 2)


class Counting:
    """Jobs that each thread has done, without a list of millions."""

    def __init__(self):
        self.jobs = Counter()

    def add(self):
        self.jobs[threading.get_ident()] += 1


@pytest.mark.few(1, 11)
@pytest.mark.usefixtures("kernel_threads")
@pytest.mark.parametrize("error", [LookupError, MemoryError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("culprit", [0, 1, 2])
def test_what_one_thread_raises_is_raised_and_stops_the_others(error, culprit):
    failed, done = threading.Event(), Counting()

    def work(mine):
        for job in mine:
            if job == culprit:
                failed.set()
                raise error(job)
            failed.wait()
            done.add()

    with pytest.raises(error) as caught:
        share(work, MANY, 3)
    assert caught.value.args == (culprit,)
    assert all(count < MANY // 3 for count in done.jobs.values())


@pytest.fixture
def interruptible():
    """Python's own handler, which a process in the background of a shell starts without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("kernel_threads", "interruptible")
@pytest.mark.skipif(sys.platform == "win32", reason="an interrupt is no signal on Windows")
def test_interrupted_caller_leaves_no_thread_behind():
    started, done = threading.Barrier(3), Counting()

    def work(mine):
        for job in mine:
            if job < 3:
                started.wait()
            if job == 0:
                signal.raise_signal(signal.SIGINT)
            done.add()

    with pytest.raises(KeyboardInterrupt):
        share(work, MANY, 3)
    assert all(count < MANY // 3 for count in done.jobs.values())


@pytest.mark.usefixtures("kernel_threads")
@pytest.mark.parametrize("error", [MemoryError, SystemExit])
def test_thread_that_dies_before_its_first_step_is_not_waited_for(monkeypatch, error):
    def die(sign):
        raise error

    monkeypatch.setattr(START, lambda _, arguments: _thread.start_new_thread(die, arguments))
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    done = []
    share(done.extend, 20, 5)
    assert sorted(done) == list(range(20))


@pytest.mark.usefixtures("kernel_threads")
def test_thread_that_dies_with_a_job_is_a_failure(monkeypatch):
    """Jobs that a thread has taken nobody else does, also where it cannot say why it ends."""
    taken, caller = threading.Event(), threading.get_ident()

    def work(mine):
        if threading.get_ident() == caller:
            assert taken.wait(timeout=60)
            return list(mine)
        next(mine)
        taken.set()
        raise LookupError

    def forgetful(run, arguments):
        helper = run.__self__
        monkeypatch.setattr(type(helper), "failure", Forgetful(), raising=False)
        _thread.start_new_thread(run, arguments)

    monkeypatch.setattr(START, forgetful)
    with pytest.raises(MemoryError, match="ended in the middle of its work"):
        share(work, 20, 2)


class Forgetful:
    """An attribute that does not take a LookupError."""

    def __get__(self, helper, kind):
        return vars(helper).get("failure")

    def __set__(self, helper, failure):
        if not isinstance(failure, LookupError):
            vars(helper)["failure"] = failure


@pytest.mark.usefixtures("kernel_threads")
def test_threads_may_be_watched(monkeypatch):
    started = []

    def watched(*thread):
        started.append(thread)
        return _thread.start_new_thread(*thread)

    monkeypatch.setattr(START, watched)
    done = []
    share(done.extend, 20, 3)
    assert sorted(done) == list(range(20))
    assert len(started) == 2


def test_no_thread_is_started_where_it_could_not_run(monkeypatch):
    monkeypatch.setattr(sys, "is_finalizing", lambda: True)
    monkeypatch.setattr(START, None)
    done = []
    share(done.extend, 20, 3)
    assert done == list(range(20))


class InterruptAt:
    """Trace that interrupts a thread at one of the places where Python looks for signals."""

    def __init__(self, place):
        self.left = place

    def __call__(self, frame, event, _):
        code = frame.f_code
        if Path(code.co_filename).name != "sharing.py" or code.co_name == "taken":
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        instructions = {one.offset: one.opname for one in dis.get_instructions(code)}
        last = ""

        def each(frame, event, _):
            nonlocal last
            if event == "opcode":
                if last.startswith(("CALL", "RESUME", "JUMP_BACKWARD")):
                    self.pass_by()
                last = instructions[frame.f_lasti]
            return each

        return each

    def pass_by(self):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.usefixtures("kernel_threads")
def test_interrupt_at_any_point_ends_all_threads():
    place, jobs = 0, 300_000
    interrupted = True
    before = sys.gettrace()
    while interrupted:
        place += 1
        trace, done = InterruptAt(place), []
        sys.settrace(trace)
        try:
            share(done.extend, jobs, 3)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)
        interrupted = trace.left <= 0
        assert working_threads() == 0
        assert interrupted or sorted(done) == list(range(jobs))
    assert place > 10
