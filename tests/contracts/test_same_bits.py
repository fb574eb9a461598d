"""With `reproducible=True` no library, order, block, chunk or thread changes a bit."""

from functools import cache, partial
from unittest.mock import patch

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from contracts.same_bits import FEW, FORMS, OPTIONS, SPECIAL_ROWS, differing, outcomes, read, table

from kldiv_xp import kl_div, kl_div_gradient, thread_limit
from kldiv_xp.backends.numpy.reproducible import blocks as numpy_reproducible_blocks

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

ALL, SUMS = tuple(OPTIONS), ("sum", "rows", "columns apart")
EVERY_TYPE = pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
EVERY_FORM = pytest.mark.parametrize("form", FORMS)


def operands(make, form, dtype):
    x, t, w = table(form)
    with np.errstate(over="ignore"):  # float16
        return make(x.astype("float64"), dtype), make(t.astype("float64"), dtype), make(w, "bool")


@cache
def expected(form, dtype, names):
    """Results of NumPy, or where it has no such type of torch."""
    backend = usable("torch" if dtype == "bfloat16" else "numpy")
    arrays = operands(backend.make, form, dtype)
    return [read(backend, one, dtype) for one in outcomes(*arrays, names, **FORMS[form])]


def found(name, form, dtype, names, make=None):
    """Results of a backend."""
    backend = usable(name)
    arrays = operands(make or backend.make, form, dtype)
    results = backend.call(partial(outcomes, names=names), *arrays, **FORMS[form])
    return [read(backend, one, dtype) for one in results]


def differing_bits(name, form, dtype="float32", names=ALL, make=None):
    return differing(found(name, form, dtype, names, make), expected(form, dtype, names))


def in_chunks(chunks, values, dtype):
    return library("dask.array").from_array(values.astype(dtype), chunks=chunks)


@pytest.mark.few(1, 5)
@EVERY_FORM
@EVERY_TYPE
@pytest.mark.parametrize("backend", ["array-api-strict", "torch"])
def test_every_library_has_the_same_bits(backend, form, dtype):
    assert differing_bits(backend, form, dtype) == 0


@EVERY_FORM
@EVERY_TYPE
@pytest.mark.parametrize("backend", [pytest.param("jax", marks=pytest.mark.long)])
def test_jax_has_the_same_bits_one_operation_after_the_other(backend, form, dtype):
    assert differing_bits(backend, form, dtype, FEW) == 0


@pytest.mark.few(0, 3)
@EVERY_FORM
def test_no_chunks_change_a_bit(form):
    for chunks in ((100, 150), (256, 400)):
        assert differing_bits("dask", form, names=FEW, make=partial(in_chunks, chunks)) == 0
    assert differing_bits("dask", form, names=SUMS, make=partial(in_chunks, (60, 170))) == 0


@pytest.mark.few(1, 2)
@EVERY_FORM
def test_no_block_and_no_number_of_threads_changes_a_bit(form):
    for threads, block in ((1, 1 << 14), (4, 1000), (2, 1 << 30)):
        with thread_limit(threads), patch.object(numpy_reproducible_blocks, "BLOCK", block):
            assert differing_bits("numpy", form) == 0


@EVERY_FORM
def test_no_order_of_elements_changes_a_bit(form):
    x, t, w = (one[SPECIAL_ROWS:].reshape(-1) for one in table(form))
    order = np.random.default_rng(0).permutation(x.size)
    for options in ({"reduction": "sum"}, {"reduction": "mean"}, {"reduction": "none"}):
        given = {**options, **FORMS[form], "reproducible": True}
        value = kl_div(x, t, where=w, **given)
        other = kl_div(x[order], t[order], where=w[order], **given)
        value = value[order] if value.ndim else value
        assert differing([other], [value]) == 0


@pytest.mark.few(1, 8)
@EVERY_FORM
@EVERY_TYPE
def test_torch_by_its_own_functions_has_the_same_bits(form, dtype):
    reproducible = pytest.importorskip("kldiv_xp.backends.torch.host_reproducible")
    with patch.object(reproducible, "memory_of", lambda *_: None):
        assert differing_bits("torch", form, dtype) == 0


@EVERY_FORM
@EVERY_TYPE
@pytest.mark.parametrize("backend", [pytest.param("jax-jit", marks=pytest.mark.long)])
def test_jit_has_the_same_bits(backend, form, dtype):
    assert differing_bits(backend, form, dtype) == 0


def compiled(form, dtype):
    """Results of one graph that torch's own compiler has made into C++."""
    backend, torch = usable("torch-compile"), library("torch")
    torch.compiler.reset()
    function = torch.compile(partial(outcomes, names=FEW, **FORMS[form]), fullgraph=True)
    results = function(*operands(backend.make, form, dtype))
    return [read(backend, one, dtype) for one in results]


@pytest.mark.long
@pytest.mark.cases(1)
@EVERY_FORM
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_the_compiler_of_torch_has_the_same_bits(form, dtype):
    assert differing(compiled(form, dtype), expected(form, dtype, FEW)) == 0


@pytest.mark.few(1, 2)
@EVERY_FORM
def test_automatic_differentiation_has_the_bits_of_the_closed_form(form):
    usable("torch"), usable("jax")
    x, t, w = operands(np.asarray, form, "float32")
    options = {"reduction": "mean", **FORMS[form], "reproducible": True}
    expected = kl_div_gradient(x, t, where=w, **options)
    torch, jax = library("torch"), library("jax")
    tensors = [torch.from_numpy(one).requires_grad_() for one in (x, t)]
    kl_div(*tensors, where=torch.from_numpy(w), **options).backward()
    assert differing([one.grad.numpy() for one in tensors], expected) == 0
    derivatives = jax.grad(lambda x, t: kl_div(x, t, where=jax.numpy.asarray(w), **options), (0, 1))
    assert differing([np.asarray(one) for one in derivatives(x, t)], expected) == 0
