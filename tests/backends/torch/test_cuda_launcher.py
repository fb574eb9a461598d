"""CUDA tensors are told from others, and described to the launcher of a kernel."""

import sys
import types
from functools import partial

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.backends.torch import (  # noqa: E402 - torch may be missing
    cuda,
    numpy_views,
    nvrtc_launcher,
)


def test_type_without_kernels_gets_the_plain_expression():
    plain = torch.ones(3)
    assert cuda.has_kernels(plain, plain > 0)
    assert not cuda.has_kernels(plain, plain.to(torch.float8_e5m2))


@pytest.mark.parametrize(
    ("version", "places", "expected"),
    [("13.0", (True, True), True), ("13.0", (True, False), False), (None, (True, True), False)],
    ids=["all on the device", "one in host memory", "on a device of ROCm"],
)
def test_tensors_of_cuda_are_told_from_others(monkeypatch, version, places, expected):
    monkeypatch.setattr(torch.version, "cuda", version)
    monkeypatch.setattr(numpy_views, "which_are_plain", lambda some: [True for _ in some])
    memory = {
        "nbytes": 0,
        "untyped_storage": lambda: types.SimpleNamespace(nbytes=lambda: 0),
        "storage_offset": lambda: 0,
        "is_contiguous": lambda: True,
    }
    tensors = [types.SimpleNamespace(is_cuda=one, is_cpu=not one, **memory) for one in places]
    assert (numpy_views.memory_of(tensors) == numpy_views.CUDA) == expected


def nowhere():
    """As where NVRTC is not found."""
    raise OSError


def test_without_nvrtc_and_cupy_there_is_no_compiler(monkeypatch):
    monkeypatch.setattr(nvrtc_launcher, "libraries", nowhere)
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.delitem(sys.modules, "kldiv_xp.cuda.cupy_launcher", raising=False)
    monkeypatch.delattr("kldiv_xp.cuda.cupy_launcher", raising=False)
    assert cuda.compiler.__wrapped__() is None


def test_kernels_are_launched_on_the_device_and_the_stream_of_torch(monkeypatch):
    launched = []
    compiler = types.SimpleNamespace(launch_on_stream=lambda *arguments: launched.append(arguments))
    monkeypatch.setattr(cuda, "compiler", lambda: compiler)
    streams = {torch.device("cuda", 3): types.SimpleNamespace(cuda_stream=1234)}
    monkeypatch.setattr(torch.cuda, "current_stream", streams.__getitem__)
    tensor = types.SimpleNamespace(device=torch.device("cuda", 3))
    cuda.launcher(tensor)("text", 5, 256, [6])
    assert launched == [(3, 1234, "text", 5, 256, [6])]


def test_tensors_are_described_by_address_type_and_strides():
    tensor = torch.ones((3, 4), dtype=torch.bfloat16).t()
    buffer = cuda.tensor_buffer(tensor)
    assert buffer == (cuda.DeviceBuffer(tensor.data_ptr(), "bfloat16", (1, 4)))


def test_what_is_allocated_lies_with_the_operands():
    empty = partial(cuda.empty_on, torch.device("meta"))((2, 3), torch.float16)
    assert (empty.device.type, empty.shape, empty.dtype) == ("meta", (2, 3), torch.float16)
