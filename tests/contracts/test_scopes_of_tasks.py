"""Blocks in tasks and contexts: for the code within, and for what is started there."""

import asyncio
import contextvars
import subprocess
import sys

from kldiv_xp import thread_limit
from kldiv_xp._scopes import Scope
from kldiv_xp.host.threads import thread_count

SCOPE = Scope[str]("test")


async def limited_tasks(limit=7):
    with thread_limit(limit):
        yield thread_count()
        await asyncio.sleep(0)
        yield thread_count()


def test_asynchronous_generator_at_its_yield_does_not_limit_its_task():
    async def main():
        before = thread_count()
        async for inside in limited_tasks():
            assert (inside, thread_count()) == (7, before)
        return before == thread_count()

    assert asyncio.run(main())


def test_asynchronous_generator_may_be_closed_in_another_task():
    async def main():
        before = thread_count()
        generator = limited_tasks()
        assert await anext(generator) == 7
        await asyncio.create_task(generator.aclose())
        return before == thread_count()

    assert asyncio.run(main())


def test_asynchronous_generator_that_is_abandoned_limits_nobody_and_raises_nothing():
    program = """
import asyncio, gc
from kldiv_xp import thread_limit
from kldiv_xp.host.threads import thread_count
async def limited():
    with thread_limit(7):
        yield
        yield
async def main():
    before = thread_count()
    async for _ in limited():
        break
    gc.collect()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print(before == thread_count())
asyncio.run(main(), debug=True)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_block_of_a_coroutine_may_be_closed_in_another_context():
    class Wait:
        def __await__(self):
            yield

    async def limited():
        with thread_limit(7):
            await Wait()

    before = thread_count()
    coroutine = limited()
    here = contextvars.copy_context()
    here.run(coroutine.send, None)
    assert here.run(thread_count) == 7
    contextvars.copy_context().run(coroutine.close)
    assert here.run(thread_count) == thread_count() == before


def test_what_a_block_starts_keeps_its_limit():
    async def later(event):
        await event.wait()
        return thread_count()

    async def main():
        event = asyncio.Event()
        with thread_limit(7):
            task = asyncio.create_task(later(event))
            there = await asyncio.to_thread(thread_count)
        event.set()
        return await task, there, thread_count()

    before = thread_count()
    assert asyncio.run(main()) == (7, 7, before)


def test_blocks_may_end_in_any_order():
    first, second = SCOPE.during("first"), SCOPE.during("second")
    assert SCOPE.value() is None
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert SCOPE.value() == "second"
    second.__exit__(None, None, None)
    assert SCOPE.value() is None


def test_blocks_that_are_over_are_forgotten():
    def within():
        with SCOPE.during("one"):
            yield

    def many():
        for _ in range(10):
            generator = within()
            next(generator)
            contextvars.copy_context().run(generator.close)
        with SCOPE.during("last"):
            return len(SCOPE._blocks.get())

    assert contextvars.copy_context().run(many) == 1
