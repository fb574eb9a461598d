"""The golden kernels are what NVIDIA's compilers take, and fit a multiprocessor."""

import re
import shutil
import subprocess

import cuda_on_cpu
import pytest
from conftest import imported
from golden_kernels import FOLDER, golden

from kldiv_xp.cuda.kernel_text import KERNEL_NAME

if cuda_on_cpu.why_unusable():
    pytest.skip(cuda_on_cpu.why_unusable(), allow_module_level=True)

ARCHITECTURE = "compute_80"


@pytest.fixture(scope="module")
def nvcc():
    path = shutil.which("nvcc")
    if path is None:
        pytest.skip("nvcc is not installed")
    return path


@pytest.mark.cases(1, 1)
@pytest.mark.parametrize("name", golden())
def test_golden_kernels_compile_for_a_gpu(nvcc, tmp_path, name):
    """NVIDIA's compiler takes the text; in float32 only the sum is arithmetic in float64."""
    target = tmp_path / "kernel.ptx"
    command = [nvcc, "-ptx", f"-arch={ARCHITECTURE}", "-std=c++17", "-fmad=false"]
    command += ["-Werror", "all-warnings", "-o", str(target), str(FOLDER / f"{name}.cu")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = target.read_text()
    entries = [line.split("(")[0].split()[-1] for line in text.splitlines() if ".entry" in line]
    assert entries == [KERNEL_NAME]
    if name.startswith(("sums_float32", "sums_bfloat16")):
        kernel = text[text.index(f".entry {KERNEL_NAME}") :]
        assert re.search(r"\badd\.(rn\.)?f64\b", kernel)
        assert not re.search(r"\b(mul|fma|rcp|sqrt|neg|abs|ex2|lg2)\.(\w+\.)*f64\b", kernel)


@pytest.mark.long
@pytest.mark.parametrize("name", golden())
def test_threads_enough_fit_a_multiprocessor_and_hardly_any_spills(nvcc, tmp_path, name):
    """1024 threads in float32, 512 in float64; few are in memory, by attempts that are rare."""
    command = [nvcc, "-cubin", "-arch=sm_90", "-std=c++17", "-fmad=false", "-Xptxas", "-v"]
    command += ["-o", str(tmp_path / "kernel.cubin"), str(FOLDER / f"{name}.cu")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (registers,) = re.findall(r"Used (\d+) registers", done.stderr)
    assert int(registers) <= (128 if "float64" in name else 64)
    (spilled,) = re.findall(r"(\d+) bytes spill stores", done.stderr)
    assert int(spilled) <= (40 if "logits" in name else 0)


def test_golden_kernels_compile_as_cupy_compiles():
    """By NVRTC, without a header: no GPU is needed, but CUDA's library where CuPy finds it."""
    imported("cupy")
    from cupy.cuda import nvrtc

    try:
        nvrtc.getVersion()
    except Exception as error:  # cuda.pathfinder has one of its own
        pytest.skip(f"cupy finds no NVRTC: {error}")
    for path in FOLDER.glob("*.cu"):
        program = nvrtc.createProgram(path.read_text(), path.name, (), ())
        nvrtc.compileProgram(program, ("-std=c++17", "--fmad=false", f"-arch={ARCHITECTURE}"))
        assert nvrtc.getProgramLog(program).strip("\0") == ""
