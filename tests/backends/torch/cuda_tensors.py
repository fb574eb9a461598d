"""Tensors in host memory that pass for those of a CUDA device, on a simulated one."""

import types
from contextlib import contextmanager

import cuda_on_cpu
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from kldiv_xp.backends.torch import (
    cuda,
    cuda_in_blocks,
    eager,
    eager_logits,
    numpy_views,
    row_ways,
    sparse,
)

EPSILON = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52}


@contextmanager
def passing(monkeypatch, way):
    """Tensors pass for CUDA's, with a compiler ("kernels") or without; what was launched."""
    launched = []

    def launch(source, *rest):
        launched.append(source)
        cuda_on_cpu.launch(source, *rest)

    if way == "kernels" and cuda_on_cpu.why_unusable():
        pytest.skip(cuda_on_cpu.why_unusable())
    compiler = types.SimpleNamespace() if way == "kernels" else None
    for module in (eager, eager_logits, row_ways, sparse):
        monkeypatch.setattr(module, "memory_of", passing_for_cuda)
    monkeypatch.setattr(cuda, "compiler", lambda: compiler)
    monkeypatch.setattr(cuda, "launcher", lambda _: launch)
    monkeypatch.setattr(cuda_in_blocks, "CUDA_BLOCK_ELEMENTS", 16)
    yield launched
    assert bool(launched) == (way == "kernels")


def passing_for_cuda(*tensors):
    """Where tensors would lie if the memory of the host were that of a CUDA device."""
    return numpy_views.CUDA if numpy_views.memory_of(*tensors) else None


def tensors(shape=(6, 7), type_="float64", log_target=False, differentiated=(False, False)):
    rng = np.random.default_rng(0)
    log_q, target = rng.uniform(-9, -0.1, shape), rng.uniform(0.05, 1, shape)
    target = np.where(rng.uniform(size=shape) < 0.2, 0, target)
    with np.errstate(divide="ignore"):
        target = np.log(target) if log_target else target
    return [
        torch.tensor(array, dtype=getattr(torch, type_), requires_grad=wanted)
        for array, wanted in zip((log_q, target), differentiated, strict=True)
    ]


def plainly(monkeypatch, function, *arguments, **options):
    """Results of the plain expression."""
    with monkeypatch.context() as patch:
        for module in (eager, eager_logits, row_ways, sparse):
            patch.setattr(module, "memory_of", lambda *_: None)
        return function(*arguments, **options)


def assert_close(found, expected, type_):
    assert found.dtype == expected.dtype
    found, expected = (each.detach().double().numpy() for each in (found, expected))
    assert_allclose(found, expected, rtol=8 * EPSILON[type_], atol=8 * EPSILON[type_])
