"""Time and peak memory on a device: CUDA events where a library has them, caches flushed."""

import time
from collections.abc import Callable
from typing import Any

Function = Callable[[], object]

FLUSHED_BYTES = 256 << 20
"""Written before each sample: more than the largest cache of a GPU so far, 126 MB."""

WRITES = 10
"""Times that it is written: about a millisecond, in which the host comes ahead of the device."""


class Host:
    """The host's clock, for libraries without events, and in a dry run; memory is not known."""

    flushed = "the host's clock, until the result is there; caches not flushed"

    def __init__(self, wait: Callable[[object], object] = lambda result: result) -> None:
        self.wait = wait

    def sample(self, function: Function) -> float:
        """Seconds of one call."""
        started = time.perf_counter()
        self.wait(function())
        return time.perf_counter() - started

    def peak(self, function: Function) -> int | None:
        """Bytes that a call takes at most, beyond what was taken before."""
        function()

    def free(self) -> None:
        """Give memory back that is kept for later, since others need it."""


class Torch:
    """CUDA events and the allocator of torch."""

    flushed = "CUDA events of torch; 256 MiB written ten times before each sample"

    def __init__(self) -> None:
        import torch

        self.cuda = torch.cuda
        self.junk = torch.empty(FLUSHED_BYTES, dtype=torch.uint8, device="cuda")

    def sample(self, function: Function) -> float:
        """Seconds of one call on the device."""
        start, end = (self.cuda.Event(enable_timing=True) for _ in range(2))
        for _ in range(WRITES):
            self.junk.zero_()
        start.record()
        function()
        end.record()
        end.synchronize()
        return float(start.elapsed_time(end)) / 1e3

    def peak(self, function: Function) -> int | None:
        """Bytes that a call takes at most, beyond what was taken before."""
        self.cuda.synchronize()
        self.cuda.reset_peak_memory_stats()
        before = self.cuda.memory_allocated()
        function()
        self.cuda.synchronize()
        return int(self.cuda.max_memory_allocated() - before)

    def free(self) -> None:
        """Give memory back that is kept for later, since others need it."""
        self.cuda.empty_cache()


class CuPy:
    """CUDA events and a hook in the memory pool of CuPy."""

    flushed = "CUDA events of CuPy; 256 MiB written ten times before each sample"

    def __init__(self) -> None:
        import cupy

        self.cupy = cupy
        self.junk = cupy.empty(FLUSHED_BYTES, dtype=cupy.uint8)

    def sample(self, function: Function) -> float:
        """Seconds of one call on the device."""
        start, end = (self.cupy.cuda.Event() for _ in range(2))
        for _ in range(WRITES):
            self.junk.fill(0)
        start.record()
        function()
        end.record()
        end.synchronize()
        return float(self.cupy.cuda.get_elapsed_time(start, end)) / 1e3

    def peak(self, function: Function) -> int | None:
        """Bytes that a call takes at most, beyond what was taken before."""
        with peak_hook(self.cupy.cuda.MemoryHook)() as hook:
            function()
        return int(hook.most)

    def free(self) -> None:
        """Give memory back that is kept for later, since others need it."""
        self.cupy.get_default_memory_pool().free_all_blocks()


def peak_hook(base: Any) -> Any:
    """Class of hooks that count what a memory pool hands out and gets back."""

    class Peak(base):  # type: ignore[misc]
        name = "Peak"
        now = most = 0

        def malloc_postprocess(self, **given: int) -> None:
            self.now += given["mem_size"]
            self.most = max(self.most, self.now)

        def free_postprocess(self, **given: int) -> None:
            self.now -= given["mem_size"]

    return Peak


class JAX(Host):
    """The host's clock, until the result is there, and what XLA says that it will take."""

    flushed = "the host's clock, until the result is there; 256 MiB written before each sample"

    def __init__(self) -> None:
        import jax

        super().__init__(jax.block_until_ready)
        self.write = jax.jit(lambda n: jax.numpy.full(FLUSHED_BYTES, n, dtype="uint8"))

    def sample(self, function: Function) -> float:
        """Seconds of one call."""
        self.wait(self.write(0))
        return super().sample(function)

    def peak(self, function: Function) -> int | None:
        """Bytes of temporaries and results, as the compiler planned them."""
        plan = function.plan()  # type: ignore[attr-defined]
        return int(plan.temp_size_in_bytes + plan.output_size_in_bytes)
