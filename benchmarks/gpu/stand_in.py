"""A dry run: host memory in the place of a device's, kernels by g++, NumPy in the place of CuPy."""

import os
import sys
import types
from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.rounds import ROOT


def install(library: str) -> None:
    """Let the host pass for a device, in this process, for one library."""
    os.environ["JAX_PLATFORMS"] = "cpu"
    if library == "cupy":
        with_numpy("benchmarks.gpu.cupy_peers")
    if library == "torch":
        tensors_pass_for_cuda()


def tensors_pass_for_cuda() -> None:
    """Let tensors in host memory pass for CUDA's, and their kernels run on a simulated device."""
    import torch

    from benchmarks.gpu import torch_peers
    from kldiv_xp.backends.torch import cuda, eager, eager_logits, numpy_views, sparse

    sys.path.insert(0, str(ROOT / "tests"))
    import cuda_on_cpu

    reason = cuda_on_cpu.why_unusable()
    if reason:
        raise ImportError(reason)
    torch.set_num_threads(1)
    torch_peers.DEVICE = "cpu"
    torch_peers.COMPILER = {"backend": "aot_eager"}
    for module in (eager, eager_logits, sparse):
        replace(module, memory_of=lambda *_: numpy_views.CUDA)
    replace(
        cuda,
        compiler=types.SimpleNamespace,
        launcher=lambda _: cuda_on_cpu.launch,
    )


def replace(module: Any, **functions: Callable[..., Any]) -> None:
    """Put functions in the place of those of a module, for the rest of this process."""
    for name, function in functions.items():
        setattr(module, name, function)


def with_numpy(module: str) -> None:
    """Import a module that takes NumPy for CuPy; nothing else may see it under that name."""
    import numpy as np

    before = sys.modules.get("cupy")
    sys.modules["cupy"] = np
    import_module(module)
    if before is None:
        del sys.modules["cupy"]
    else:
        sys.modules["cupy"] = before


def __getattr__(name: str) -> Any:
    """`kl_div` for the conformance suite: the loss on tensors that pass for CUDA's.

    The stand-in is set up when the loss is looked up: the suite convicts a call that sets threads.
    """
    if name != "kl_div":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import kldiv_xp

    tensors_pass_for_cuda()
    return kldiv_xp.kl_div
