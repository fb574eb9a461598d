"""Time, page faults and peak memory of a function that takes no arguments."""

import ctypes
import gc
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

Function = Callable[[], object]

# A sample lasts at least as long, so that the clock's own resolution and cost vanish in it.
SHORTEST_SAMPLE = 1e-3
LEAST_SAMPLES = 3

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


def timed(function: Function, budget: float) -> dict[str, Any]:
    """Seconds per call in many samples, and minor page faults per call; warm-up left out."""
    function()
    once = seconds(function, 1)
    calls = max(1, round(SHORTEST_SAMPLE / once))
    samples: list[float] = []
    faults = minor_faults()
    while sum(samples) * calls < budget or len(samples) < LEAST_SAMPLES:
        samples.append(seconds(function, calls))
    return {"samples": samples, "faults": (minor_faults() - faults) / len(samples) / calls}


def seconds(function: Function, calls: int) -> float:
    """Time of one call among so many."""
    started = perf_counter()
    for _ in range(calls):
        function()
    return (perf_counter() - started) / calls


def minor_faults() -> int:
    """Pages that the system had to hand out so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def extra_memory(function: Function) -> dict[str, Any]:
    """Growth of the peak of resident memory, in bytes, over what was resident before a call.

    A first call compiles, starts threads and maps files; its memory is given back to the system
    before the one that counts. Where the peak cannot be reset, the growth is an upper bound.
    """
    before = resident("VmRSS")
    function()
    gc.collect()
    give_back()
    if reset_peak():
        before = resident("VmRSS")
        function()
        return {"bytes": max(0, resident("VmHWM") - before), "method": "VmHWM, reset"}
    function()
    return {"bytes": max(0, highest() - before), "method": "ru_maxrss, an upper bound"}


def give_back() -> None:
    """Let the C library return what it has kept to the system."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def reset_peak() -> bool:
    """Set the peak to what is resident now, if the system lets us."""
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def resident(field: str) -> int:
    """Bytes of memory in a field of the status of this process, else the peak so far."""
    if STATUS.exists():
        for line in STATUS.read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return highest()


def highest() -> int:
    """Bytes of resident memory at their most: macOS counts in bytes, others in kibibytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
