"""The backend of CuPy, with a module in CuPy's place whose device is simulated.

This proves which arguments a kernel gets, in which order, on which device and stream, and that it
computes the loss from them. It proves nothing about CuPy itself, its compiler, or a GPU.
"""

import sys
import types
from dataclasses import replace
from typing import ClassVar

import cuda_on_cpu
import numpy as np
import pytest
from golden_kernels import LOG_P, P
from numpy.testing import assert_allclose

from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate import evaluate_derivatives, evaluate_loss, evaluate_terms
from kldiv_xp.core.evaluate_rows import plain_derivatives, plain_rows
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda.code_cache import CACHE_FOLDER_VARIABLE
from kldiv_xp.cuda.kernel_text import KERNEL_NAME
from kldiv_xp.formula.logits import JS, KL

if cuda_on_cpu.why_unusable():
    pytest.skip(cuda_on_cpu.why_unusable(), allow_module_level=True)

ENTERED = []


class Context:
    """A device or a stream that notes when it is in use."""

    compute_capability = "90"

    def __init__(self, *name):
        self.name = name

    def __enter__(self):
        ENTERED.append(self.name)

    def __exit__(self, *_):
        assert ENTERED.pop() == self.name


class Array:
    """Interface of an array of CuPy that the backend uses, over one of NumPy."""

    def __init__(self, host):
        self.host = host
        self.data = types.SimpleNamespace(ptr=host.ctypes.data)
        self.device = Context("device", 0)
        for name in ("shape", "strides", "itemsize", "ndim", "dtype"):
            setattr(self, name, getattr(host, name))


class Module:
    """In the place of cupy.cuda.function.Module; what was compiled is the text and its options."""

    made: ClassVar = []

    def load(self, compiled):
        self.code, self.options = compiled
        self.launched = []
        self.made.append(self)

    def get_function(self, name):
        assert name == KERNEL_NAME

        def run(grid, block, arguments, stream):
            self.launched.append((tuple(ENTERED), stream and stream.ptr))
            cuda_on_cpu.launch(self.code, *grid, *block, arguments)

        return run


def modules():
    """In the place of CuPy, as far as the backend uses it."""
    made = {name: types.ModuleType(name) for name in CUPY}
    cupy = made["cupy"]
    cupy.ndarray = Array
    cupy.empty = lambda shape, dtype: Array(np.empty(shape, dtype))
    cupy.float64 = np.dtype("float64")
    cupy.__version__ = "14.2.0"
    cupy.cuda = types.SimpleNamespace(
        Device=lambda number: Context("device", number),
        runtime=types.SimpleNamespace(is_hip=False, getDevice=lambda: 0),
    )
    made["cupy.cuda.compiler"].compile_using_nvrtc = lambda source, options: (
        (source, options),
        None,
    )
    made["cupy.cuda.function"].Module = Module
    return made


CUPY = ("cupy", "cupy.cuda", "cupy.cuda.compiler", "cupy.cuda.function")
LOADED = [("backends", "cupy"), ("cuda", "cupy_launcher")]


@pytest.fixture
def backend(monkeypatch):
    """The backend, loaded with the module in CuPy's place."""
    monkeypatch.setenv(CACHE_FOLDER_VARIABLE, "")  # what is compiled here is no code
    for name, made in modules().items():
        monkeypatch.setitem(sys.modules, name, made)
    for room, name in LOADED:
        monkeypatch.delitem(sys.modules, f"kldiv_xp.{room}.{name}", raising=False)
    monkeypatch.setattr(Module, "made", [])
    from importlib import import_module

    yield import_module("kldiv_xp.backends.cupy")
    for room, name in LOADED:
        sys.modules.pop(f"kldiv_xp.{room}.{name}", None)
        vars(sys.modules[f"kldiv_xp.{room}"]).pop(name, None)


def operands(shape=(6, 7)):
    rng = np.random.default_rng(0)
    return rng.uniform(-9, -1, shape), rng.uniform(0, 1, shape)


def on_device(*arrays):
    return tuple(Array(array) for array in arrays)


def plain(arrays):
    return replace(examine(*arrays[:2]), backend=None)


@pytest.mark.few(1, 1)
@pytest.mark.parametrize("form", [P, LOG_P])
def test_loss_comes_from_the_operands_in_their_order(backend, form):
    arrays = operands()
    result = backend.loss(plain(arrays), on_device(*arrays), form, 6)
    assert type(result) is Array
    assert_allclose(result.host, evaluate_loss(plain(arrays), arrays, form, 6))


@pytest.mark.slow
def test_terms_and_samples_come_from_operands_with_strides_and_a_mask(backend):
    arrays = operands()
    arrays = (
        arrays[0][::-1],
        np.asfortranarray(arrays[1]),
        np.broadcast_to(np.arange(7) < 4, (6, 7)),
    )
    expected = evaluate_terms(plain(arrays), arrays, P)
    terms = backend.terms(plain(arrays), on_device(*arrays), P)
    assert_allclose(terms.host, expected)
    samples = backend.samples(plain(arrays), on_device(*arrays), P, (1,))
    assert_allclose(samples.host, expected.sum(axis=1))


