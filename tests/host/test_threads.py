"""How many threads there may be, by a limit, the environment or the processors."""

import asyncio
import contextvars
import os
import threading

import pytest

from kldiv_xp import thread_limit
from kldiv_xp.host.threads import THREADS_VARIABLE, processors, thread_count

pytestmark = pytest.mark.usefixtures("no_setting")


@pytest.mark.parametrize("limit", [None, 2.0, "2", True, False])
def test_limit_that_is_no_int_is_refused_in_one_sentence(limit):
    with pytest.raises(TypeError) as caught, thread_limit(limit):
        pass
    expected = f"`limit` must be an int; got {limit!r}: pass the number of threads."
    assert str(caught.value) == expected


@pytest.mark.parametrize("limit", [0, -1, -8])
def test_limit_below_one_is_refused_in_one_sentence(limit):
    with pytest.raises(ValueError, match="at least 1") as caught, thread_limit(limit):
        pass
    expected = f"`limit` must be at least 1; got {limit}: 1 computes in the calling thread."
    assert str(caught.value) == expected


def test_refused_limit_changes_nothing():
    with thread_limit(3):
        with pytest.raises(ValueError, match="at least 1"), thread_limit(0):
            pass
        assert thread_count() == 3


def test_limits_nest_and_are_restored():
    before = thread_count()
    with thread_limit(3):
        assert thread_count() == 3
        with thread_limit(17):
            assert thread_count() == 17
        assert thread_count() == 3
    assert thread_count() == before


def leave_with_an_error():
    with thread_limit(5):
        raise LookupError


def test_limit_is_restored_after_an_error():
    before = thread_count()
    with pytest.raises(LookupError):
        leave_with_an_error()
    assert thread_count() == before


def test_limit_decorates_a_function():
    assert thread_limit(6)(thread_count)() == 6


def test_limit_is_of_this_thread_alone():
    seen = []
    with thread_limit(11):
        other = threading.Thread(target=lambda: seen.append(thread_count()))
        other.start()
        other.join()
        inheriting = contextvars.copy_context()
    assert seen == [thread_count()]
    assert inheriting.run(thread_count) == 11


def test_limit_is_of_this_task_alone():
    async def limited(limit, *, entered, left):
        with thread_limit(limit):
            entered.set()
            await left.wait()
            return thread_count()

    async def both():
        first, second = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(
            limited(2, entered=first, left=second), limited(7, entered=second, left=first)
        )

    assert asyncio.run(both()) == [2, 7]


@pytest.mark.parametrize("count", [1, 2, 5, 300])
def test_environment_says_how_many(monkeypatch, count):
    monkeypatch.setenv(THREADS_VARIABLE, str(count))
    assert thread_count() == count


def test_limit_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    with thread_limit(4):
        assert thread_count() == 4


@pytest.mark.parametrize("setting", ["0", "x", "", "-1", "1.5", " 2", "2 ", "٣", "1_0", "00"])
def test_environment_that_is_no_number_is_refused_in_one_sentence(monkeypatch, setting):
    monkeypatch.setenv(THREADS_VARIABLE, setting)
    with pytest.raises(ValueError, match=THREADS_VARIABLE) as caught:
        thread_count()
    assert str(caught.value) == (
        "The environment variable KLDIV_XP_NUM_THREADS must be a whole number of at least 1; got "
        f"{setting!r}: correct it or unset it."
    )


@pytest.mark.parametrize(
    ("there_are", "expected"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 4), (128, 4)]
)
def test_default_is_the_number_of_processors_up_to_a_limit(monkeypatch, there_are, expected):
    monkeypatch.setattr("kldiv_xp.host.threads.processors", lambda: there_are)
    assert thread_count() == expected


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system binds no processes")
def test_processors_are_those_that_the_process_may_run_on(monkeypatch):
    assert processors() == len(os.sched_getaffinity(0))
    monkeypatch.setattr(os, "sched_getaffinity", {0: {3, 5, 11}}.get)
    assert processors() == 3


@pytest.mark.parametrize(("known", "expected"), [(6, 6), (None, 1)])
def test_processors_are_those_of_the_machine_where_a_process_is_not_bound(
    monkeypatch, known, expected
):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: known)
    assert processors() == expected
