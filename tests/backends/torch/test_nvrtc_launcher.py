"""NVRTC and CUDA's driver, played by functions of Python that run kernels on a simulated device."""

import ctypes
import struct

import cuda_on_cpu
import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.backends.torch import cuda, nvrtc_launcher
from kldiv_xp.cuda.c_types import DeviceOperand
from kldiv_xp.cuda.code_cache import CACHE_FOLDER_VARIABLE
from kldiv_xp.cuda.loss_kernels import source_of_functions

DEVICE, STREAM, CONTEXT = 3, 1234, 77
TWICE = source_of_functions(
    [lambda xp, numbers, x: (xp.multiply(x, numbers["factor"]),)],
    ("factor",),
    "float64",
    (DeviceOperand("x", "float64"),),
    (DeviceOperand("y", "float64"),),
    (1, 0),
    1,
)


class Played:
    """Both libraries: they note what is called, and hold texts in the place of code."""

    def __init__(self):
        self.programs, self.contexts, self.called, self.options = [], [], [], []
        self.broken = ""

    def __getattr__(self, name):
        def function(*arguments):
            self.called.append(name)
            if name == self.broken:
                return 700
            play = getattr(type(self), f"do_{name}", None)
            return play and play(self, *arguments)

        function.__name__ = name
        return function

    def do_cuDevicePrimaryCtxRetain(self, context, device):  # noqa: N802 - CUDA's name
        assert device == DEVICE
        context._obj.value = CONTEXT

    def do_cuCtxGetCurrent(self, context):  # noqa: N802 - CUDA's name
        context._obj.value = self.contexts[-1] if self.contexts else None

    def do_cuCtxPushCurrent_v2(self, context):  # noqa: N802 - CUDA's name
        self.contexts.append(context.value)

    def do_cuCtxPopCurrent_v2(self, context):  # noqa: N802 - CUDA's name
        context._obj.value = self.contexts.pop()

    def do_cuDeviceGetAttribute(self, number, attribute, device):  # noqa: N802 - CUDA's name
        number._obj.value = {75: 9, 76: 0}[attribute]

    def do_nvrtcCreateProgram(self, program, text, *_):  # noqa: N802 - CUDA's name
        self.programs.append(text)
        program._obj.value = len(self.programs)

    def do_nvrtcCompileProgram(self, program, count, options):  # noqa: N802 - CUDA's name
        self.options.append([options[place].decode() for place in range(count)])

    def do_nvrtcGetCUBINSize(self, program, size):  # noqa: N802 - CUDA's name
        size._obj.value = len(self.programs[program.value - 1])

    def do_nvrtcGetCUBIN(self, program, code):  # noqa: N802 - CUDA's name
        code.raw = self.programs[program.value - 1]

    def do_cuModuleLoadData(self, module, code):  # noqa: N802 - CUDA's name
        assert self.contexts[-1] == CONTEXT
        self.loaded = code.decode()
        module._obj.value = 5

    def do_cuModuleGetFunction(self, function, module, name):  # noqa: N802 - CUDA's name
        assert name.decode() in self.loaded
        function._obj.value = 6

    def do_cuLaunchKernel(self, function, *rest):  # noqa: N802 - CUDA's name
        blocks, _, _, threads, _, _, _, stream, places, _ = rest
        assert (function.value, stream.value, self.contexts[-1]) == (6, STREAM, CONTEXT)
        kinds = cuda_on_cpu.kernel(self.loaded)[1]
        values = [
            struct.unpack("d" if kind is ctypes.c_double else "q", ctypes.string_at(place, 8))[0]
            for kind, place in zip(kinds, places, strict=True)
        ]
        cuda_on_cpu.launch(self.loaded, blocks, threads, values)