def test_gradient_comes_from_operands_and_upstream(backend):
    arrays, upstream = operands(), np.asarray(3.0)
    given = (P, Scale(0.5), (True, True))
    expected = evaluate_derivatives(plain(arrays), arrays, *given[:2], (upstream,), given[2])
    found = backend.gradient(
        plain(arrays), on_device(*arrays), *given[:2], on_device(upstream), given[2]
    )
    for derivative, other in zip(found, expected, strict=True):
        assert_allclose(derivative.host, other)


@pytest.mark.slow
@pytest.mark.parametrize("divergence", [KL(2.0, "logits"), JS.of(1.0, 0.3)], ids=["KL", "JS"])
@pytest.mark.cases(1)
def test_rows_of_logits_and_their_derivatives_come_from_operands_and_upstream(backend, divergence):
    arrays, upstream = operands(), np.linspace(1, 2, 6).reshape(6, 1)
    whole, wanted = plain(arrays), (True, True)
    rows = backend.divergences(whole, on_device(*arrays), divergence)
    assert_allclose(rows.host, plain_rows(whole, arrays, divergence))
    derivatives = backend.row_derivatives(
        whole, on_device(*arrays), divergence, Scale(0.5), on_device(upstream), wanted
    )
    expected = plain_derivatives(whole, arrays, divergence, upstream / 2, wanted)
    for derivative, other in zip(derivatives, expected, strict=True):
        assert_allclose(derivative.host, other, atol=1e-15)


@pytest.mark.long
def test_losses_come_with_both_derivatives_from_one_kernel(backend):
    arrays, upstream, scale = operands(), np.linspace(1, 2, 6).reshape(6, 1), Scale(0.5)
    whole, there, above = plain(arrays), on_device(*arrays), on_device(upstream)
    for axis in (None, (), (1,)):
        value, *_ = backend.with_derivatives(whole, there, P, axis, None, scale, above)
        terms = evaluate_terms(whole, arrays, P)
        expected = terms if axis == () else terms.sum(axis=axis)
        assert_allclose(value.host, expected)
    rows, *derivatives = backend.rows_with_derivatives(
        whole, there, KL(2.0, "logits"), scale, above
    )
    assert_allclose(rows.host, plain_rows(whole, arrays, KL(2.0, "logits")))
    expected = plain_derivatives(whole, arrays, KL(2.0, "logits"), upstream / 2, (True, True))
    for derivative, other in zip(derivatives, expected, strict=True):
        assert_allclose(derivative.host, other, atol=1e-15)
    readers = [made for made in Module.made if "at_x," in made.code]
    assert [len(made.launched) for made in readers] == [1] * 4


def test_kernels_run_on_the_device_of_the_operands(backend):
    arrays = operands((40, 70))
    backend.loss(plain(arrays), on_device(*arrays), P, 1)
    first, second = Module.made
    assert first.launched == second.launched == [((("device", 0),), None)]
    assert first.options == second.options == ("-std=c++17", "--fmad=false", "--ftz=false")
    assert ENTERED == []


def test_kernels_are_compiled_once(backend):
    arrays = operands((40, 70))
    for _ in range(3):
        backend.loss(plain(arrays), on_device(*arrays), P, 1)
    assert [len(made.launched) for made in Module.made] == [3, 3]


def test_nothing_is_launched_for_no_elements(backend):
    arrays = operands((0, 4))
    assert backend.terms(plain(arrays), on_device(*arrays), P).shape == (0, 4)
    assert backend.samples(plain(arrays), on_device(*arrays), P, (1,)).shape == (0,)
    assert Module.made == []


def test_what_the_kernels_do_not_know_gets_the_plain_expression(backend, monkeypatch):
    class Subclass(Array):
        pass

    log_q, target = operands()
    whole = plain((log_q, target))
    given = (whole, (Array(log_q), Subclass(target)), P)
    assert backend.terms(*given) is NotImplemented
    assert backend.samples(*given, (1,)) is NotImplemented
    assert backend.loss(*given, 1) is NotImplemented
    assert backend.gradient(*given, 1, (), (True, True)) is NotImplemented
    rows = (*given[:2], KL(1.0, "logits"))
    assert backend.divergences(*rows) is NotImplemented
    assert backend.row_derivatives(*rows, Scale(), (), (True, True)) is NotImplemented
    field = np.zeros(5, [("a", "u1"), ("b", "f8")])["b"]
    assert backend.terms(plain((field, field)), on_device(field, field), P) is NotImplemented
    monkeypatch.setattr(sys.modules["cupy"].cuda.runtime, "is_hip", True)
    assert backend.terms(whole, on_device(log_q, target), P) is NotImplemented


def test_another_library_names_its_device_and_stream(backend):
    from importlib import import_module

    arrays = operands()
    host = cuda_on_cpu.numpy_device()
    from functools import partial

    from kldiv_xp.cuda import launch_plan

    launch = partial(import_module("kldiv_xp.cuda.cupy_launcher").launch_on_stream, 1, 1234)
    launch_plan.terms(replace(host, launch=launch), plain(arrays), arrays, P)
    (made,) = Module.made
    assert made.launched == [((("device", 1),), 1234)]
