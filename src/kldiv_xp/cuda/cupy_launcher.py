"""Kernels compiled and launched by CuPy, on device memory of any library."""

from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import cupy
from cupy.cuda.compiler import compile_using_nvrtc
from cupy.cuda.function import Module

from kldiv_xp.cuda.code_cache import cached
from kldiv_xp.cuda.kernel_text import KERNEL_NAME, OPTIONS


def launch(
    source: str, blocks: int, threads: int, arguments: Sequence[float], stream: Any = None
) -> None:
    """Run a kernel on the current device, without waiting for it.

    Addresses and counts are Python's integers, which CuPy passes in 64 bits.
    """
    run = cupy_kernel(cupy.cuda.runtime.getDevice(), source)
    run((blocks,), (threads,), tuple(arguments), stream=stream)


def launch_on_stream(
    device: int, stream: int, source: str, blocks: int, threads: int, arguments: Sequence[float]
) -> None:
    """Run a kernel on another library's device and stream, without waiting for it."""
    with cupy.cuda.Device(device):
        launch(source, blocks, threads, arguments, SimpleNamespace(ptr=stream))


@cache
def cupy_kernel(device: int, source: str) -> Any:
    """CuPy's kernel for a source, compiled for the device.

    By CuPy's compiler itself, since RawModule adds -ftz=true after all options: with it the
    smallest targets, and subnormal numbers of float16, were 0.
    """
    target = f"sm_{cupy.cuda.Device(device).compute_capability}"
    what = source, target, *OPTIONS, f"CuPy {cupy.__version__}"
    module = Module()
    module.load(cached(lambda: compile_using_nvrtc(source, OPTIONS)[0], *what))
    return module.get_function(KERNEL_NAME)
