"""Values for the time of a ``with`` block: in its code, and in what that calls or starts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR
from types import FrameType
from typing import Generic, TypeVar

from kldiv_xp._warnings import package_of

T = TypeVar("T")

# They run a generator to its `yield`, and what follows then is the body of a block: that of a
# function that `contextmanager` decorates, and the test that has a fixture.
MAKERS_OF_BLOCKS = {"contextlib", "_pytest"}


class Block(Generic[T]):
    """A block that was entered, and the generator whose code it is, if any."""

    def __init__(self, value: T, generator: FrameType | None) -> None:
        self.value = value
        self.generator = generator
        self.is_over = False

    def counts(self) -> bool:
        """Whether the block holds now: a generator that waits at its `yield` is in nobody's way."""
        return not self.is_over and (self.generator is None or self.generator.f_back is not None)


class Scope(Generic[T]):
    """A value that blocks set, the innermost one last."""

    def __init__(self, name: str) -> None:
        self._blocks: ContextVar[tuple[Block[T], ...]] = ContextVar(name, default=())
        self.blocks = self._blocks.get
        """The enclosing blocks, also ended ones; usually none, which costs no call to see."""

    def value(self) -> T | None:
        """The value here, None outside of all blocks."""
        for block in reversed(self._blocks.get()):
            if block.counts():
                return block.value
        return None

    @contextmanager
    def during(self, value: T) -> Iterator[None]:
        """Set the value within the ``with`` block; blocks may end in any order and context."""
        block = Block(value, generator_around())
        around = tuple(one for one in self._blocks.get() if not one.is_over)
        token = self._blocks.set((*around, block))
        try:
            yield
        finally:
            left = tuple(one for one in self._blocks.get() if one is not block)
            try:
                self._blocks.reset(token)
                # What was started within an ordinary block keeps what it was started with.
                block.is_over = block.generator is not None
            except ValueError:  # "was created in a different Context", which nobody can reach
                block.is_over = True
            block.generator = None
            self._blocks.set(left)


def generator_around() -> FrameType | None:
    """Frame of the generator whose ``with`` block calls this, None if it is no generator's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (makes_blocks(frame) or is_made_a_block(frame)):
        frame = frame.f_back
    return frame if frame is not None and is_generator(frame) else None


def makes_blocks(frame: FrameType | None) -> bool:
    """Whether a frame belongs to those that make blocks of generators."""
    return frame is not None and package_of(frame.f_globals) in MAKERS_OF_BLOCKS


def is_made_a_block(frame: FrameType) -> bool:
    """Whether a frame is a generator whose `yield` stands for the body of a block."""
    return is_generator(frame) and makes_blocks(frame.f_back)


def is_generator(frame: FrameType) -> bool:
    """Whether a frame can wait at a `yield`."""
    return bool(frame.f_code.co_flags & (CO_GENERATOR | CO_ASYNC_GENERATOR))
