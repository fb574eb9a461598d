"""CuPy compiles kernels and launches them, on the memory of whichever library."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import cupy

from kldiv_xp.cuda.strides_and_grid import THREADS

# A product and a sum that are rounded apart, as the formula has them.
OPTIONS = ("--fmad=false",)


def launch(source: str, name: str, blocks: int, arguments: Sequence[float]) -> None:
    """Run a kernel on the current device and stream, without waiting for it.

    Addresses and counts are Python's integers, which CuPy passes in 64 bits.
    """
    kernel(source, name)((blocks,), (THREADS,), tuple(arguments))


def launch_on_stream(
    device: int, stream: int, source: str, name: str, blocks: int, arguments: Sequence[float]
) -> None:
    """The same on a device and a stream that another library made."""
    with cupy.cuda.Device(device), cupy.cuda.ExternalStream(stream, device):
        launch(source, name, blocks, arguments)


@cache
def kernel(source: str, name: str) -> Any:
    """Kernel of a text, which CuPy compiles for a device when it is launched there first."""
    return cupy.RawModule(code=source, options=OPTIONS).get_function(name)
