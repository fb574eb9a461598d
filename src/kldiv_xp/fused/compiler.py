"""Kernel sources compiled by LLVM (llvmlite) for this processor."""

import os
from collections.abc import Callable
from ctypes import CFUNCTYPE, c_int64, c_void_p
from functools import cache
from threading import Lock
from typing import Any

import llvmlite.binding as llvm

from kldiv_xp.fused.kernel_text import FUNCTION_NAME, JOB

Compiled = Callable[..., None]
SIGNATURE = CFUNCTYPE(None, c_void_p, *[c_int64 for _ in JOB])

engines: list[Any] = []
"""LLVM's execution engines, which own the code of all functions until the process ends."""

_lock = Lock()
# A child must not inherit a lock that a thread of its parent held, neither ours nor LLVM's own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )


@cache
def compiled_function(text: str) -> Compiled:
    """Function (table, *job) compiled from LLVM IR; it runs without the GIL."""
    with _lock:
        module, own = llvm.parse_assembly(text), machine()
        module.verify()
        optimise(module, own)
        engine = llvm.create_mcjit_compiler(module, own)  # which owns the machine
        engine.finalize_object()
        engines.append(engine)
        return SIGNATURE(engine.get_function_address(FUNCTION_NAME))


def machine() -> Any:
    """LLVM's target machine for this processor and its features."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(llvm.get_host_cpu_name(), features, opt=3, jit=True)


def optimise(module: Any, machine: Any) -> None:
    """Run LLVM's optimiser without its vectorisers: the loops are vectors already."""
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    options.loop_unrolling = options.loop_interleaving = False
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)


@cache
def widens_float16() -> bool:
    """Whether the processor converts float16 in hardware."""
    if llvm.get_process_triple().startswith(("aarch64", "arm64")):
        return True
    return bool(llvm.get_host_cpu_features().get("f16c"))
