"""The fixtures that parametrise tests over backends and precisions, and what tests share."""

import gc
import importlib
import importlib.util
import os
import socket
import sys
import warnings
from inspect import signature
from pathlib import Path
from types import CodeType, ModuleType

import pytest
from array_libraries import ALL as DTYPES
from array_libraries import BACKENDS, Backend
from chosen_cases import EVERY, mark_later
from hypothesis import settings

# The ordinary run is short; HYPOTHESIS_PROFILE=long takes many more examples.
# The same calls in every run; `nox -s fuzz` tries others.
settings.register_profile("short", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

# Backends that `backend` stands for: all that facts are known about, or those that are named.
ASKED = os.environ.get("KLDIV_XP_BACKENDS", ",".join(BACKENDS)).split(",")

if importlib.util.find_spec("jax"):
    import jax

    jax.config.update("jax_enable_x64", val=True)

if importlib.util.find_spec("torch"):
    with warnings.catch_warnings():  # torch deprecates its own torch.jit while importing this
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module("torch._inductor.compile_fx")


def usable(name: str) -> Backend:
    """Backend of this name, or a skip that says why not."""
    backend = EVERY[name]
    skip_for(name, backend.skip_reason())
    return backend


def skip_for(backend: str, reason: str | None) -> None:
    """Skip if there is a reason why a backend does not run; reported once for all tests."""
    if reason is not None:
        pytest.skip(f"{backend}: {reason}")


def imported(module: str) -> ModuleType:
    """Module of this name, or a skip that is reported once for all tests of its library."""
    library = module.partition(".")[0]
    found: ModuleType = pytest.importorskip(module, reason=f"{library} is not installed")
    return found


def free_port() -> int:
    """Port at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def working_threads() -> int:
    """Threads that help another thread of this process with its loss."""
    frames = list(sys._current_frames().values())
    while any(frame.f_back for frame in frames):
        frames = [frame.f_back or frame for frame in frames]
    return sum(is_of_a_helper(frame.f_code) for frame in frames)


def is_of_a_helper(code: CodeType) -> bool:
    return (Path(code.co_filename).name, code.co_name) == ("sharing.py", "run")


def installed(*names: str) -> list[str]:
    """Those backends that run here; `test_backend_runs_here` skips visibly for each other one."""
    return [name for name in names if EVERY[name].skip_reason() is None]


HERE = installed(*ASKED)


def pytest_collection_modifyitems(config, items):
    """Leave out what no backend could do, and what a test says to be no case of it."""
    params = {item: item.callspec.params for item in items if hasattr(item, "callspec")}
    left_out = {item for item in params if not is_case(item, params[item])}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]
    mark_later(items)


def pytest_collection_finish(session):
    """Let the garbage collector pass over what lasts: a compiler calls for it again and again."""
    gc.freeze()


def is_case(item, params: dict[str, object]) -> bool:
    """Whether a backend can do it, and the conditions of the test hold."""
    conditions = [mark.args[0] for mark in item.iter_markers("only_where")]
    return is_possible(params) and all(
        condition(*map(params.get, signature(condition).parameters)) for condition in conditions
    )


def is_possible(params: dict[str, object]) -> bool:
    """Whether a backend has the dtype that it is asked for, and is not the other one's library."""
    name = params.get("backend") or params.get("holding_backend") or params.get("device")
    if name not in EVERY:
        return True
    other, dtype = params.get("other"), params.get("dtype", params.get("type_"))
    if other in EVERY:
        return EVERY[other].library != EVERY[name].library
    return dtype not in DTYPES or dtype in EVERY[name].dtypes


@pytest.fixture(params=HERE)
def backend(request) -> Backend:
    return usable(request.param)


@pytest.fixture(
    params=installed("torch", "torch-compile", "jax", "jax-jit", "torch-cuda", "jax-cuda")
)
def autodiff_backend(request) -> Backend:
    return usable(request.param)


@pytest.fixture(params=[name for name in HERE if name not in {"torch-compile", "jax-jit"}])
def holding_backend(request) -> Backend:
    """A backend whose arrays hold values, or can be computed, where the function is called."""
    return usable(request.param)


@pytest.fixture(params=["float32", "float64"])
def dtype(request) -> str:
    return request.param


@pytest.fixture(params=["none", "mean", "sum", "batchmean"])
def reduction(request) -> str:
    return request.param
