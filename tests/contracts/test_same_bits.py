"""With `reproducible=True` no library, order, block, chunk or thread changes a bit."""

from functools import cache, partial
from unittest.mock import patch

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from contracts.same_bits import FORMS, SPECIAL_ROWS, differing, outcomes, table

from kldiv_xp import kl_div, thread_limit
from kldiv_xp.backends import numpy_reproducible

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

EVERY_FORM = pytest.mark.parametrize("form", FORMS)


def operands(make, form, dtype):
    x, t, w = table(form)
    with np.errstate(over="ignore"):  # float16
        return make(x.astype("float64"), dtype), make(t.astype("float64"), dtype), make(w, "bool")


@cache
def expected(form, dtype):
    """Results of NumPy, or where it has no such type of torch."""
    backend = usable("torch" if dtype == "bfloat16" else "numpy")
    arrays = operands(backend.make, form, dtype)
    return [backend.read(one) for one in outcomes(*arrays, **FORMS[form])]


def found(name, form, dtype, make=None):
    """Results of a backend."""
    backend = usable(name)
    arrays = operands(make or backend.make, form, dtype)
    return [backend.read(one) for one in backend.call(outcomes, *arrays, **FORMS[form])]


def in_chunks(chunks, values, dtype):
    return library("dask.array").from_array(values.astype(dtype), chunks=chunks)


@EVERY_FORM
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("backend", ["array-api-strict", "jax", "torch"])
def test_every_library_has_the_same_bits(backend, form, dtype):
    assert differing(found(backend, form, dtype), expected(form, dtype)) == 0


@EVERY_FORM
def test_no_chunks_change_a_bit(form):
    for chunks in ((256, 400), (7, 31), (100, 1)):
        make = partial(in_chunks, chunks)
        assert differing(found("dask", form, "float32", make), expected(form, "float32")) == 0


@EVERY_FORM
def test_no_block_and_no_number_of_threads_changes_a_bit(form):
    for threads, block in ((1, 1 << 14), (4, 1000), (2, 1 << 30)):
        with thread_limit(threads), patch.object(numpy_reproducible, "BLOCK", block):
            assert differing(found("numpy", form, "float32"), expected(form, "float32")) == 0


@EVERY_FORM
def test_no_order_of_elements_changes_a_bit(form):
    x, t, w = (one[SPECIAL_ROWS:].reshape(-1) for one in table(form))
    order = np.random.default_rng(0).permutation(x.size)
    for options in ({"reduction": "sum"}, {"reduction": "mean"}, {"reduction": "none"}):
        given = {**options, **FORMS[form], "reproducible": True}
        value, other = kl_div(x, t, where=w, **given), kl_div(
            x[order], t[order], where=w[order], **given
        )
        if value.ndim:
            value = value[order]
        assert differing([other], [value]) == 0


@EVERY_FORM
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_torch_by_its_own_functions_has_the_same_bits(form, dtype):
    reproducible = pytest.importorskip("kldiv_xp.backends.torch.reproducible")
    with patch.object(reproducible, "place_of", lambda *_: None):
        assert differing(found("torch", form, dtype), expected(form, dtype)) == 0


@pytest.mark.slow
@EVERY_FORM
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_jit_has_the_same_bits(form, dtype):
    assert differing(found("jax-jit", form, dtype), expected(form, dtype)) == 0


def compiled(form, dtype):
    """Results of one graph that torch's own compiler has made into C++."""
    torch, backend = library("torch"), usable("torch")
    torch.compiler.reset()
    function = torch.compile(partial(outcomes, **FORMS[form]), fullgraph=True)
    return [backend.read(one) for one in function(*operands(backend.make, form, dtype))]


@pytest.mark.slow
@EVERY_FORM
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_the_compiler_of_torch_has_the_same_bits(form, dtype):
    assert differing(compiled(form, dtype), expected(form, dtype)) == 0
