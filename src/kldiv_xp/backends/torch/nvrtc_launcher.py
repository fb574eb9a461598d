"""Kernels compiled by NVRTC, which torch ships, and launched by the CUDA driver."""

import sys
from collections.abc import Iterator, Sequence
from ctypes import CDLL, addressof, byref, c_char_p, c_int, c_size_t, c_void_p
from ctypes import create_string_buffer as memory
from functools import cache, partial
from pathlib import Path
from struct import pack
from typing import Any, NamedTuple

import torch

from kldiv_xp.cuda.code_cache import cached
from kldiv_xp.cuda.kernel_text import KERNEL_NAME, OPTIONS

CAPABILITY = 75, 76
"""Numbers of the driver's attributes: compute capability, major and minor."""


class Libraries(NamedTuple):
    """Handles of NVRTC and of the CUDA driver."""

    nvrtc: Any
    driver: Any


def launch_on_stream(
    device: int, stream: int, source: str, blocks: int, threads: int, arguments: Sequence[float]
) -> None:
    """Run a kernel on a device and a stream, without waiting for it.

    Each argument has 64 bits: addresses and counts are integers, numbers are float64.
    """
    kinds = "".join(["q" if isinstance(one, int) else "d" for one in arguments])
    given = memory(pack(kinds, *arguments), 8 * len(kinds))
    first = addressof(given)
    places = (c_void_p * len(kinds))(*range(first, first + 8 * len(kinds), 8))
    grid, block = (blocks, 1, 1), (threads, 1, 1)
    with current(device):
        run = libraries().driver.cuLaunchKernel
        call(run, nvrtc_kernel(device, source), *grid, *block, 0, c_void_p(stream), places, None)


class current:  # noqa: N801 - used like a function; a generator takes longer than a launch
    """Context manager that makes a device's primary context, which torch uses, the current one."""

    def __init__(self, device: int) -> None:
        self.wanted, found = context(device), c_void_p()
        call(libraries().driver.cuCtxGetCurrent, byref(found))
        self.is_other = found.value != self.wanted.value

    def __enter__(self) -> None:
        if self.is_other:
            call(libraries().driver.cuCtxPushCurrent_v2, self.wanted)

    def __exit__(self, *_: object) -> None:
        if self.is_other:
            call(libraries().driver.cuCtxPopCurrent_v2, byref(c_void_p()))


@cache
def context(device: int) -> c_void_p:
    """Primary context of a device."""
    driver, found = libraries().driver, c_void_p()
    call(driver.cuDevicePrimaryCtxRetain, byref(found), device)
    return found


@cache
def nvrtc_kernel(device: int, source: str) -> c_void_p:
    """Kernel for a source, loaded into the current context, which is the device's."""
    driver, module, function = libraries().driver, c_void_p(), c_void_p()
    target = "sm_{}{}".format(*capability(device))
    code = cached(partial(compiled_by_nvrtc, source, target), source, target, *OPTIONS, version())
    call(driver.cuModuleLoadData, byref(module), code)
    call(driver.cuModuleGetFunction, byref(function), module, KERNEL_NAME.encode())
    return function


def capability(device: int) -> tuple[int, int]:
    """Compute capability of a device."""
    found = c_int(), c_int()
    for one, attribute in zip(found, CAPABILITY, strict=True):
        call(libraries().driver.cuDeviceGetAttribute, byref(one), attribute, device)
    return found[0].value, found[1].value


def version() -> str:
    """Version of NVRTC."""
    found = c_int(), c_int()
    call(libraries().nvrtc.nvrtcVersion, *map(byref, found))
    return f"NVRTC {found[0].value}.{found[1].value}"


def compiled_by_nvrtc(source: str, target: str) -> bytes:
    """Machine code (cubin) of a source for a compute capability."""
    nvrtc, program, size = libraries().nvrtc, c_void_p(), c_size_t()
    options = [one.encode() for one in (f"--gpu-architecture={target}", *OPTIONS)]
    given = len(options), (c_char_p * len(options))(*options)
    call(nvrtc.nvrtcCreateProgram, byref(program), source.encode(), b"rows.cu", 0, None, None)
    try:
        call(nvrtc.nvrtcCompileProgram, program, *given)
        call(nvrtc.nvrtcGetCUBINSize, program, byref(size))
        code = memory(size.value)
        call(nvrtc.nvrtcGetCUBIN, program, code)
    finally:
        call(nvrtc.nvrtcDestroyProgram, byref(program))
    return code.raw


def call(function: Any, *arguments: Any) -> None:
    """Call a CUDA function; raise if its status is not 0."""
    status = function(*arguments)
    if status:
        message = f"CUDA's {function.__name__} failed with status {status}."
        raise RuntimeError(message)


@cache
def libraries() -> Libraries:
    """NVRTC and the driver; OSError if one of them is not found."""
    driver = CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    for name in names_of_nvrtc():
        try:
            return Libraries(CDLL(name), driver)
        except OSError:
            continue
    message = "NVRTC was not found beside torch."
    raise OSError(message)


def names_of_nvrtc() -> Iterator[str]:
    """Candidate file names of NVRTC: loaded already, in torch's CUDA packages, or in torch."""
    major = str(torch.version.cuda).partition(".")[0]
    yield f"libnvrtc.so.{major}"
    beside = Path(torch.__file__).parents[1] / "nvidia"
    yield from map(str, sorted(beside.glob(f"*/lib/libnvrtc.so.{major}*")))
    yield from map(str, sorted(beside.glob("*/bin/**/nvrtc64_*_0.dll")))
    within = Path(torch.__file__).parent / "lib"
    yield from map(str, sorted(within.glob("nvrtc64_*_0.dll")))
    yield str(within / "libcaffe2_nvrtc.so")
