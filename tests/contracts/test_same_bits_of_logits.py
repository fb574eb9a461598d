"""With `reproducible=True` no library, chunk, thread or order changes a bit of rows of logits."""

from functools import cache, partial
from unittest.mock import patch

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from contracts.same_bits import differing, read
from contracts.same_bits_of_logits import (
    FEW,
    KINDS,
    OPTIONS,
    SPECIAL_ROWS,
    losses,
    outcomes,
    table,
)

from kldiv_xp import thread_limit
from kldiv_xp.backends.numpy.reproducible import rows as numpy_reproducible_rows
from kldiv_xp.fused import choice

ALL = tuple(OPTIONS)
EVERY_TYPE = pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def operands(make, kind, dtype):
    x, t, w = table(kind)
    return make(x.astype("float64"), dtype), make(t.astype("float64"), dtype), make(w, "bool")


@cache
def expected(kind, dtype, names):
    """Results of NumPy, or where it has no such type of torch."""
    backend = usable("torch" if dtype == "bfloat16" else "numpy")
    arrays = operands(backend.make, kind, dtype)
    return [read(backend, one, dtype) for one in outcomes(*arrays, kind, names)]


def differing_bits(name, kind, dtype="float32", names=ALL, make=None):
    backend = usable(name)
    arrays = operands(make or backend.make, kind, dtype)
    results = backend.call(partial(outcomes, kind=kind, names=names), *arrays)
    return differing([read(backend, one, dtype) for one in results], expected(kind, dtype, names))


def in_chunks(chunks, values, dtype):
    return library("dask.array").from_array(values.astype(dtype), chunks=chunks[: values.ndim])


@pytest.mark.few(7, 9)
@EVERY_KIND
@EVERY_TYPE
@pytest.mark.parametrize("backend", ["array-api-strict", "torch"])
def test_every_library_has_the_same_bits(backend, kind, dtype):
    assert differing_bits(backend, kind, dtype) == 0


@EVERY_KIND
@EVERY_TYPE
def test_torch_by_its_own_functions_has_the_same_bits(kind, dtype):
    reproducible = pytest.importorskip("kldiv_xp.backends.torch.host_reproducible")
    with patch.object(reproducible, "memory_of", lambda *_: None):
        assert differing_bits("torch", kind, dtype) == 0


@pytest.mark.few(1, 3)
@EVERY_KIND
def test_no_chunks_change_a_bit(kind):
    for chunks in ((17, 40), (60, 13), (25, 9)):
        assert differing_bits("dask", kind, names=ALL[:-1], make=partial(in_chunks, chunks)) == 0


@pytest.mark.few(0, 4)
@EVERY_KIND
def test_no_block_and_no_number_of_threads_changes_a_bit(kind):
    for threads, block in ((1, 40), (4, 100), (2, 1 << 20)):
        with thread_limit(threads), patch.object(numpy_reproducible_rows, "BLOCK", block):
            assert differing_bits("numpy", kind) == 0


@pytest.mark.few(0, 1)
@EVERY_KIND
@EVERY_TYPE
@pytest.mark.cases(4)
def test_compiled_loops_have_the_same_bits(kind, dtype, monkeypatch):
    monkeypatch.setenv(choice.FUSED_VARIABLE, "0")
    expected(kind, dtype, ALL)
    monkeypatch.setenv(choice.FUSED_VARIABLE, "1")
    if choice.engine_module() is None:
        pytest.skip("The compiler of the loops is not installed.")
    assert differing_bits("torch" if dtype == "bfloat16" else "numpy", kind, dtype) == 0


@EVERY_KIND
def test_no_order_of_classes_or_of_rows_changes_a_bit(kind):
    x, t, _ = (one[SPECIAL_ROWS:] for one in table(kind))
    rng = np.random.default_rng(0)
    rows, classes = rng.permutation(x.shape[0]), rng.permutation(x.shape[1])
    loss, gradient, given = losses(kind)
    options = {"temperature": 1.3, **given}
    for reduction in ("none", "sum"):
        value = loss(x, t, reduction=reduction, **options)
        moved = [one[rows][:, classes] for one in (x, t)]
        other = loss(*moved, reduction=reduction, **options)
        assert differing([other], [value[rows] if value.ndim else value]) == 0
    derivatives = gradient(x, t, **options)
    found = gradient(*moved, **options)
    assert differing(found, [one[rows][:, classes] for one in derivatives]) == 0


@EVERY_KIND
@EVERY_TYPE
@pytest.mark.parametrize("backend", [pytest.param("jax", marks=pytest.mark.long)])
def test_jax_has_the_same_bits_one_operation_after_the_other(backend, kind, dtype):
    assert differing_bits(backend, kind, dtype, FEW) == 0


@EVERY_KIND
@EVERY_TYPE
@pytest.mark.parametrize("backend", [pytest.param("jax-jit", marks=pytest.mark.long)])
def test_jit_has_the_same_bits(backend, kind, dtype):
    assert differing_bits(backend, kind, dtype) == 0


@pytest.mark.long
@pytest.mark.cases(1)
@EVERY_KIND
def test_the_compiler_of_torch_has_the_same_bits(kind):
    backend, torch = usable("torch-compile"), library("torch")
    torch.compiler.reset()
    function = torch.compile(partial(outcomes, kind=kind, names=FEW), fullgraph=True)
    results = function(*operands(backend.make, kind, "float32"))
    found = [read(backend, one, "float32") for one in results]
    assert differing(found, expected(kind, "float32", FEW)) == 0


@pytest.mark.few(0, 1)
@EVERY_KIND
def test_automatic_differentiation_has_the_bits_of_the_closed_form(kind):
    usable("torch"), usable("jax")
    x, t, w = (one[SPECIAL_ROWS:] for one in table(kind))
    loss, gradient, given = losses(kind)
    options = {"reduction": "mean", "temperature": 2.5, **given}
    derivatives = gradient(x, t, where=w, **options)
    torch, jax = library("torch"), library("jax")
    tensors = [torch.from_numpy(one.copy()).requires_grad_() for one in (x, t)]
    loss(*tensors, where=torch.from_numpy(w), **options).backward()
    assert differing([one.grad.numpy() for one in tensors], derivatives) == 0
    mask = jax.numpy.asarray(w)
    found = jax.grad(lambda x, t: loss(x, t, where=mask, **options), (0, 1))(x, t)
    assert differing([np.asarray(one) for one in found], derivatives) == 0