@pytest.fixture
def played(monkeypatch, tmp_path):
    """Libraries in the place of CUDA's, with nothing remembered of others."""
    if cuda_on_cpu.why_unusable():
        pytest.skip(cuda_on_cpu.why_unusable())
    both = Played()
    monkeypatch.setenv(CACHE_FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(nvrtc_launcher, "libraries", lambda: nvrtc_launcher.Libraries(both, both))
    for function in (nvrtc_launcher.context, nvrtc_launcher.nvrtc_kernel):
        function.cache_clear()
    yield both
    for function in (nvrtc_launcher.context, nvrtc_launcher.nvrtc_kernel):
        function.cache_clear()


def run(values, factor):
    """Values times a factor."""
    result = np.zeros_like(values)
    addresses = [values.ctypes.data, result.ctypes.data]
    arguments = [*addresses, factor, 1, 1, values.size, 2, 256, 0, 0, 1, 1]
    nvrtc_launcher.launch_on_stream(DEVICE, STREAM, TWICE, 2, 256, arguments)
    return result


def test_kernel_is_compiled_once_and_launched_in_the_context_of_the_device(played):
    values = np.arange(300.0)
    for factor in (2.0, -0.5):
        np.testing.assert_array_equal(run(values, factor), values * factor)
    assert played.options == [
        ["--gpu-architecture=sm_90", "-std=c++17", "--fmad=false", "--ftz=false"]
    ]
    assert played.called.count("cuLaunchKernel") == 2
    assert played.called.count("nvrtcDestroyProgram") == 1
    assert not played.contexts


@pytest.mark.parametrize("other", [None, 5])
def test_context_that_is_the_current_one_already_stays_it(played, other):
    played.contexts = [other or CONTEXT]
    run(np.arange(3.0), 2.0)
    assert played.called.count("cuCtxPushCurrent_v2") == bool(other)
    assert played.contexts == [other or CONTEXT]


def test_new_process_finds_what_another_has_compiled(played):
    for _ in range(2):
        run(np.arange(3.0), 2.0)
        nvrtc_launcher.nvrtc_kernel.cache_clear()
    assert played.called.count("cuModuleLoadData") == 2
    assert played.called.count("nvrtcCompileProgram") == 1


@pytest.mark.parametrize("broken", ["nvrtcCompileProgram", "cuLaunchKernel", "cuModuleLoadData"])
def test_error_of_cuda_is_raised_and_leaves_no_context(played, broken):
    played.broken = broken
    with pytest.raises(RuntimeError, match=rf"^CUDA's {broken} failed with status 700\.$"):
        run(np.arange(3.0), 2.0)
    assert not played.contexts


@pytest.fixture
def forgotten():
    """Clear what is remembered of libraries, before and after."""
    cuda.compiler.cache_clear()
    yield
    cuda.compiler.cache_clear()


@pytest.mark.usefixtures("forgotten")
def test_kernels_need_nvrtc_or_cupy(monkeypatch):
    def nothing():
        message = "NVRTC was not found beside torch."
        raise OSError(message)

    monkeypatch.setattr(nvrtc_launcher, "libraries", nothing)
    monkeypatch.setattr(cuda, "of_cupy", lambda: "CuPy's")
    assert cuda.compiler() == "CuPy's"


@pytest.mark.usefixtures("forgotten")
def test_nvrtc_comes_before_cupy(monkeypatch):
    monkeypatch.setattr(nvrtc_launcher, "libraries", lambda: None)
    assert cuda.compiler() is nvrtc_launcher


def test_libraries_that_are_not_there_are_told(monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(nvrtc_launcher, "CDLL", missing)
    nvrtc_launcher.libraries.cache_clear()
    with pytest.raises(OSError, match="libcuda"):
        nvrtc_launcher.libraries()
    monkeypatch.setattr(nvrtc_launcher, "CDLL", lambda name: missing(name) if "rtc" in name else 1)
    with pytest.raises(OSError, match=r"^NVRTC was not found beside torch\.$"):
        nvrtc_launcher.libraries()
