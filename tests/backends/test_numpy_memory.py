"""NumPy: a loss needs little memory beside its operands, whatever they are."""

import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from backends.numpy_operands import BOTH_SPACES, LOOPS_OF_NUMPY

from kldiv_xp import kl_div, kl_div_gradient, thread_limit

pytestmark = LOOPS_OF_NUMPY
MIB = 1 << 20
BIG = (512, 32_000)


def peak_of(function):
    """Most memory that NumPy held more than before, in bytes."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = function()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result is not None
    return peak - before


def spread(values, strides):
    """Array of the big shape over little memory, at these strides in elements."""
    step = values.itemsize
    return np.lib.stride_tricks.as_strided(
        values, BIG, tuple(step * stride for stride in strides), writeable=False
    )


def memory_map(values, folder):
    path = folder / "operand"
    np.tile(values[:32_000], BIG[0]).tofile(path)
    return np.memmap(path, values.dtype, mode="r", shape=BIG)


def from_the_end(values):
    return spread(values[::-1].copy(), (1, 1))[::-1, ::-1]


VIEWS = {
    "contiguous": lambda values, _: np.tile(values[:32_000], (BIG[0], 1)),
    "transposed": lambda values, _: np.tile(values[:512], (BIG[1], 1)).T,
    "every second": lambda values, _: spread(values, (2, 2)),
    "reversed": lambda values, _: from_the_end(values),
    "broadcast rows": lambda values, _: np.broadcast_to(values[:32_000], BIG),
    "broadcast columns": lambda values, _: np.broadcast_to(values[:512, None], BIG),
    "broadcast number": lambda values, _: np.broadcast_to(values[0], BIG),
    "memory map": memory_map,
}


def values_of(kind, dtype):
    """Elements enough for every view, of p and of log q at once; or the worst for the guards."""
    size = 2 * sum(BIG) + 2
    if kind == "worst":
        return np.full(size, -np.inf, dtype), np.zeros(size, dtype)
    values = np.random.default_rng(5).uniform(0.01, 1, size).astype(dtype)
    return -values, values


@pytest.mark.long
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_reduced_loss_needs_little_memory_whatever_the_layout(dtype, view, tmp_path):
    log_q, target = (view(values, tmp_path) for values in values_of("usual", dtype))
    for threads in (2, 4):
        with thread_limit(threads):
            peak = peak_of(lambda: kl_div(log_q, target, reduction="batchmean"))
        assert peak <= 16 * MIB


@pytest.mark.few(3, 4)
@pytest.mark.parametrize(
    ("kind", "type_", "log_target", "threads"),
    [
        ("worst", "float32", False, 4),
        ("worst", "float64", False, 4),
        ("usual", "float32", True, 4),
        ("usual", "float64", True, 4),
        # Widening takes a block more for each operand.
        ("usual", "float16", False, 2),
        ("worst", "float16", False, 2),
        ("usual", "float16", True, 2),
    ],
)
def test_reduced_loss_needs_little_memory_whatever_the_values(kind, type_, log_target, threads):
    operands = [np.broadcast_to(v[:32_000], BIG) for v in values_of(kind, type_)]
    with thread_limit(threads):
        peak = peak_of(lambda: kl_div(*operands, reduction="sum", log_target=log_target))
    assert peak <= 16 * MIB


@pytest.mark.parametrize("kind", ["usual", "worst"])
def test_terms_need_two_arrays_at_most(dtype, kind):
    operands = [np.broadcast_to(v[:32_000], BIG) for v in values_of(kind, dtype)]
    with thread_limit(4):
        peak = peak_of(lambda: kl_div(*operands, reduction="none"))
    assert peak <= 2 * operands[0].size * operands[0].itemsize


@pytest.mark.few(1, 7)
@BOTH_SPACES
@pytest.mark.parametrize("kind", ["usual", "worst"])
def test_gradients_need_their_results_and_little_more(dtype, kind, log_target):
    operands = [np.broadcast_to(v[:32_000], BIG) for v in values_of(kind, dtype)]
    with thread_limit(2):
        peak = peak_of(lambda: kl_div_gradient(*operands, log_target=log_target))
    assert peak <= 2 * operands[0].size * operands[0].itemsize + 16 * MIB


def test_textbook_expression_would_need_more():
    log_q, target = (np.broadcast_to(v[:32_000], BIG) for v in values_of("usual", "float32"))
    assert peak_of(lambda: np.sum(target * (np.log(target) - log_q))) > 16 * MIB


LIMITED = """
import resource, sys
import numpy as np
from kldiv_xp import kl_div, thread_limit

def data_in_use():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmData:")) * 1024

path, size = sys.argv[1], int(sys.argv[2])
big = np.memmap(path, "float32", mode="r", shape=(size // 4096 // 4, 4096))
small = np.full((4, 300_000), 0.5)
with thread_limit(2):
    kl_div(small, small, reduction="sum")
    limit = data_in_use() + 64 * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    print(float(kl_div(big, big, reduction="sum")))
try:
    with np.errstate(all="ignore"):
        np.sum(big * (np.log(big) - big))
except MemoryError:
    print("MemoryError")
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is one of Linux")
def test_file_larger_than_the_memory_is_summed(tmp_path):
    path = tmp_path / "sparse"
    size = 256 * MIB
    with path.open("wb") as file:
        file.truncate(size)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, path, str(size)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.stdout.split() == ["0.0", "MemoryError"], done.stderr
