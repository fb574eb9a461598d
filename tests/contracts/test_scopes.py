"""Blocks hold in their own code and what that calls and starts: never for who uses a generator."""

import asyncio
import contextlib
import gc
import threading

import numpy as np
import pytest

from kldiv_xp import KLDivInputError, checking, kl_div, thread_limit
from kldiv_xp.api.checking import is_checking
from kldiv_xp.host.threads import thread_count


def limited(limit=7):
    with thread_limit(limit):
        yield thread_count()
        yield thread_count()


def checked():
    with checking():
        yield is_checking()
        yield is_checking()


def test_generator_at_its_yield_does_not_limit_its_caller():
    before = thread_count()
    generator = limited()
    assert next(generator) == 7
    assert thread_count() == before
    assert next(generator) == 7
    assert thread_count() == before
    assert list(generator) == []
    assert thread_count() == before


def test_generator_at_its_yield_does_not_check_what_its_caller_does():
    q = np.asarray([[0.25, 0.75]])
    for inside in checked():
        assert inside
        assert not is_checking()
        assert kl_div(q, q, reduction="sum").shape == ()


def test_generator_is_limited_by_its_caller_outside_of_its_own_block():
    def generator():
        yield thread_count()
        with thread_limit(2):
            yield thread_count()
        yield thread_count()

    with thread_limit(5):
        assert list(generator()) == [5, 2, 5]


def test_generator_that_delegates_limits_while_it_runs():
    def outer():
        yield from limited()

    before = thread_count()
    for inside in outer():
        assert (inside, thread_count()) == (7, before)


def test_generators_that_take_turns_keep_their_own_limits():
    before = thread_count()
    pairs = list(zip(limited(3), limited(4), strict=True))
    assert pairs == [(3, 4), (3, 4)]
    first, second = limited(3), limited(4)
    next(first)
    next(second)
    first.close()
    assert next(second) == 4
    second.close()
    assert thread_count() == before


@pytest.mark.few(1, 2)
@pytest.mark.parametrize("collected_by", ["reference", "cycle", "thread"])
def test_abandoned_generator_limits_nobody(collected_by):
    before = thread_count()
    generator = limited()
    next(generator)
    if collected_by == "cycle":
        cycle = [generator]
        cycle.append(cycle)
        del cycle
    holder = [generator]
    del generator
    assert thread_count() == before
    if collected_by == "thread":
        other = threading.Thread(target=holder.clear)
        other.start()
        other.join()
    holder.clear()
    gc.collect()
    assert thread_count() == before
    assert sum(1 for _ in limited()) == 2


@pytest.mark.parametrize("enter", ["with", "stack", "decorated"])
def test_function_that_is_made_a_block_limits_the_body_of_that(enter):
    @contextlib.contextmanager
    def settings():
        with thread_limit(6), checking():
            yield

    def generator():
        with settings():
            yield thread_count()

    before = thread_count()
    if enter == "with":
        with settings():
            assert (thread_count(), is_checking()) == (6, True)
    elif enter == "stack":
        with contextlib.ExitStack() as stack:
            stack.enter_context(settings())
            assert (thread_count(), is_checking()) == (6, True)
    else:
        assert settings()(lambda: (thread_count(), is_checking()))() == (6, True)
    assert (thread_count(), is_checking()) == (before, False)
    for inside in generator():
        assert (inside, thread_count()) == (6, before)


def test_asynchronous_function_that_is_made_a_block_limits_the_body_of_that():
    @contextlib.asynccontextmanager
    async def settings():
        with thread_limit(6):
            yield

    async def main():
        before = thread_count()
        async with settings():
            await asyncio.sleep(0)
            inside = thread_count()
        return before, inside, thread_count()

    before, inside, after = asyncio.run(main())
    assert (inside, after) == (6, before)


@pytest.fixture
def limiting():
    with thread_limit(6):
        yield


@pytest.mark.usefixtures("limiting")
def test_fixture_limits_its_test():
    assert thread_count() == 6


def test_stack_within_a_generator_is_the_generators():
    def generator():
        with contextlib.ExitStack() as stack:
            stack.enter_context(thread_limit(6))
            yield thread_count()

    before = thread_count()
    for inside in generator():
        assert (inside, thread_count()) == (6, before)


def test_checks_and_limits_of_a_block_end_with_an_error():
    q = np.asarray([[0.25, 0.75]])

    def losses():
        with checking():
            yield kl_div(q, q, reduction="sum")

    with pytest.raises(KLDivInputError):
        next(losses())
    assert not is_checking()
